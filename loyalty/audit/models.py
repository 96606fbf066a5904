from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import REASON_LENGTH


class AuditEvent(Base):
    """Who did what to which thing, and for which store where it is one store's matter.
    Insert-only: the database refuses changes."""

    __tablename__ = "audit_events"
    # One index for each question of the log, every one in the order of its answer.
    __table_args__ = (
        Index("ix_audit_events_at", "at", "id"),
        Index("ix_audit_events_actor", "actor", "at", "id"),
        Index("ix_audit_events_action", "action", "at", "id"),
        Index("ix_audit_events_kind", "object_kind", "at", "id"),
        Index("ix_audit_events_object", "object_kind", "object_id", "at", "id"),
        Index("ix_audit_events_store", "store_id", "at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    # No foreign key: stores stand above this slice.
    store_id: Mapped[int | None]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import REASON_LENGTH


class RightsRequest(Base):
    """What a member asked about their own data, and by when the law wants it answered and
    carried out (semantics, Consent and law). `note` is emptied by an erasure."""

    __tablename__ = "rights_requests"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('copy', 'correct', 'restrict', 'object', 'withdraw', 'erase')", name="kind"
        ),
        CheckConstraint("state IN ('open', 'answered', 'done', 'refused')", name="state"),
        Index("ix_rights_requests_state", "state", "done_due"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    law: Mapped[str] = mapped_column(String(2))
    """Whose law set the dates: VN or TH."""
    received_via: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_due: Mapped[datetime] = mapped_column(UtcDateTime)
    done_due: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    created_by: Mapped[str] = mapped_column(String(64))
    ended_by: Mapped[str | None] = mapped_column(String(64))

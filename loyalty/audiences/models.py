from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, UtcDateTime
from loyalty.core.limits import NAME_LENGTH, SLUG_LENGTH


class Audience(Base):
    """A large group put together from others: `expression` (JSON) says how. Its own group
    holds what the last build found; what it is now is worked out when asked."""

    __tablename__ = "audiences"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), unique=True)
    expression: Mapped[dict[str, Any]] = mapped_column(JSON)
    expression_version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AudiencePart(Base):
    """Which groups an audience names: the database itself refuses to delete one of them."""

    __tablename__ = "audience_parts"

    audience_id: Mapped[int] = mapped_column(
        ForeignKey("audiences.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id"), primary_key=True, autoincrement=False, index=True
    )

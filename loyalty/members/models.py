from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import EMAIL_LENGTH, NAME_LENGTH


class Member(Base):
    """The account of a person. The id is a dense 32-bit integer, never reused: it is a
    position in bitmaps. `points` is the recorded balance, the sum of the member's entries;
    `debt` is what lots could not cover when points were taken back."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("debt >= 0", name="debt"),
        CheckConstraint("gender IN ('female', 'male', 'other')", name="gender"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    debt: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    name_folded: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    email: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH))
    birth_date: Mapped[date | None]
    gender: Mapped[str | None] = mapped_column(String(8))
    income_band: Mapped[str | None] = mapped_column(String(32))
    occupation: Mapped[str | None] = mapped_column(String(100))
    education: Mapped[str | None] = mapped_column(String(100))
    family_size: Mapped[int | None]
    country: Mapped[str | None] = mapped_column(String(2))
    province_list: Mapped[str | None] = mapped_column(String(8))
    province: Mapped[str | None] = mapped_column(String(8))
    district: Mapped[str | None] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(16))
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MemberPhone(Base):
    """A phone is a dated row: whose it was, from when until when; one member while active."""

    __tablename__ = "member_phones"
    __table_args__ = (
        Index(
            "uq_member_phones_active",
            "e164",
            unique=True,
            sqlite_where=text("active_until IS NULL"),
            postgresql_where=text("active_until IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    e164: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(24))
    active_from: Mapped[datetime] = mapped_column(UtcDateTime)
    active_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

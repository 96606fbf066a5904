from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import (
    CATEGORY_LENGTH,
    NAME_LENGTH,
    REASON_LENGTH,
    RECEIPT_LENGTH,
    REGISTER_LENGTH,
    SKU_LENGTH,
)


class Purchase(Base):
    """A receipt that counted. `phone` is the E.164 it was recorded with; after a reassign
    `reassigned_to` is the one it was moved to. `local_*` is `purchased_at` in the shop's
    zone, for rules that speak of days and hours."""

    __tablename__ = "purchases"
    __table_args__ = (
        Index(
            "uq_purchases_receipt",
            "store_id",
            "register",
            "period",
            "receipt_no",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        Index("ix_purchases_member_id", "member_id", "purchased_at"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("points_earned >= 0", name="points_earned"),
        CheckConstraint(
            "points_reversed >= 0 AND points_reversed <= points_earned", name="points_reversed"
        ),
        CheckConstraint(
            "amount_returned >= 0 AND amount_returned <= amount", name="amount_returned"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    register: Mapped[str] = mapped_column(String(REGISTER_LENGTH))
    period: Mapped[str] = mapped_column(String(10))
    receipt_no: Mapped[str | None] = mapped_column(String(RECEIPT_LENGTH))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    phone: Mapped[str | None] = mapped_column(String(16))
    reassigned_to: Mapped[str | None] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(16))
    lines_hash: Mapped[str | None] = mapped_column(String(64))
    purchased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    local_date: Mapped[date]
    local_hour: Mapped[int]
    local_weekday: Mapped[int]
    late: Mapped[bool]
    points_earned: Mapped[int] = mapped_column(BigInteger)
    points_reversed: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    amount_returned: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    recorded_by: Mapped[str] = mapped_column(String(64))
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))


class PurchaseLine(Base):
    __tablename__ = "purchase_lines"

    purchase_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("purchases.id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku: Mapped[str] = mapped_column(String(SKU_LENGTH))
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    category: Mapped[str | None] = mapped_column(String(CATEGORY_LENGTH))
    quantity: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
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
        Index("ix_purchases_local_date", "local_date", "store_id"),
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


class Return(Base):
    """Goods that came back. `purchase_id` is the receipt that the return named, if it did; which
    purchase each line was of stands with the line."""

    __tablename__ = "returns"
    __table_args__ = (
        UniqueConstraint("store_id", "register", "period", "return_no"),
        CheckConstraint("amount >= 0", name="amount"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    register: Mapped[str] = mapped_column(String(REGISTER_LENGTH))
    period: Mapped[str] = mapped_column(String(10))
    return_no: Mapped[str] = mapped_column(String(RECEIPT_LENGTH))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchases.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    lines_hash: Mapped[str | None] = mapped_column(String(64))
    returned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    local_date: Mapped[date]
    points_reversed: Mapped[int] = mapped_column(BigInteger)
    points_restored: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    recorded_by: Mapped[str] = mapped_column(String(64))


class ReturnLine(Base):
    """What came back of which purchase; `sku` None: an amount without goods named, `purchase_id`
    None: of no purchase that is known."""

    __tablename__ = "return_lines"
    __table_args__ = (CheckConstraint("quantity >= 0 AND amount >= 0", name="sums"),)

    return_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("returns.id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchases.id"), index=True)
    sku: Mapped[str | None] = mapped_column(String(SKU_LENGTH))
    category: Mapped[str | None] = mapped_column(String(CATEGORY_LENGTH))
    quantity: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)


class TierCause(StrEnum):
    PURCHASE = "purchase"
    REVIEW = "review"
    MERGE = "merge"


class TierChange(Base):
    """That a member moved from one tier to another, and what was measured then."""

    __tablename__ = "tier_changes"
    __table_args__ = (
        CheckConstraint("cause IN ('purchase', 'review', 'merge')", name="cause"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    from_tier_id: Mapped[int | None]
    tier_id: Mapped[int | None]
    cause: Mapped[str] = mapped_column(String(16))
    measured: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PromotionUse(Base):
    """How many points a promotion brought a member so far."""

    __tablename__ = "promotion_uses"
    __table_args__ = (CheckConstraint("points >= 0", name="points"),)

    promotion_id: Mapped[int] = mapped_column(
        ForeignKey("promotions.id"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id"), primary_key=True, autoincrement=False, index=True
    )
    points: Mapped[int] = mapped_column(BigInteger)


class FlagKind(StrEnum):
    OWN_PHONE = "own_phone"
    """Typed by the very person whose number it is."""
    MANY_RECEIPTS = "many_receipts"
    """More of one phone in a store and day than cashiers may type unquestioned."""
    LATE = "late"


class Decision(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"


class PurchaseFlag(Base):
    """Why a manager should look at a purchase, and what the manager decided."""

    __tablename__ = "purchase_flags"
    __table_args__ = (
        UniqueConstraint("purchase_id", "kind"),
        CheckConstraint("kind IN ('own_phone', 'many_receipts', 'late')", name="kind"),
        CheckConstraint("decision IN ('approved', 'refused')", name="decision"),
        Index(
            "ix_purchase_flags_open",
            "flagged_at",
            sqlite_where=text("decision IS NULL"),
            postgresql_where=text("decision IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    kind: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    flagged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

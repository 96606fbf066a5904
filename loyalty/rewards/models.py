from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import NAME_LENGTH, SLUG_LENGTH, VOUCHER_CODE_LENGTH


class RewardKind(StrEnum):
    GIFT = "gift"
    VOUCHER = "voucher"
    """Money off a later purchase: `worth`, until its days are over."""


class Reward(Base):
    """What points can be exchanged for. `cost` in points; `worth` in minor units: what the gift
    costs the shop, or what the voucher takes off. None: no limit of that kind. `tier_id` is the
    lowest tier it is for, `tag` the slug of the tag its members need."""

    __tablename__ = "rewards"
    __table_args__ = (
        CheckConstraint("kind IN ('gift', 'voucher')", name="kind"),
        CheckConstraint("cost > 0", name="cost"),
        CheckConstraint("worth >= 0", name="worth"),
        CheckConstraint("stock >= 0", name="stock"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    kind: Mapped[str] = mapped_column(String(16))
    cost: Mapped[int] = mapped_column(BigInteger)
    worth: Mapped[int] = mapped_column(BigInteger)
    stock: Mapped[int | None]
    per_member: Mapped[int | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"))
    tag: Mapped[str | None] = mapped_column(String(SLUG_LENGTH))
    voucher_days: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class State(StrEnum):
    HELD = "held"
    CAPTURED = "captured"
    VOIDED = "voided"
    LAPSED = "lapsed"
    """Nobody captured it in its time."""
    REVERSED = "reversed"


class Redemption(Base):
    """Points that are held for, or were spent on, a reward or a payment (`reward_id` None).

    Held until `expires_at`; `captured` points of them were spent, of which `restored` came back
    when the purchase did. `worth` in minor units, as it was when they were held. A captured
    voucher is good until `voucher_until`, once (`used_at`).
    `purchase_id` is the receipt that used it. `took_stock`: a piece of the reward was set aside,
    which comes back with the points."""

    __tablename__ = "redemptions"
    __table_args__ = (
        CheckConstraint(
            "state IN ('held', 'captured', 'voided', 'lapsed', 'reversed')", name="state"
        ),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("captured >= 0 AND captured <= points", name="captured"),
        CheckConstraint("restored >= 0 AND restored <= captured", name="restored"),
        Index("ix_redemptions_member_id", "member_id", "id"),
        Index(
            "ix_redemptions_held",
            "member_id",
            "expires_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index(
            "ix_redemptions_captured_at",
            "captured_at",
            sqlite_where=text("captured_at IS NOT NULL"),
            postgresql_where=text("captured_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reward_id: Mapped[int | None] = mapped_column(ForeignKey("rewards.id"))
    code: Mapped[str] = mapped_column(String(VOUCHER_CODE_LENGTH), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    points: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    restored: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    worth: Mapped[int] = mapped_column(BigInteger)
    took_stock: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voucher_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchases.id"), index=True)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_by: Mapped[str | None] = mapped_column(String(64))
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

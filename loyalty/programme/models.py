from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, UtcDateTime
from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH, SLUG_LENGTH


class ReceiptPeriod(StrEnum):
    """When a store's receipt numbers start again."""

    FOREVER = "forever"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class Receipts(StrEnum):
    """Whether a store prints receipt numbers."""

    REQUIRED = "required"
    NONE = "none"


class ProgrammeSettings(Base):
    """One row: what the business decided; `settings` as in `policy.Policy`, only what differs
    from its defaults. `revision` changes with every change here, of a store, a rule, a tier or
    a promotion, so that a process knows when its copy is old."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[str] = mapped_column(String(32))
    shop_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")


class Store(Base):
    __tablename__ = "stores"
    __table_args__ = (
        CheckConstraint(
            "receipt_period IN ('forever', 'year', 'month', 'day')", name="receipt_period"
        ),
        CheckConstraint("receipts IN ('required', 'none')", name="receipts"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(CODE_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    receipt_period: Mapped[str] = mapped_column(String(16))
    receipts: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EarningRule(Base):
    """One version of how purchases earn; never changed, only followed by a newer one.

    `points` for every full `per_amount` (minor units), rounded down once a receipt. `special`
    holds the rules that apply instead where they bring more, and what never earns.
    """

    __tablename__ = "earning_rules"
    __table_args__ = (
        CheckConstraint("points >= 0", name="points"),
        CheckConstraint("per_amount > 0", name="per_amount"),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[int]
    per_amount: Mapped[int] = mapped_column(BigInteger)
    special: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))


class Tier(Base):
    """A rank that members reach by spend or points in a window: exactly `threshold` (minor
    units, or points) is in. Its members earn `multiplier_percent` of what the rule gives. One
    that ended stays for what is told of the past."""

    __tablename__ = "tiers"
    __table_args__ = (
        CheckConstraint("threshold > 0", name="threshold"),
        CheckConstraint("multiplier_percent >= 100", name="multiplier_percent"),
        *(
            Index(
                f"uq_tiers_{column}",
                column,
                unique=True,
                sqlite_where=text("ended_at IS NULL"),
                postgresql_where=text("ended_at IS NULL"),
            )
            for column in ("slug", "threshold")
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    threshold: Mapped[int] = mapped_column(BigInteger)
    multiplier_percent: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Promotion(Base):
    """More points for a while; `terms` as in `conditions.py`. Never changed but for its end and
    for `given`, the points that it brought so far of its `budget`: where there is none, nothing
    is counted here, so that receipts need not wait for each other."""

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="dates"),
        CheckConstraint("given >= 0 AND (budget IS NULL OR given <= budget)", name="given"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    budget: Mapped[int | None] = mapped_column(BigInteger)
    given: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Terms(Base):
    """One version of the programme's public terms: a text by language. Never changed."""

    __tablename__ = "terms"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

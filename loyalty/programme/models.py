from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, UtcDateTime
from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH


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
    """One row: what the business decided. `revision` changes with every change here, of a
    store or of a rule, so that a process knows when its copy is old."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[str] = mapped_column(String(32))
    shop_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expiry_months: Mapped[int | None]


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

    `points` for every full `per_amount` (minor units), rounded down once a receipt.
    """

    __tablename__ = "earning_rules"
    __table_args__ = (
        CheckConstraint("points >= 0", name="points"),
        CheckConstraint("per_amount > 0", name="per_amount"),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[int]
    per_amount: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))

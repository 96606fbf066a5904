from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import REASON_LENGTH


class EntryKind(StrEnum):
    EARN = "earn"
    BONUS = "bonus"
    """For signing up, the first purchase, a birthday."""
    ACTIVATE = "activate"
    """Earned before, and pending until now."""
    REVERSE_EARN = "reverse_earn"
    HOLD = "hold"
    RELEASE = "release"
    """Ends a hold, spent or not: what is spent is a `redeem` of its own."""
    REDEEM = "redeem"
    RESTORE = "restore"
    """Points that were spent or had lapsed are there again: the purchase went back."""
    EXPIRE = "expire"
    ADJUST = "adjust"
    MERGE_OUT = "merge_out"
    MERGE_IN = "merge_in"
    OPENING = "opening"
    """What a member brings along from an older system, once; taken back by an undo."""


class PointEntry(Base):
    """One change of a member's points. Insert-only: the database itself refuses UPDATE,
    DELETE, REPLACE and TRUNCATE. `inputs` holds what the rule was given, so that `why`
    can be answered for ever."""

    __tablename__ = "point_entries"
    __table_args__ = (
        CheckConstraint("points <> 0", name="points"),
        CheckConstraint("kind <> 'earn' OR points > 0", name="earn"),
        CheckConstraint("kind <> 'reverse_earn' OR points < 0", name="reverse_earn"),
        Index("ix_point_entries_member_id", "member_id", "id"),
        Index(
            "ix_point_entries_redemption_id",
            "redemption_id",
            sqlite_where=text("redemption_id IS NOT NULL"),
            postgresql_where=text("redemption_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(16))
    points: Mapped[int] = mapped_column(BigInteger)
    # No foreign keys: purchases and rewards stand above; `flask points verify` checks them.
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    redemption_id: Mapped[int | None] = mapped_column(BigInteger)
    rule_version: Mapped[int | None] = mapped_column(ForeignKey("earning_rules.version"))
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    actor: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PointLot(Base):
    """What is left of the points that one entry brought, and when they lapse. After a merge it
    is the surviving member's, whoever earned it."""

    __tablename__ = "point_lots"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining"),
        Index(
            "ix_point_lots_open",
            "member_id",
            "expires_at",
            "entry_id",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
        Index(
            "ix_point_lots_empty",
            "member_id",
            "expires_at",
            sqlite_where=text("remaining = 0 AND expires_at IS NOT NULL"),
            postgresql_where=text("remaining = 0 AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_point_lots_expires_at",
            "expires_at",
            "remaining",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
    )

    entry_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("point_entries.id"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    points: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


IS_OPEN = PointLot.remaining > literal_column("0")
"""Written as a constant: a parameter would hide from PostgreSQL that the partial index fits."""
IS_EMPTY = PointLot.remaining == literal_column("0")
"""The same for lots of which nothing is left."""


class LotAllocation(Base):
    """Which lot an entry took points from, or put back into (below 0). An entry that brings a
    lot and takes from it repaid a debt. Insert-only."""

    __tablename__ = "lot_allocations"
    __table_args__ = (CheckConstraint("points <> 0", name="points"),)

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("point_entries.id"), primary_key=True, autoincrement=False
    )
    lot_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("point_lots.entry_id"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
    points: Mapped[int] = mapped_column(BigInteger)


class PendingPoints(Base):
    """Points that a purchase or a bonus earned and that do not count yet: not in the ledger
    before they are activated, and the row is gone then. `ends_at` None: until a manager decides."""

    __tablename__ = "pending_points"
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    points: Mapped[int] = mapped_column(BigInteger)
    rule_version: Mapped[int | None] = mapped_column(ForeignKey("earning_rules.version"))
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BonusGiven(Base):
    """That a member got a bonus: each once, a birthday's once a calendar year (0 for others).
    `purchase_id` is the first purchase that brought it."""

    __tablename__ = "bonuses_given"
    __table_args__ = (
        CheckConstraint("kind IN ('sign_up', 'first_purchase', 'birthday')", name="kind"),
    )

    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purchase_id: Mapped[int | None] = mapped_column(BigInteger)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MonthlyPoints(Base):
    """What the entries of a local month add up to, part by part (`figures.Part`), as far as the
    entry `entry_id`: entries after the newest `entry_id` of all rows are not in any sum yet."""

    __tablename__ = "monthly_points"

    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[int] = mapped_column(BigInteger)

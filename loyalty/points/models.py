from __future__ import annotations

from datetime import datetime
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
    REVERSE_EARN = "reverse_earn"
    EXPIRE = "expire"
    ADJUST = "adjust"
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
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(16))
    points: Mapped[int] = mapped_column(BigInteger)
    # No foreign key: purchases stand above this slice; `flask points verify` checks it.
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    rule_version: Mapped[int | None] = mapped_column(ForeignKey("earning_rules.version"))
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    actor: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PointLot(Base):
    """What is left of the points that one entry brought, and when they lapse."""

    __tablename__ = "point_lots"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining"),
        Index(
            "ix_point_lots_open",
            "member_id",
            "expires_at",
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


class LotAllocation(Base):
    """Which lot an entry took points from. An earning entry that takes from its own lot
    repaid a debt. Insert-only."""

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

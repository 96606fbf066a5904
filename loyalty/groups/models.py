from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime


class GroupKind(StrEnum):
    ACTIVE = "active"
    """Every member that is not merged away, closed or erased."""
    REACH = "reach"
    """Whom marketing may reach on a channel."""
    TAG = "tag"
    AUDIENCE = "audience"


class Cause(StrEnum):
    """Why a group was worked out again, so why its members changed."""

    FIRST = "first"
    RULE = "rule"
    """Its rule or expression was edited."""
    DATA = "data"
    """Something about members changed."""
    TIME = "time"
    """Nothing but time passed: ages, windows, cut points."""
    MANUAL = "manual"
    """Somebody put members in or took them out."""


class Group(Base):
    """A set of members. Who is in stands in `group_chunks`; `built_at` is the `as_of` of the
    last whole build. A build that failed leaves the set as it was, and says why in `error` (a
    refusal's code) and `error_about` (what it names)."""

    __tablename__ = "groups"
    __table_args__ = (
        CheckConstraint("kind IN ('active', 'reach', 'tag', 'audience')", name="kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    built_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(64))
    error_about: Mapped[str | None] = mapped_column(String(100))


class GroupChunk(Base):
    """The members of one group whose id begins with the same 16 bits (`id >> 16` is `chunk`),
    as a Roaring bitmap of the low 16 bits: 8,208 bytes at most. An empty chunk has no row."""

    __tablename__ = "group_chunks"
    __table_args__ = (CheckConstraint("members > 0", name="members"),)

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bitmap: Mapped[bytes] = mapped_column(LargeBinary)
    members: Mapped[int]


class GroupBuild(Base):
    """One time that a group changed or was worked out whole, the failed ones too."""

    __tablename__ = "group_builds"
    __table_args__ = (
        CheckConstraint("cause IN ('first', 'rule', 'data', 'time', 'manual')", name="cause"),
        Index("ix_group_builds_group_id", "group_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    cause: Mapped[str] = mapped_column(String(8))
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    rule_version: Mapped[int | None]
    members: Mapped[int | None]
    added: Mapped[int | None]
    removed: Mapped[int | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(64))
    error_about: Mapped[str | None] = mapped_column(String(100))
    based_on: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of an audience: what its groups stood at, as {group id: newest build id}."""
    actor: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GroupChange(Base):
    """Whom one build put in and took out of one chunk. A group's first build has none: who is
    in no change was in from the first."""

    __tablename__ = "group_changes"

    build_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("group_builds.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    added: Mapped[bytes | None] = mapped_column(LargeBinary)
    removed: Mapped[bytes | None] = mapped_column(LargeBinary)

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    String,
    and_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import (
    ATTRIBUTE_NAME_LENGTH,
    ATTRIBUTE_TEXT_LENGTH,
    EMAIL_LENGTH,
    NAME_LENGTH,
    REASON_LENGTH,
    TEXT_VERSION_LENGTH,
)

_CHANNELS = "channel IN ('sms', 'email', 'zalo', 'call', 'ads')"
_PURPOSES = "purpose IN ('service', 'marketing')"


class Member(Base):
    """The account of a person. The id is a dense 32-bit integer, never reused: it is a
    position in bitmaps. `points` is the recorded balance, the sum of the member's entries;
    `debt` is what lots could not cover when points were taken back. A member who was erased is
    closed too; one whose processing is restricted is in no file; `objected_at` is since when
    the member refuses all marketing. `held` is what redemptions hold of the points, taken from
    lots already. `tier_spend` is at least what counts towards the tier in its window: exact
    when the window was last summed up. A member that was merged is closed, and its account is
    carried on by `merged_into`. `birth_date_since`: when the birth date was entered."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("debt >= 0", name="debt"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("gender IN ('female', 'male', 'other')", name="gender"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    debt: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    held: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    tier_spend: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"))
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
    urban: Mapped[bool | None]
    """Derived from district and province where they tell; kept beside them for tag rules."""
    source: Mapped[str] = mapped_column(String(16))
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    objected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    birth_date_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MemberPhone(Base):
    """A phone is a dated row: whose it was, from when until when; one member while active. A
    member has one active phone that is no alias; an alias is the number of an account that was
    merged: it still leads to the member, and nobody is called at it."""

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
    is_alias: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


IS_MAIN: ColumnElement[bool] = and_(MemberPhone.active_until.is_(None), ~MemberPhone.is_alias)
"""The one number of a member that is shown, called and written into files."""


class Consent(Base):
    """What a member agrees to now: one row per channel and purpose; no row is a no.
    `confirmed`: by a proof or by the member in person, which marketing needs to count
    (semantics, Consent and law)."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(_CHANNELS, name="channel"),
        CheckConstraint(_PURPOSES, name="purpose"),
    )

    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    granted: Mapped[bool]
    confirmed: Mapped[bool]
    guarded: Mapped[bool]
    """Whether a guardian agreed for someone under 16."""
    text_version: Mapped[str] = mapped_column(String(TEXT_VERSION_LENGTH))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsentChange(Base):
    """Every change of a consent, with its proof. Gone with an erasure, so not insert-only."""

    __tablename__ = "consent_changes"
    __table_args__ = (
        CheckConstraint(_CHANNELS, name="channel"),
        CheckConstraint(_PURPOSES, name="purpose"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    channel: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(16))
    granted: Mapped[bool]
    confirmed: Mapped[bool]
    text_version: Mapped[str] = mapped_column(String(TEXT_VERSION_LENGTH))
    via: Mapped[str] = mapped_column(String(16))
    """Through which door it came: api, till, desk, page (the member in person), import."""
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    guardian: Mapped[str | None] = mapped_column(String(REASON_LENGTH))


class DoNotCall(Base):
    """A number that no marketing message or call may go to, member or not. Only its SHA-256
    is kept, so that an erased member's number stands nowhere in the clear."""

    __tablename__ = "do_not_call"
    __table_args__ = (Index("ix_do_not_call_source", "source", "added_at"),)

    phone_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(NAME_LENGTH))
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttributeKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    """Several of the choices at once, such as interests."""


class Attribute(Base):
    """Something the shop keeps of its members beside the profile: `vehicle`, `distance_km`.
    `name` is its word in rules and the API, `label` what people read."""

    __tablename__ = "attributes"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('text', 'number', 'bool', 'date', 'choice', 'choices')", name="kind"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(ATTRIBUTE_NAME_LENGTH), unique=True)
    label: Mapped[str] = mapped_column(String(NAME_LENGTH))
    kind: Mapped[str] = mapped_column(String(8))
    choices: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberAttribute(Base):
    """What a member's attribute is, in the column of its kind: a bool is the number 1 or 0, a
    choice is text, several choices are several places."""

    __tablename__ = "member_attributes"
    __table_args__ = (Index("ix_member_attributes_attribute_id", "attribute_id", "member_id"),)

    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    attribute_id: Mapped[int] = mapped_column(
        ForeignKey("attributes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
    text: Mapped[str | None] = mapped_column(String(ATTRIBUTE_TEXT_LENGTH))
    number: Mapped[float | None] = mapped_column(Double)
    day: Mapped[date | None]


class Dirty(Base):
    """A member of whom something changed since the tag rules were last applied. Written by
    triggers on members, phones, consents, attributes, purchases and point entries (see the
    migration of tags), so that no way of changing them can forget it."""

    __tablename__ = "dirty"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int]

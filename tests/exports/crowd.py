"""Members of every kind, straight into the tables, and who of them may be in which file: in
plain Python, one member at a time."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from loyalty.core.db import Base, connection, in_transaction, table_of
from loyalty.core.phone import PhoneNumber
from loyalty.exports.rules import Order
from loyalty.members import do_not_call
from loyalty.members.consent_rules import ADS, CHANNELS, MARKETING, Person, Word, counts
from loyalty.members.models import Consent, Member, MemberPhone

SAID = datetime(2026, 1, 10, 3, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TODAY = date(2026, 11, 22)
KINDS = (None, "mobile", "mobile", "mobile_or_landline", "landline")
BIRTHS = (None, date(1990, 2, 28), date(2015, 6, 1))
EMAILS = (None, *(f"shared-{number}@example.com" for number in range(4)))
MOBILE = ("mobile", "mobile_or_landline")


@dataclass(frozen=True, kw_only=True)
class Somebody:
    id: int
    kind: str | None = "mobile"
    email: str | None = None
    born: date | None = None
    closed: bool = False
    restricted: bool = False
    objected: bool = False
    listed: bool = False
    words: dict[str, Word] = field(default_factory=dict)

    @property
    def e164(self) -> str:
        return f"+8491{self.id:07d}"

    def agrees(self, channel: str) -> bool:
        person = Person(
            active=not self.closed,
            restricted=self.restricted,
            objected_at=SAID + timedelta(days=1) if self.objected else None,
            birth_date=self.born,
        )
        word = self.words.get(channel, Word())
        return counts(word, person, TODAY, channel=channel, purpose=MARKETING)

    def is_listed(self) -> bool:
        return self.listed and self.kind is not None

    def can_be_reached(self, channel: str) -> bool:
        match channel:
            case "sms" | "zalo":
                return self.kind in MOBILE
            case "call":
                return self.kind is not None
            case "email":
                return self.email is not None
            case _:
                return self.kind is not None or self.email is not None


def yes(channels: Iterable[str] = CHANNELS) -> dict[str, Word]:
    return {
        channel: Word(granted=True, confirmed=True, text_version="v", changed_at=SAID)
        for channel in channels
    }


def anybody(chance: random.Random, ids: Iterable[int]) -> list[Somebody]:
    """Of each kind some; most agree to most."""

    def now_and_then() -> bool:
        return chance.random() < 0.1

    def word() -> Word:
        return Word(
            granted=chance.random() < 0.8,
            confirmed=chance.random() < 0.8,
            guarded=chance.random() < 0.3,
            text_version="v",
            changed_at=SAID,
        )

    return [
        Somebody(
            id=each,
            kind=chance.choice(KINDS),
            email=chance.choice([*EMAILS, f"own-{each}@example.com"]),
            born=chance.choice(BIRTHS),
            closed=now_and_then(),
            restricted=now_and_then(),
            objected=now_and_then(),
            listed=now_and_then(),
            words={channel: word() for channel in CHANNELS if chance.random() < 0.9},
        )
        for each in ids
    ]


# -- in plain Python ---------------------------------------------------------------


def suppressed(people: Sequence[Somebody], order: Order) -> Iterator[tuple[str, list[Somebody]]]:
    """Step by step: its name, and who is left."""
    yield "active", (left := [each for each in people if not each.closed])
    yield "restricted", (left := [each for each in left if not each.restricted])
    if (channel := order.reach) is None:
        return
    yield "consent", (left := [each for each in left if each.agrees(channel)])
    yield "do_not_call", (left := [each for each in left if not each.is_listed()])
    yield "unreachable", (left := [each for each in left if each.can_be_reached(channel)])
    if channel in ("email", ADS):
        yield "contact", _first_of_each(left, channel)


def _first_of_each(people: Sequence[Somebody], channel: str) -> list[Somebody]:
    """Whoever is known by a phone, too, has a row of their own; else an e-mail stands once."""
    by_phone = [each for each in people if channel == ADS and each.kind]
    taken = {each.email for each in by_phone}
    stays = list(by_phone)
    for each in sorted(people, key=lambda one: one.id):
        if each not in by_phone and each.email not in taken:
            stays.append(each)
            taken.add(each.email)
    return sorted(stays, key=lambda one: one.id)


# -- in the tables -----------------------------------------------------------------


def settle(app: Flask, people: Collection[Somebody]) -> None:
    """Nobody's round has seen them yet: they are marked as changed."""

    def act() -> None:
        _insert(Member, map(_member, people))
        _insert(MemberPhone, map(_phone, (each for each in people if each.kind)))
        _insert(Consent, (row for each in people for row in _consents(each)))
        listed = [PhoneNumber(each.e164) for each in people if each.listed]
        do_not_call.add(listed, source="national list")

    with app.app_context():
        in_transaction(act)


def _insert(model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        connection().execute(insert(table_of(model)), found)


def _member(one: Somebody) -> dict[str, Any]:
    return {
        "id": one.id,
        "source": "test",
        "joined_at": SAID,
        "email": one.email,
        "birth_date": one.born,
        "closed_at": SAID if one.closed else None,
        "restricted_at": SAID if one.restricted else None,
        "objected_at": SAID + timedelta(days=1) if one.objected else None,
    }


def _phone(one: Somebody) -> dict[str, Any]:
    return {
        "member_id": one.id,
        "e164": one.e164,
        "kind": one.kind,
        "active_from": SAID,
    }


def _consents(one: Somebody) -> Iterator[dict[str, Any]]:
    for channel, word in one.words.items():
        yield {
            "member_id": one.id,
            "channel": channel,
            "purpose": MARKETING,
            "granted": word.granted,
            "confirmed": word.confirmed,
            "guarded": word.guarded,
            "text_version": word.text_version,
            "changed_at": SAID,
        }

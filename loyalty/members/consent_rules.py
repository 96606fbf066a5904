"""When a consent counts, and what a new word makes of the present one. No database here.
Source: semantics, Consent and law."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from loyalty.core.clock import add_months
from loyalty.core.errors import Code, Problem

SERVICE = "service"
MARKETING = "marketing"
ADS = "ads"
CHANNELS = ("sms", "email", "zalo", "call", ADS)
PURPOSES = (SERVICE, MARKETING)
PAIRS = tuple((channel, purpose) for channel in CHANNELS for purpose in PURPOSES)

BY_THE_MEMBER = "page"
"""The door at which the member acts, not staff: what is said there needs no other proof."""

OF_AGE_MONTHS = 16 * 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a member said of one channel and purpose. `confirmed`: by a proof, or by the member
    in person; `guarded`: a guardian agreed. Silence is a no."""

    granted: bool = False
    confirmed: bool = False
    guarded: bool = False
    text_version: str = ""
    changed_at: datetime | None = field(default=None, compare=False)


SILENCE = Word()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What of a member decides whether a consent counts; `active`: neither closed nor erased."""

    active: bool = True
    restricted: bool = False
    objected_at: datetime | None = None
    birth_date: date | None = None


def of_age_if_born_by(today: date) -> date:
    """The last birth date of someone who is 16 on this day of the shop's zone."""
    return add_months(today, -OF_AGE_MONTHS)


def is_under_age(person: Person, today: date) -> bool:
    """Only where the birth date is known."""
    return person.birth_date is not None and person.birth_date > of_age_if_born_by(today)


def said(
    *, granted: bool, via: str, proof: str | None, guardian: str | None, text_version: str
) -> Word:
    """A member's word as it came in."""
    return Word(
        granted=granted,
        confirmed=granted and (proof is not None or via == BY_THE_MEMBER),
        guarded=granted and guardian is not None,
        text_version=text_version,
    )


def after(present: Word, said: Word, *, person: Person, purpose: str) -> Word:
    """The word that stands after a new one; equal to `present` where nothing changes.

    Saying yes again takes nothing back: a proof or a guardian once given stays, with
    the text that was agreed to then.
    """
    if not said.granted:
        return said if present.granted else present
    if not present.granted or is_objected(present, person=person, purpose=purpose):
        return said
    weaker = present.confirmed and not said.confirmed
    return replace(
        said,
        confirmed=present.confirmed or said.confirmed,
        guarded=present.guarded or said.guarded,
        text_version=present.text_version if weaker else said.text_version,
    )


def of_both(one: Word, other: Word) -> Word:
    """What two accounts of one person agree to: what both agreed to, as the weaker of the two
    words and since the earlier; else no."""
    if not (one.granted and other.granted and one.changed_at and other.changed_at):
        return one if not one.granted else Word(text_version=one.text_version)
    earlier = one if one.changed_at <= other.changed_at else other
    return replace(
        earlier,
        confirmed=one.confirmed and other.confirmed,
        guarded=one.guarded and other.guarded,
    )


def is_objected(word: Word, *, person: Person, purpose: str) -> bool:
    """Whether the member objected to all marketing since this word."""
    if purpose != MARKETING or person.objected_at is None:
        return False
    return word.changed_at is None or word.changed_at <= person.objected_at


def refuse_under_age(word: Word, *, channel: str, purpose: str) -> None:
    """For a yes of someone under 16; raises `too_young` or `guardian_required`."""
    if channel == ADS:
        raise Problem(Code.TOO_YOUNG, field="channel")
    if purpose == MARKETING and not word.guarded:
        raise Problem(Code.GUARDIAN_REQUIRED, field="guardian")


def counts(word: Word, person: Person, today: date, *, channel: str, purpose: str) -> bool:
    """Whether the shop may act on it today. `consents.counting` says the same in SQL."""
    if not word.granted or not person.active or person.restricted:
        return False
    young = is_under_age(person, today)
    if young and channel == ADS:
        return False
    if purpose == SERVICE:
        return True
    if not word.confirmed or is_objected(word, person=person, purpose=purpose):
        return False
    return word.guarded or not young

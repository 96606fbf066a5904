"""What a customer agreed to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext

from loyalty.members import consents
from loyalty.members.consent_rules import ADS, MARKETING, Person, is_under_age
from loyalty.pages import formats
from loyalty.pages.manage.customers import words

HISTORY_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class State:
    """`tone` is how a badge shows it; `since` is empty where nothing was ever said."""

    purpose: Any
    words: str
    tone: str
    icon: str
    since: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    channel: Any
    states: tuple[State, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    when: str
    what: str
    door: Any
    proof: str


@dataclass(frozen=True, kw_only=True)
class Consents:
    rows: tuple[Row, ...]
    history: tuple[Change, ...]
    has_older: bool
    any_marketing: bool
    under_age: bool


def of(member_id: int, *, person: Person, today: date) -> Consents:
    """`person` is what of the member decides; `today` is the shop's day."""
    pairs = {(one["channel"], one["purpose"]): one for one in consents.current(member_id)}
    changes = consents.history(member_id)
    young = is_under_age(person, today)
    return Consents(
        rows=tuple(
            Row(
                channel=words.CHANNELS[channel],
                states=tuple(
                    _state(pairs[channel, purpose], person, young) for purpose in consents.PURPOSES
                ),
            )
            for channel in consents.CHANNELS
        ),
        history=tuple(_change(one) for one in changes[:HISTORY_SHOWN]),
        has_older=len(changes) > HISTORY_SHOWN,
        any_marketing=any(one["granted"] for pair, one in pairs.items() if pair[1] == MARKETING),
        under_age=young,
    )


def _state(pair: Mapping[str, Any], person: Person, young: bool) -> State:
    said, tone, icon = _said(pair, person, young)
    since = ""
    if pair["changed_at"] is not None:
        day = formats.full_date(formats.local(pair["changed_at"]).date())
        since = gettext("since %(day)s", day=day)
    purpose = words.PURPOSES[pair["purpose"]]
    return State(purpose=purpose, words=said, tone=tone, icon=icon, since=since)


def _said(pair: Mapping[str, Any], person: Person, young: bool) -> tuple[str, str, str]:
    """In words, the tone of its badge, and its sign."""
    if not pair["granted"]:
        return gettext("No"), "quiet", ""
    if pair["counts"]:
        return gettext("Yes"), "", "check"
    return _why_not(pair, person, young), "warn", "clock"


def _why_not(pair: Mapping[str, Any], person: Person, young: bool) -> str:
    """A yes that does not count: because of the person, or not yet."""
    if person.restricted:
        return gettext("Yes, but restricted")
    if young and (pair["channel"] == ADS or not pair["guarded"]):
        return gettext("Yes, but under 16")
    if not pair["confirmed"]:
        return gettext("Waits for confirmation")
    return gettext("Yes, but marketing is stopped")


def _change(one: Mapping[str, Any]) -> Change:
    said = gettext("yes") if one["granted"] else gettext("no")
    channel = words.word(words.CHANNELS, one["channel"])
    purpose = words.word(words.PURPOSES, one["purpose"])
    guardian = one["guardian"]
    return Change(
        when=formats.date_and_time(one["at"]),
        what=f"{channel} · {purpose}: {said}",
        door=words.word(words.DOORS, one["via"]),
        proof=formats.joined(
            [
                one["proof"] or "",
                gettext("guardian: %(where)s", where=guardian) if guardian else "",
            ]
        ),
    )

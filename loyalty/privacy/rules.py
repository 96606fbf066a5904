"""Who may carry out a member's rights, and by when. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.access import Role, action

REQUESTS = action(
    "rights.handle", Role.MANAGER, says=_l("Receive and answer members' requests about their data")
)
COPY = action("rights.copy", Role.MANAGER, says=_l("Give a member everything held about them"))
RESTRICT = action("rights.restrict", Role.MANAGER, says=_l("Restrict, or lift a restriction"))
OBJECT = action("rights.object", Role.MANAGER, says=_l("Stop all marketing to a member"))
ERASE = action(
    "rights.erase", Role.MANAGER, says=_l("Erase a member beyond recovery"), whole_shop=True
)

KINDS = ("copy", "correct", "restrict", "object", "withdraw", "erase")
VIAS = ("api", "desk", "till", "phone", "mail", "page")
"""How a request came: by a program, written down at the desk or the till, by a call, by
letter or e-mail, from the member's own page."""


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    DONE = "done"
    REFUSED = "refused"


ONGOING = (State.OPEN, State.ANSWERED)


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """The instants at which each is late: ends of local days."""

    answer_due: datetime
    done_due: datetime


ANSWER_WORKING_DAYS = 2
_DONE_DAYS: Mapping[str, Mapping[str, int]] = {
    "VN": {"copy": 10, "correct": 10, "withdraw": 15, "restrict": 15, "object": 15, "erase": 20},
    "TH": dict.fromkeys(KINDS, 30),
}


def deadlines(kind: str, *, law: str, received_at: datetime, zone: ZoneInfo) -> Deadlines:
    """By when a request received at that time is answered and carried out.

    Vietnam: Law 91/2025 and Decree 356/2025, Article 5: told how it will be done within 2
    working days; seeing, correcting and being given the data within 10 days; withdrawal,
    restriction and objection within 15; erasure within 20. The decree lets a term be
    extended once, and gives more where a processor has to act: neither is counted on here.
    Thailand: PDPA, Section 30, 30 days for a copy, kept here for every kind; it knows no
    date for a first answer, so that the same 2 working days are the house's own rule.

    The day of receipt is not counted. Working days are Monday to Friday in the shop's zone;
    public holidays are left out on purpose: that makes a date earlier, never late.
    """
    received = received_at.astimezone(zone).date()
    answered = _working_days_after(received, ANSWER_WORKING_DAYS)
    done = received + timedelta(days=_DONE_DAYS[law][kind])
    return Deadlines(
        answer_due=clock.end_of_day(answered, zone), done_due=clock.end_of_day(done, zone)
    )


def law_for(*, phone_country: str | None, shop_region: str) -> str:
    """Thailand's dates for a Thai phone in a Thai shop, Vietnam's for everybody else.

    The phone is all that is known of where everybody lives. Vietnam's law binds a Vietnamese
    shop whoever the customer is, and looks after Vietnamese customers of a foreign one.
    Whoever else comes gets Vietnam's dates too: each is earlier than Thailand's, so that
    keeping it is never late by either law.
    """
    return "TH" if phone_country == shop_region == "TH" else "VN"


def _working_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.isoweekday() <= 5
    return day

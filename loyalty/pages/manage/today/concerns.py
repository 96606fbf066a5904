"""What somebody should look at: what, who, where, and one tap to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from loyalty.audit.rules import SEARCH
from loyalty.core.access import Actor
from loyalty.pages import formats
from loyalty.privacy.rules import REQUESTS
from loyalty.privacy.service import count_due as count_due_requests
from loyalty.programme import service as programme
from loyalty.purchases import oddities, trust_review
from loyalty.purchases.figures import Period, Seller
from loyalty.purchases.models import FlagKind
from loyalty.purchases.oddities import EnteredLate, ManyVoids
from loyalty.purchases.rules import FLAGS, VOID
from loyalty.staff.naming import names_of

Flag = Mapping[str, Any]
"""As `trust_review.open_flags` gives it: a receipt that waits."""


@dataclass(frozen=True, kw_only=True)
class Concern:
    """`place` (store id, label of whoever it is about) is where it counts in the table."""

    icon: str
    title: str
    line: str
    leads_to: str
    place: Seller | None = None


def concerns_of(period: Period, actor: Actor) -> list[Concern]:
    """Flags wait however old they are; the rest is of the period."""
    found: list[Concern] = []
    if FLAGS.allows(actor):
        found += _of_flags(trust_review.open_flags()["items"])
    voids = oddities.many_voids(period, store_ids=actor.store_ids)
    late = oddities.entered_late(period, store_ids=actor.store_ids)
    names = names_of({each.actor for each in voids} | {each.actor for each in late})
    if SEARCH.allows(actor):
        found += [_many_voids(each, names, period) for each in voids]
    if FLAGS.allows(actor):
        found += [_entered_late(each, names, period) for each in late]
    if REQUESTS.allows(actor):
        found += _requests()
    return found


# -- receipts that wait ------------------------------------------------------------------


def _of_flags(flags: Sequence[Flag]) -> Iterator[Concern]:
    """One of the own phone each; those of one number, store and day together."""
    together: defaultdict[Any, list[Flag]] = defaultdict(list)
    for flag in flags:
        together[_matter(flag)].append(flag)
    for matter, its_flags in together.items():
        if matter[0] == FlagKind.OWN_PHONE:
            yield _own_phone(its_flags[0])
        elif matter[0] == FlagKind.MANY_RECEIPTS:
            yield _many_receipts(its_flags)
        else:
            yield _flagged_late(its_flags)


def _matter(flag: Flag) -> tuple[Any, ...]:
    """What makes flags one thing to look at; the gravest kind of a receipt decides."""
    kind = min(flag["kinds"], key=list(FlagKind).index)
    purchase = flag["purchase"]
    if kind == FlagKind.OWN_PHONE:
        return kind, flag["id"]
    if kind == FlagKind.MANY_RECEIPTS:
        day = formats.local(purchase["purchased_at"]).date()
        return kind, flag["member_id"], purchase["store"], day
    return kind, flag["actor"], purchase["store"]


def _own_phone(flag: Flag) -> Concern:
    line = gettext(
        "%(cashier)s, %(store)s, %(amount)s. No manager has looked at it yet.",
        **_who_and_where(flag),
        amount=formats.money(flag["purchase"]["amount"]),
    )
    return _flagged(flag, "person-alert", gettext("Earned on the own number"), line)


def _many_receipts(flags: Sequence[Flag]) -> Concern:
    count = programme.snapshot().policy.receipts_a_day + len(flags)
    waiting = sum(flag["points"] for flag in flags)
    line = gettext(
        "%(phone)s at %(store)s, cashier %(cashier)s. %(points)s waiting.",
        **_who_and_where(flags[0]),
        phone=flags[0]["phone"] or gettext("A number"),
        points=formats.begun(formats.points(waiting)),
    )
    title = gettext("%(count)s receipts of one number in a day", count=formats.count(count))
    return _flagged(flags[0], "repeat", title, line)


def _flagged_late(flags: Sequence[Flag]) -> Concern:
    count = len(flags)
    title = ngettext(
        "%(count)s receipt entered more than 45 days late",
        "%(count)s receipts entered more than 45 days late",
        count,
        count=formats.count(count),
    )
    line = gettext(
        "%(cashier)s, %(store)s. %(points)s waiting.",
        **_who_and_where(flags[0]),
        points=formats.begun(formats.points(sum(flag["points"] for flag in flags))),
    )
    return _flagged(flags[0], "clock", title, line)


def _flagged(flag: Flag, icon: str, title: str, line: str) -> Concern:
    return Concern(
        icon=icon,
        title=title,
        line=line,
        leads_to=url_for("manage.flags", _anchor=f"flag-{flag['id']}"),
        place=(programme.snapshot().stores[flag["purchase"]["store"]].id, flag["actor"]),
    )


def _who_and_where(flag: Flag) -> dict[str, str]:
    store = programme.snapshot().stores[flag["purchase"]["store"]]
    return {"cashier": flag["actor_name"] or flag["actor"], "store": store.name}


# -- what is no flag ---------------------------------------------------------------------


def _many_voids(voids: ManyVoids, names: Mapping[str, str], period: Period) -> Concern:
    first, last = formats.clock_time(voids.first_at), formats.clock_time(voids.last_at)
    line = gettext(
        "Cashier %(cashier)s, %(when)s, %(amount)s in all.",
        cashier=names.get(voids.actor, voids.actor),
        when=f"{_day_of(voids.first_at, period.last)}{first}–{last}",
        amount=formats.money(voids.amount),
    )
    day = formats.local(voids.first_at).date().isoformat()
    asked: dict[str, Any] = {"actor": voids.actor, "action": VOID.name, "from": day, "until": day}
    return Concern(
        icon="void",
        title=gettext(
            "%(count)s receipts cancelled within an hour", count=formats.count(voids.count)
        ),
        line=line,
        leads_to=url_for("manage.audit", **asked),
        place=(voids.store_id, voids.actor),
    )


def _day_of(moment: datetime, today: date) -> str:
    """With the space after it; nothing for today."""
    day = formats.local(moment).date()
    return "" if day == today else f"{formats.in_lists(day, today)} "


def _entered_late(late: EnteredLate, names: Mapping[str, str], period: Period) -> Concern:
    days = (period.last - late.oldest).days
    store = programme.snapshot().store_by_id(late.store_id)
    return Concern(
        icon="clock",
        title=ngettext(
            "%(count)s receipt entered late",
            "%(count)s receipts entered late",
            late.count,
            count=formats.count(late.count),
        ),
        line=gettext(
            "%(cashier)s, %(store)s. The oldest is of %(day)s, %(days)s days ago.",
            cashier=names.get(late.actor, late.actor),
            store=store.name,
            day=formats.in_lists(late.oldest, period.last),
            days=formats.count(days),
        ),
        leads_to=url_for("manage.flags", _anchor="cashiers"),
        place=(late.store_id, late.actor),
    )


def _requests() -> list[Concern]:
    due = count_due_requests()
    if not due:
        return []
    return [
        Concern(
            icon="person",
            title=ngettext(
                "%(count)s request of a customer is due",
                "%(count)s requests of customers are due",
                due,
                count=formats.count(due),
            ),
            line=gettext("What customers ask about their own data has to be answered in time."),
            leads_to=url_for("manage.requests"),
        )
    ]

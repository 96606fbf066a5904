"""A customer's own page: who it is, what was agreed to, what was asked, what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Action, View, current_actor
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.identity import rules as identity_rules
from loyalty.members import rules as member_rules
from loyalty.members import service as members
from loyalty.members.consent_rules import Person
from loyalty.pages import formats
from loyalty.pages.manage import request_lines
from loyalty.pages.manage.customers import account, consents, numbers, profile, words
from loyalty.pages.manage.customers.forms import Forms
from loyalty.points import rules as point_rules
from loyalty.privacy import rules as privacy_rules
from loyalty.privacy import service as privacy
from loyalty.programme import service as programme

_MAY: Mapping[str, Action] = {
    "correct": member_rules.CHANGE,
    "see_consents": member_rules.SEE_CONSENTS,
    "consent": member_rules.CONSENT,
    "copy": privacy_rules.COPY,
    "restrict": privacy_rules.RESTRICT,
    "object": privacy_rules.OBJECT,
    "erase": privacy_rules.ERASE,
    "requests": privacy_rules.REQUESTS,
    "change_phone": identity_rules.CHANGE_PHONE,
    "merge": identity_rules.MERGE,
    "adjust": point_rules.ADJUST,
    "statement": point_rules.STATEMENT,
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """Who it is, in words; the number masked."""

    id: int
    name: str
    masked: str
    has_phone: bool
    since: str
    points: str
    tier: str
    is_restricted: bool
    refuses_marketing: bool


def show(member_id: int, forms: Forms | None = None, *, number: str = "") -> str:
    """The page; `number` is the whole number where it was asked for just now."""
    member = members.get(member_id)
    may = may_do()
    status = privacy.status(member_id)
    today = formats.local(clock.now()).date()
    return render_template(
        "pages/manage/customers/customer.html",
        customer=head_of(member, status),
        number=number,
        may=may,
        profile=profile.told(member),
        numbers=numbers.of(member_id),
        account=account.of(member_id),
        consents=_consents(member, status, today) if may["see_consents"] else None,
        requests=_requests(member_id) if may["requests"] else (),
        forms=Forms() if forms is None else forms,
        channels=words.CHANNELS,
        purposes=words.PURPOSES,
        kinds=words.KINDS,
        ways=words.TOLD_BY,
        today=formats.full_date(today),
    )


def back_to(member_id: int, part: str | None = None) -> ResponseReturnValue:
    """The page again, at one of its parts, after something was done."""
    return redirect(url_for("manage.customer", member_id=member_id, _anchor=part))


def or_survivor(view: View) -> View:
    """Where the account was merged meanwhile the view leads to the one that carries it on, to be
    looked at first. Outside `requires`: by then the transaction is rolled back."""

    @wraps(view)
    def tried(member_id: int) -> ResponseReturnValue:
        try:
            return view(member_id)
        except Problem as problem:
            if problem.code is not Code.MEMBER_MERGED:
                raise
            flash(str(problem.detail), "danger")
            return back_to(problem.extra["member"]["id"])

    return tried


def may_do() -> dict[str, bool]:
    """What whoever acts now is offered."""
    actor = current_actor()
    return {name: action.allows(actor) for name, action in _MAY.items()}


def head_of(member: Mapping[str, Any], status: Mapping[str, Any]) -> Head:
    phone = member["phone"]
    return Head(
        id=member["id"],
        name=member["name"] or gettext("No name yet"),
        masked=PhoneNumber(phone).masked if phone else gettext("No phone"),
        has_phone=phone is not None,
        since=formats.full_date(formats.local(member["joined_at"]).date()),
        points=formats.points(member["points"]),
        tier=_tier(member["tier"]),
        is_restricted=status["restricted_at"] is not None,
        refuses_marketing=status["objected_at"] is not None,
    )


def _tier(slug: str | None) -> str:
    tier = next((tier for tier in programme.snapshot().tiers if tier.slug == slug), None)
    return tier.name if tier else ""


def _consents(
    member: Mapping[str, Any], status: Mapping[str, datetime | None], today: date
) -> consents.Consents:
    person = Person(
        restricted=status["restricted_at"] is not None,
        objected_at=status["objected_at"],
        birth_date=member["birth_date"],
    )
    return consents.of(member["id"], person=person, today=today)


def _requests(member_id: int) -> tuple[request_lines.Line, ...]:
    return request_lines.lines_of(privacy.requests_of(member_id))

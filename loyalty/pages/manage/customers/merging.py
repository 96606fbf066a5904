"""Two accounts of one person: shown beside each other before they become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.errors import Code, Problem
from loyalty.identity import merging
from loyalty.identity.rules import MERGE
from loyalty.members import consents
from loyalty.members import service as members
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers import page, profile, words
from loyalty.pages.manage.customers.forms import Forms, shown_again
from loyalty.pages.manage.customers.numbers import typed_phone
from loyalty.pages.manage.forms import one_of
from loyalty.points import reading
from loyalty.privacy import service as privacy

_KEEPS = ("this", "other")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is known of either, in words."""

    label: Any
    this: str
    other: str

    @property
    def differs(self) -> bool:
        return bool(self.this and self.other and self.this != self.other)


def _page(member_id: int, forms: Forms | None = None) -> str:
    """Asks for the other account first; with `other`, its id, shows both."""
    this = members.get(member_id)
    other_id = _other(member_id)
    forms = forms or Forms()
    if other_id is None:
        return render_template(
            "pages/manage/customers/merge.html",
            customer=_head(this),
            other=None,
            form=forms["other"],
        )
    other = members.get(other_id)
    return render_template(
        "pages/manage/customers/merge.html",
        customer=_head(this),
        other=_head(other),
        rows=_rows(this, other),
        sums=_sums(member_id, other_id),
        kept=forms["merge"].given.get("keep") or _older(this, other),
        form=forms["merge"],
    )


def _other(member_id: int) -> int | None:
    """Whom the page shows beside the customer; nobody where it is not another member."""
    text = request.values.get("other", "")
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        return None
    return int(text) if int(text) != member_id else None


_ID_DIGITS = 9


def _head(member: Mapping[str, Any]) -> page.Head:
    return page.head_of(member, privacy.status(member["id"]))


def _older(this: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    return "this" if this["joined_at"] <= other["joined_at"] else "other"


def _rows(this: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[Row]:
    """What either of them knows of the person beside the name, which stands above."""
    nameless = [{**each, "name": None} for each in (this, other)]
    known = [dict(profile.told(each)) | _agreed(each["id"]) for each in nameless]
    labels = dict.fromkeys([*known[0], *known[1]])
    return [
        Row(label=label, this=known[0].get(label, ""), other=known[1].get(label, ""))
        for label in labels
    ]


def _agreed(member_id: int) -> dict[str, str]:
    """For which channels marketing counts today."""
    channels = [
        str(words.CHANNELS[pair["channel"]])
        for pair in consents.current(member_id)
        if pair["purpose"] == "marketing" and pair["counts"]
    ]
    return {gettext("Agrees to marketing by"): ", ".join(channels)} if channels else {}


def _sums(this_id: int, other_id: int) -> Sequence[tuple[Any, str, str, str]]:
    """Points as label, of this account, of the other, of the one that will be."""
    both = [reading.standing(each) for each in (this_id, other_id)]
    total = {name: both[0][name] + both[1][name] for name in ("available", "held", "debt")}
    # What is there makes up for what is missing.
    after = {
        "balance": total["held"] + max(0, total["available"] - total["debt"]),
        "held": total["held"],
        "debt": max(0, total["debt"] - total["available"]),
    }
    labels = {
        "balance": gettext("Points"),
        "held": gettext("On hold"),
        "debt": gettext("Points to make up"),
    }
    return [
        (label, *(formats.count(each[name]) for each in (*both, after)))
        for name, label in labels.items()
        if name == "balance" or any(each[name] for each in both)
    ]


@blueprint.get("/customers/<int32:member_id>/merge")
@requires(MERGE, door=Door.LOGIN, writes=True)
@takes_query
def merge_page(member_id: int) -> ResponseReturnValue:
    """The log keeps whose accounts were looked at."""
    shown = _page(member_id)
    for each in filter(None, (member_id, _other(member_id))):
        audit.record("member.view", "member", each)
    return shown


@blueprint.post("/customers/<int32:member_id>/merge/find")
@shown_again("other", _page)
@requires(MERGE, door=Door.LOGIN, writes=False)
def find_other_account(member_id: int) -> ResponseReturnValue:
    """A POST, as everywhere that a number is typed."""
    other = members.find_by_phone(typed_phone())
    if other is None:
        raise Problem(
            Code.INVALID_REQUEST, errors={"phone": [gettext("No customer has this number.")]}
        )
    if other["id"] == member_id:
        raise Problem(Code.SAME_MEMBER, field="phone")
    return redirect(url_for("manage.merge_page", member_id=member_id, other=other["id"]))


@blueprint.post("/customers/<int32:member_id>/merge")
@shown_again("merge", _page)
@page.or_survivor
@requires(MERGE, door=Door.LOGIN)
def merge_customers(member_id: int) -> ResponseReturnValue:
    other_id = _other(member_id)
    if other_id is None:
        raise Problem(Code.SAME_MEMBER)
    source, into = member_id, other_id
    if one_of("keep", _KEEPS) == "this":
        source, into = into, source
    if request.form.get("sure") != "yes":
        sentence = gettext("Say that both are one person: there is no way back.")
        raise Problem(Code.INVALID_REQUEST, errors={"sure": [sentence]})
    survivor = merging.merge(source, into=into, via="desk")
    flash(gettext("The two accounts are one from now on."))
    return page.back_to(survivor)

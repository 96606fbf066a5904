"""What the till says about what it did, and the questions it puts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup, escape

from loyalty.core.phone import PhoneNumber
from loyalty.pages import formats
from loyalty.pages.till import questions, receipts
from loyalty.purchases.models import Purchase
from loyalty.purchases.service import Result

UNDO_SECONDS = 30
UNDO_REASON = "undone at the till"
REASSIGN_REASON = "wrong number at the till"


@dataclass(frozen=True, kw_only=True)
class Undo:
    url: str
    seconds: int
    text: str
    first: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """`yes` answers the question `name`: it is sent to `address`, else with the purchase."""

    name: str
    title: str
    sentence: str
    yes: str
    no: str
    back_to: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class ConflictRow:
    label: str
    recorded: str
    typed: str


@dataclass(frozen=True, kw_only=True)
class Conflict:
    title: str
    rows: tuple[ConflictRow, ...]
    reassign: str
    reassign_url: str


def strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def with_strong(sentence: str, **parts: Any) -> Markup:
    """Fill a translated sentence; what is filled in is escaped."""
    return Markup(escape(sentence)) % parts  # noqa: S704  # nosec B704  # escaped just here


def who(member: dict[str, Any]) -> str:
    phone = PhoneNumber(member["phone"]).masked if member["phone"] else "•••"
    return member["name"] or phone


def number_of(purchase: dict[str, Any]) -> str:
    return receipts.shown_number(purchase["receipt_no"], purchase["store"])


def recorded(result: Result) -> Markup:
    said = with_strong(
        lazy_gettext("Recorded %(receipt)s for %(name)s: %(amount)s, %(points)s"),
        receipt=strong(number_of(result.purchase)),
        name=strong(who(result.member)),
        amount=formats.money(result.purchase["amount"]),
        points=brought(result.purchase),
    )
    if receipts.waits_for_manager(result.purchase["id"]):
        return said + ". " + gettext("They count once a manager has looked.")
    return said


def brought(purchase: dict[str, Any]) -> str:
    """`+15 điểm`, or that they do not count yet."""
    if purchase["points_pending"]:
        return gettext("%(points)s to come", points=formats.points(purchase["points_pending"]))
    return formats.signed_points(purchase["points_earned"])


def recorded_briefly(result: Result) -> Markup:
    """For a phone's screen."""
    purchase = result.purchase
    earned = formats.signed_points(purchase["points_earned"])
    if purchase["points_pending"]:
        earned = gettext("%(count)s later", count=formats.signed(purchase["points_pending"]))
    return Markup("{}<br>{}").format(strong(number_of(purchase)), earned)


def replayed(result: Result) -> Markup:
    return with_strong(
        lazy_gettext(
            "%(receipt)s was recorded already at %(time)s for %(name)s: it earned nothing more."
        ),
        receipt=strong(number_of(result.purchase)),
        time=formats.clock_time(result.purchase["recorded_at"]),
        name=strong(who(result.member)),
    )


def undone(result: Result) -> Markup:
    return with_strong(
        lazy_gettext("Undone: %(receipt)s is cancelled, %(points)s taken back."),
        receipt=strong(number_of(result.purchase)),
        points=formats.points(result.purchase["points_reversed"]),
    )


def moved(result: Result) -> Markup:
    return with_strong(
        lazy_gettext("%(receipt)s now counts for %(name)s: %(amount)s, %(points)s"),
        receipt=strong(number_of(result.purchase)),
        name=strong(who(result.member)),
        amount=formats.money(result.purchase["amount"]),
        points=formats.signed_points(
            result.purchase["points_earned"] - result.purchase["points_reversed"]
        ),
    )


def needs_guardian() -> str:
    """At the till nobody can say where a guardian's word is kept."""
    return gettext("Under 16 a guardian has to agree, on paper: leave these boxes empty.")


def undo_of(result: Result) -> Undo:
    return undo_at(url_for("till.void", purchase_id=result.purchase["id"]))


def undo_at(url: str) -> Undo:
    return Undo(
        url=url,
        seconds=UNDO_SECONDS,
        text=formats.seconds_left("{n}"),
        first=formats.seconds_left(str(UNDO_SECONDS)),
    )


def unusual_amount(amount: int) -> Question:
    money = formats.money(amount)
    smallest, largest = questions.usual_amounts(formats.settings().currency)
    if amount < smallest:
        sentence = gettext(
            "That is less than %(amount)s: zeros may be missing.", amount=formats.money(smallest)
        )
    else:
        sentence = gettext(
            "That is more than %(amount)s: there may be zeros too many.",
            amount=formats.money(largest),
        )
    return Question(
        name=questions.AMOUNT,
        title=gettext("Is %(amount)s right?", amount=money),
        sentence=sentence,
        yes=gettext("Yes, record %(amount)s", amount=money),
        no=gettext("Correct the amount"),
        back_to="amount",
    )


def once_more(same: Purchase) -> Question:
    money = formats.money(same.amount)
    return Question(
        name=questions.AGAIN,
        title=gettext("Again?"),
        sentence=gettext(
            "%(amount)s for this phone was recorded at %(time)s already.",
            amount=money,
            time=formats.clock_time(same.recorded_at),
        ),
        yes=gettext("Yes, a second purchase"),
        no=gettext("No, it is the same one"),
        back_to="keep",
    )


def conflict(purchase: Purchase, *, phone: PhoneNumber, amount: int, may_change: bool) -> Conflict:
    """What is recorded under the number beside what was typed; the way out that fits."""
    e164 = purchase.reassigned_to or purchase.phone
    masked = PhoneNumber(e164).masked if e164 else "•••"
    other_phone = e164 != phone.e164
    other_amount = purchase.amount != amount
    may_move = may_change and other_phone and not other_amount
    return Conflict(
        title=gettext("%(receipt)s is recorded already", receipt=purchase.receipt_no),
        rows=(
            ConflictRow(label=gettext("Time"), recorded=_when(purchase), typed=""),
            ConflictRow(
                label=gettext("Amount"),
                recorded=formats.money(purchase.amount),
                typed=_typed(formats.money(amount)) if other_amount else "",
            ),
            ConflictRow(
                label=gettext("Phone number"),
                recorded=masked,
                typed=_typed(phone.masked) if other_phone else "",
            ),
        ),
        reassign=gettext("Wrong number: move it to %(phone)s", phone=_unbroken(phone.national)),
        reassign_url=(url_for("till.reassign", purchase_id=purchase.id) if may_move else ""),
    )


def _unbroken(text: str) -> str:
    """With no-break spaces: a number stays on one line."""
    return text.replace(" ", "\u00a0")


def _typed(value: str) -> str:
    return gettext("typed now: %(value)s", value=value)


def _when(purchase: Purchase) -> str:
    return formats.local(purchase.purchased_at).strftime("%H:%M · %d/%m/%Y")

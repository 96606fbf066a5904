"""What the till says of points that were spent, and the questions it puts about them."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup

from loyalty.core.errors import Problem
from loyalty.pages import formats
from loyalty.pages.till import payments, questions
from loyalty.pages.till.sentences import Question, Undo, strong, undo_at, who, with_strong


def given(redemption: dict[str, Any], member: dict[str, Any]) -> Markup:
    return with_strong(
        lazy_gettext("%(gift)s for %(name)s: %(points)s"),
        gift=strong(redemption["reward"]["name"]),
        name=strong(who(member)),
        points=formats.signed_points(-redemption["captured"]),
    )


def given_briefly(redemption: dict[str, Any]) -> Markup:
    """For a phone's screen."""
    spent = formats.signed_points(-redemption["captured"])
    return Markup("{}<br>{}").format(strong(redemption["reward"]["name"]), spent)


def undone(redemption: dict[str, Any]) -> Markup:
    return with_strong(
        lazy_gettext("Undone: %(gift)s is taken back, %(points)s are there again."),
        gift=strong(redemption["reward"]["name"]),
        points=formats.points(redemption["captured"]),
    )


def undo_of(redemption: dict[str, Any]) -> Undo:
    return undo_at(url_for("till.undo", redemption_id=redemption["id"]))


def once_more(same: dict[str, Any], address: str) -> Question:
    """A second press, or a second gift?"""
    return Question(
        name=questions.again_after(same["id"]),
        title=gettext("Again?"),
        sentence=gettext(
            "%(gift)s was given to this customer at %(time)s already.",
            gift=same["reward"]["name"],
            time=formats.clock_time(same["captured_at"]),
        ),
        yes=gettext("Yes, one more"),
        no=gettext("No, it is the same one"),
        back_to="close",
        address=address,
    )


def at_most(points: int) -> str:
    return gettext("At most %(points)s for this receipt.", points=formats.points(points))


def amount_first() -> str:
    return gettext("Enter the amount first: points pay for a part of it.")


def of_another() -> str:
    return gettext("This voucher is another customer's: enter that number first.")


def usable(voucher: dict[str, Any], *, field: str) -> dict[str, Any]:
    """The same voucher; raises what a receipt with it would be refused for."""
    refusal = payments.why_not_usable(voucher)
    if refusal is not None:
        raise Problem(refusal, field=field)
    return voucher

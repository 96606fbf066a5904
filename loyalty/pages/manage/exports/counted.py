"""What stands in the frame of the subtraction before a file is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext

from loyalty.core.errors import Problem
from loyalty.exports import manifest, selection
from loyalty.exports.advice import advice_for
from loyalty.exports.columns import columns
from loyalty.exports.rules import Order
from loyalty.pages import formats
from loyalty.pages.manage.exports.shown import subtraction
from loyalty.pages.manage.forms import sentences_of

Counted = Mapping[str, Any]


def not_counted(why: str = "") -> Counted:
    return {"subtraction": None, "advice": "", "notes": [], "why": why, "button": _button(None)}


def counted(slug: str, order_of: Callable[[], Order], *, now: datetime) -> Counted:
    """`{subtraction, advice, notes, why, button}`: `advice` where nobody is left, `why` where
    the choices are refused. Raises `unknown_audience`."""
    try:
        order = order_of()
        found = selection.estimate(slug, order, as_of=now)
    except Problem as problem:
        if not problem.errors:
            raise
        return not_counted(" ".join(str(said) for said in sentences_of(problem).values()))
    steps = [asdict(step) for step in found.steps]
    left, leaving = len(found.members), len(found.leaving)
    warnings = map(manifest.sentence_of, manifest.warnings_of(order, added=left))
    return {
        "subtraction": subtraction(steps, order.reach),
        "advice": "" if left + leaving else advice_for(found.steps, order.reach),
        "notes": [*_columns_of(order), *_leaving(leaving), *warnings],
        "why": "",
        "button": _button(left + leaving),
    }


def _button(rows: int | None) -> str:
    """It says what will happen."""
    if not rows:
        return gettext("Make the file")
    return ngettext(
        "Make the file of %(count)s row",
        "Make the file of %(count)s rows",
        rows,
        count=formats.count(rows),
    )


def _columns_of(order: Order) -> list[str]:
    """Which template parameter will hold what."""
    if not order.columns:
        return []
    known = columns()
    labels = (str(known[name].label) for name in order.columns if name in known)
    return [gettext("In this order: %(columns)s.", columns=", ".join(labels))]


def _leaving(leaving: int) -> list[str]:
    if not leaving:
        return []
    return [
        gettext(
            "%(count)s who were in the earlier file and no longer may be come in a second file.",
            count=formats.count(leaving),
        )
    ]

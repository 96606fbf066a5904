"""The tiers that customers reach: added, changed, ended."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from loyalty.core.limits import NAME_LENGTH
from loyalty.core.money import MAX_AMOUNT
from loyalty.core.slugs import slug_of
from loyalty.members.rules import fold
from loyalty.pages import formats
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, refusals_shown_by, together
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.programme import service as programme
from loyalty.programme import tiers as service
from loyalty.programme.policy import TierBasis
from loyalty.programme.tier_schemas import LARGEST_MULTIPLIER

_NO_NAME = _l("Enter the name of the tier.")


def by_spend() -> bool:
    return programme.snapshot().policy.tiering.basis is TierBasis.SPEND


def threshold_in_words(threshold: int) -> str:
    return formats.money(threshold) if by_spend() else formats.points(threshold)


def window_in_words() -> str:
    months = programme.snapshot().policy.tiering.window_months
    count = formats.count(months)
    if by_spend():
        return ngettext(
            "By what a customer spent in the last month.",
            "By what a customer spent in the last %(count)s months.",
            months,
            count=count,
        )
    return ngettext(
        "By the points that a customer earned in the last month.",
        "By the points that a customer earned in the last %(count)s months.",
        months,
        count=count,
    )


# -- a new tier --------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    return _shown(
        tier=None, given=request.form or {"times": quantities.shown_times(100)}, errors=errors
    )


@blueprint.get("/programme/tiers/new")
@CHANGES
def new_tier() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/programme/tiers/new")
@refusals_shown_by(_new_form)
@CHANGES
def add_tier() -> ResponseReturnValue:
    typed = _typed()
    service.create(slug=_free_slug(typed["name"]), **typed)
    flash(_said(gettext("%(name)s is added.", name=typed["name"])))
    return _to_the_list()


# -- one tier ------------------------------------------------------------------------


def _tier_form(slug: str, *, errors: Sentences) -> str:
    tier = service.get(slug)
    return _shown(tier=tier, given=request.form or _as_it_is(tier), errors=errors)


@blueprint.get("/programme/tiers/<slug>")
@CHANGES
def one_tier(slug: str) -> ResponseReturnValue:
    return _tier_form(slug, errors={})


@blueprint.post("/programme/tiers/<slug>")
@refusals_shown_by(_tier_form)
@CHANGES
def change_tier(slug: str) -> ResponseReturnValue:
    service.get(slug)
    service.change(slug, _typed())
    flash(_said(gettext("Saved.")))
    return _to_the_list()


def _end_form(slug: str, *, errors: Sentences) -> str:
    return render_template(
        "pages/manage/programme/end_tier.html", tier=service.get(slug), errors=errors
    )


@blueprint.get("/programme/tiers/<slug>/end")
@CHANGES
def ask_to_end_tier(slug: str) -> ResponseReturnValue:
    return _end_form(slug, errors={})


@blueprint.post("/programme/tiers/<slug>/end")
@refusals_shown_by(_end_form)
@CHANGES
def end_tier(slug: str) -> ResponseReturnValue:
    name = service.get(slug)["name"]
    service.delete(slug)
    flash(_said(gettext("%(name)s is ended.", name=name)))
    return _to_the_list()


# -- what these share -----------------------------------------------------------------


def _shown(*, tier: Mapping[str, Any] | None, given: Mapping[str, str], errors: Sentences) -> str:
    return render_template(
        "pages/manage/programme/tier.html",
        tier=tier,
        given=given,
        errors=errors,
        by_spend=by_spend(),
        window=window_in_words(),
        symbol=formats.figures()["symbol"],
    )


def _typed() -> dict[str, Any]:
    read = (
        partial(quantities.money, least=1)
        if by_spend()
        else partial(quantities.whole, least=1, most=MAX_AMOUNT)
    )
    typed = together(
        name=lambda: line("name", NAME_LENGTH, missing=_NO_NAME),
        threshold=lambda: quantities.required(read, "threshold"),
        times=lambda: quantities.required(
            quantities.times, "times", least=100, most=LARGEST_MULTIPLIER
        ),
    )
    return {
        "name": typed["name"],
        "threshold": typed["threshold"],
        "multiplier_percent": typed["times"],
    }


def _as_it_is(tier: Mapping[str, Any]) -> dict[str, str]:
    shown = quantities.shown_money if by_spend() else quantities.shown
    return {
        "name": tier["name"],
        "threshold": shown(tier["threshold"]),
        "times": quantities.shown_times(tier["multiplier_percent"]),
    }


def _free_slug(name: str) -> str:
    """Of the name; with a number where a tier is called so, and for a script of its own."""
    taken = {tier["slug"] for tier in service.all_tiers()}
    wanted = slug_of(fold(name))[:_SLUG_OF_A_NAME].rstrip("-") or "tier"
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([wanted], numbered) if each not in taken)


_SLUG_OF_A_NAME = 56
"""Leaves room for a number."""


def _said(first: str) -> str:
    return f"{first} {gettext('Customers move to their tier within a few minutes.')}"


def _to_the_list() -> ResponseReturnValue:
    return redirect(url_for("manage.programme", _anchor="tiers"))

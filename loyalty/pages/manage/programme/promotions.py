"""Promotions: more points for a while, on some days, in some stores, for some goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import CATEGORY_LENGTH, NAME_LENGTH, POINTS, RULE_VALUES, SKU_LENGTH
from loyalty.pages import formats
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, one_of, refusals_shown_by, together
from loyalty.pages.manage.programme import words
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.programme import promotions as service
from loyalty.programme import service as programme
from loyalty.programme.conditions import read_terms
from loyalty.programme.schemas import LARGEST_TIMES, POINTS_OF_A_RULE
from loyalty.purchases.promotion_figures import Brought, brought_by

STATES = {
    "running": (_l("Running"), ""),
    "coming": (_l("To come"), "quiet"),
    "ended": (_l("Ended"), "quiet"),
}
_ORDER = list(STATES)
TIMES, POINTS_MORE = "times", "points"
WAYS = {
    TIMES: (_l("Points times so many"), _l("2 doubles what the purchase brings.")),
    POINTS_MORE: (_l("Points more a receipt"), _l("The same for every purchase.")),
}
WEEKDAYS = range(1, 8)
_NO_NAME = _l("Enter the name of the promotion.")


@dataclass(frozen=True, kw_only=True)
class ShownPromotion:
    """`view` as `all_promotions` gives it."""

    view: Mapping[str, Any]
    brought: Brought

    @property
    def id(self) -> int:
        return int(self.view["id"])

    @property
    def name(self) -> str:
        return str(self.view["name"])

    @property
    def what(self) -> str:
        return formats.begun(words.promotion(read_terms(self.view["terms"])))

    @property
    def caps(self) -> str:
        return words.caps(read_terms(self.view["terms"]))

    @property
    def days(self) -> str:
        """From the first to the last."""
        first = formats.local(self.view["starts_at"]).date()
        last = formats.last_day(self.view["ends_at"])
        return f"{formats.full_date(first)}–{formats.full_date(last)}"

    @property
    def points(self) -> str:
        return formats.count(self.brought.points)

    @property
    def members(self) -> str:
        count = self.brought.members
        return ngettext(
            "%(count)s customer", "%(count)s customers", count, count=formats.count(count)
        )

    @property
    def budget(self) -> str:
        """`1,240 of 3,000`; empty where there is none."""
        if self.view["budget"] is None:
            return ""
        return gettext(
            "%(given)s of %(budget)s",
            given=formats.count(self.view["given"]),
            budget=formats.points(self.view["budget"]),
        )

    @property
    def state(self) -> tuple[Any, str]:
        """Its word, and the badge behind it."""
        return STATES[self.view["state"]]

    @property
    def stands(self) -> bool:
        return self.view["state"] != "ended"


def shown_promotions(*, past: int) -> list[ShownPromotion]:
    """What runs first, then what comes, then the last so many that are over."""
    views = sorted(service.all_promotions(), key=lambda view: _ORDER.index(view["state"]))
    standing = sum(view["state"] != "ended" for view in views)
    return _shown(views[: standing + past])


def _shown(views: Sequence[Mapping[str, Any]]) -> list[ShownPromotion]:
    brought = brought_by([view["id"] for view in views])
    return [
        ShownPromotion(view=view, brought=brought.get(view["id"], Brought(0, 0))) for view in views
    ]


# -- a new one ---------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    current = programme.snapshot()
    given = request.form or {"way": TIMES, "times": "2"}
    return render_template(
        "pages/manage/programme/promotion.html",
        errors=errors,
        given=given,
        ways=[(code, *said) for code, said in WAYS.items()],
        weekdays=[(str(number), words.weekday(number)) for number in WEEKDAYS],
        stores=[(store.code, store.name) for store in current.stores.values()],
        tiers=[(tier.slug, tier.name) for tier in current.tiers],
        chosen={name: request.form.getlist(name) for name in ("weekdays", "stores", "tiers")},
        symbol=formats.figures()["symbol"],
        today=quantities.today().isoformat(),
    )


@blueprint.get("/programme/promotions/new")
@CHANGES
def new_promotion() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/programme/promotions/new")
@refusals_shown_by(_new_form)
@CHANGES
def add_promotion() -> ResponseReturnValue:
    typed = together(
        name=lambda: line("name", NAME_LENGTH, missing=_NO_NAME),
        terms=_terms,
        starts_at=lambda: quantities.from_day("starts_on"),
        last_day=lambda: quantities.required(quantities.day_to_come, "ends_on"),
        budget=lambda: quantities.whole("budget", least=1, most=POINTS),
    )
    ends_at = quantities.day_is_over(typed.pop("last_day"))
    if ends_at <= (typed["starts_at"] or clock.now()):
        raise quantities.refused("ends_on", gettext("Not before the first day."))
    service.create(**typed, ends_at=ends_at)
    flash(gettext("%(name)s is added.", name=typed["name"]))
    return _to_the_list()


def _terms() -> dict[str, Any]:
    """As `TermsOfPromotionSchema` loads them; what is left empty asks for nothing."""
    typed = together(
        more=_more,
        cap_receipt=lambda: quantities.whole("cap_receipt", least=1, most=POINTS),
        cap_member=lambda: quantities.whole("cap_member", least=1, most=POINTS),
        when=_conditions,
    )
    terms = {**typed.pop("more"), **typed}
    return {name: value for name, value in terms.items() if value}


def _more() -> dict[str, int]:
    if one_of("way", WAYS) == POINTS_MORE:
        points = quantities.required(quantities.whole, "points", least=1, most=POINTS_OF_A_RULE)
        return {"points": points}
    percent = quantities.required(quantities.times, "times", least=101, most=LARGEST_TIMES)
    return {"times_percent": percent}


def _conditions() -> dict[str, Any]:
    current = programme.snapshot()
    typed = together(
        weekdays=lambda: [int(each) for each in _ticked("weekdays", map(str, WEEKDAYS))],
        stores=lambda: _ticked("stores", current.stores),
        tiers=lambda: _ticked("tiers", [tier.slug for tier in current.tiers]),
        categories=lambda: quantities.names(
            "categories", longest=CATEGORY_LENGTH, most=RULE_VALUES
        ),
        skus=lambda: quantities.names("skus", longest=SKU_LENGTH, most=RULE_VALUES),
        min_amount=lambda: quantities.money("min_amount", least=1),
    )
    return {name: value for name, value in typed.items() if value}


def _ticked(name: str, offered: Any) -> list[str]:
    """Raises `invalid_request` for what the form does not offer."""
    known = list(offered)
    ticked = list(dict.fromkeys(request.form.getlist(name)))
    if any(each not in known for each in ticked):
        raise quantities.refused(name, gettext("Choose from the list."))
    return ticked


# -- ending one ----------------------------------------------------------------------


def _end_form(promotion_id: int, *, errors: Sentences) -> str:
    return render_template(
        "pages/manage/programme/end_promotion.html",
        promotion=_promotion(promotion_id),
        errors=errors,
    )


@blueprint.get("/programme/promotions/<int32:promotion_id>/end")
@CHANGES
def ask_to_end_promotion(promotion_id: int) -> ResponseReturnValue:
    return _end_form(promotion_id, errors={})


@blueprint.post("/programme/promotions/<int32:promotion_id>/end")
@refusals_shown_by(_end_form)
@CHANGES
def end_promotion(promotion_id: int) -> ResponseReturnValue:
    ended = service.end(promotion_id)
    flash(gettext("%(name)s is ended.", name=ended["name"]))
    return _to_the_list()


def _promotion(promotion_id: int) -> ShownPromotion:
    found = [view for view in service.all_promotions() if view["id"] == promotion_id]
    if not found:
        raise Problem(Code.UNKNOWN_PROMOTION)
    return _shown(found)[0]


def _to_the_list() -> ResponseReturnValue:
    return redirect(url_for("manage.programme", _anchor="promotions"))

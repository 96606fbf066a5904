"""A new version of how purchases earn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.limits import CATEGORY_LENGTH, RULE_VALUES, SKU_LENGTH
from loyalty.pages import formats
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, refusals_shown_by, together
from loyalty.pages.manage.programme import words
from loyalty.pages.manage.programme.access import CHANGES
from loyalty.programme import service as programme
from loyalty.programme.rules import EarningRuleView
from loyalty.programme.schemas import POINTS_OF_A_RULE


def _form(*, errors: Sentences) -> str:
    newest = programme.snapshot().rules[-1]
    return render_template(
        "pages/manage/programme/earning.html",
        newest=newest,
        in_words=words.rate(newest),
        specials=list(enumerate(words.special_rules(newest))),
        kept=_kept(newest) if request.form else None,
        coming=_day(newest) if newest.valid_from > clock.now() else "",
        given=request.form or _as_it_is(newest),
        figures=formats.figures(),
        today=quantities.today().isoformat(),
        errors=errors,
    )


def _as_it_is(rule: EarningRuleView) -> dict[str, str]:
    goods = rule.beside.never
    return {
        "points": quantities.shown(rule.points),
        "per_amount": quantities.shown_money(rule.per_amount),
        "categories": "\n".join(sorted(goods.categories)),
        "skus": "\n".join(sorted(goods.skus)),
    }


@blueprint.get("/programme/earning")
@CHANGES
def earning_rule() -> ResponseReturnValue:
    return _form(errors={})


@blueprint.post("/programme/earning")
@refusals_shown_by(_form)
@CHANGES
def change_earning_rule() -> ResponseReturnValue:
    newest = programme.snapshot().rules[-1]
    _refuse_if_older_was_seen(newest)
    typed = together(
        points=lambda: quantities.required(
            quantities.whole, "points", least=0, most=POINTS_OF_A_RULE
        ),
        per_amount=lambda: quantities.required(quantities.money, "per_amount", least=1),
        categories=lambda: quantities.names(
            "categories", longest=CATEGORY_LENGTH, most=RULE_VALUES
        ),
        skus=lambda: quantities.names("skus", longest=SKU_LENGTH, most=RULE_VALUES),
        valid_from=lambda: quantities.from_day("valid_from"),
    )
    begins = typed["valid_from"] or clock.now()
    if begins < newest.valid_from:
        said = gettext("Not before %(day)s, when the last version begins.", day=_day(newest))
        raise quantities.refused("valid_from", said)
    programme.create_earning_rule(
        points=typed["points"],
        per_amount=typed["per_amount"],
        valid_from=begins,
        special=_special(newest, categories=typed["categories"], skus=typed["skus"]),
    )
    flash(_said(typed["valid_from"]))
    return redirect(url_for("manage.programme"))


def _refuse_if_older_was_seen(newest: EarningRuleView) -> None:
    """Which special rules stay is said by their places in the version that the form showed."""
    if quantities.text_of("after") != str(newest.version):
        said = gettext("Somebody changed the rule in the meantime: look at it once more.")
        raise quantities.refused("points", said)


def _kept(newest: EarningRuleView) -> list[int]:
    """The places of the special rules that stay."""
    ticked = set(request.form.getlist("keep"))
    return [place for place in range(len(newest.beside.rules)) if str(place) in ticked]


def _special(
    newest: EarningRuleView, *, categories: list[str], skus: list[str]
) -> dict[str, Any] | None:
    rules = (newest.special or {}).get("rules", [])
    kept = [rules[place] for place in _kept(newest)]
    goods = {"categories": categories, "skus": skus}
    never = {kind: given for kind, given in goods.items() if given}
    return {**({"rules": kept} if kept else {}), **({"never": never} if never else {})} or None


def _said(begins: datetime | None) -> str:
    if begins is None:
        return gettext("Saved: purchases earn by it from now on.")
    day = formats.full_date(formats.local(begins).date())
    return gettext("Saved: purchases earn by it from %(day)s on.", day=day)


def _day(rule: EarningRuleView) -> str:
    return formats.full_date(formats.local(rule.valid_from).date())

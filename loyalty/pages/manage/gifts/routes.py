"""The gifts and vouchers that points are exchanged for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, one_of, refusals_shown_by
from loyalty.pages.manage.gifts import typed
from loyalty.pages.manage.gifts.shown import KINDS, ShownGift
from loyalty.programme import service as programme
from loyalty.rewards import service as rewards
from loyalty.rewards.models import RewardKind
from loyalty.rewards.rules import MANAGE, RewardView
from loyalty.tags import service as tags

CHANGES = requires(MANAGE, door=Door.LOGIN)


# -- the list ----------------------------------------------------------------------


@blueprint.get("/gifts")
@CHANGES
@takes_query
def gifts() -> ResponseReturnValue:
    now, year = clock.now(), quantities.today().year
    tag_names = {tag["slug"]: tag["name"] for tag in tags.all_tags()}
    given: Counter[int] = Counter()
    for item in rewards.of_year(year)["items"]:
        given[item["reward"]] += item["given"]
    every = [
        ShownGift(view=view, given=given[view.id], tag=_tag(view, tag_names), now=now)
        for view in rewards.every()
    ]
    standing = [gift for gift in every if gift.stands]
    shows_all = request.args.get("show") == "all"
    return render_template(
        "pages/manage/gifts/list.html",
        gifts=every if shows_all else standing,
        shows_all=shows_all,
        counts={"standing": len(standing), "all": len(every)},
        year=year,
    )


def _tag(view: RewardView, names: Mapping[str, str]) -> str:
    return names.get(view.tag, view.tag) if view.tag else ""


# -- a new gift ----------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    return _form(reward=None, given=request.form or {"kind": RewardKind.GIFT}, errors=errors)


@blueprint.get("/gifts/new")
@CHANGES
def new_gift() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/gifts/new")
@refusals_shown_by(_new_form)
@CHANGES
def add_gift() -> ResponseReturnValue:
    given = typed.new(one_of("kind", KINDS))
    try:
        added = rewards.create(given)
    except Problem as problem:
        raise _about_days(problem) from None
    flash(gettext("%(name)s is offered.", name=added.name))
    return redirect(url_for("manage.gifts"))


# -- one gift ------------------------------------------------------------------------


def _gift_form(reward_id: int, *, errors: Sentences) -> str:
    reward = rewards.look(reward_id)
    return _form(reward=reward, given=request.form or typed.as_it_is(reward), errors=errors)


@blueprint.get("/gifts/<int32:reward_id>")
@CHANGES
def one_gift(reward_id: int) -> ResponseReturnValue:
    return _gift_form(reward_id, errors={})


@blueprint.post("/gifts/<int32:reward_id>")
@refusals_shown_by(_gift_form)
@CHANGES
def change_gift(reward_id: int) -> ResponseReturnValue:
    try:
        rewards.change(reward_id, typed.changes(rewards.look(reward_id)))
    except Problem as problem:
        raise _about_days(problem) from None
    flash(gettext("Saved."))
    return redirect(url_for("manage.gifts"))


@blueprint.post("/gifts/<int32:reward_id>/end")
@CHANGES
def end_gift(reward_id: int) -> ResponseReturnValue:
    """Nobody gets it any more; offered again by one press, so it is not asked about."""
    ended = rewards.change(reward_id, {"active": False})
    flash(gettext("%(name)s is no longer offered.", name=ended.name))
    return redirect(url_for("manage.gifts"))


@blueprint.post("/gifts/<int32:reward_id>/offer")
@CHANGES
def offer_gift(reward_id: int) -> ResponseReturnValue:
    offered = rewards.change(reward_id, {"active": True})
    flash(gettext("%(name)s is offered.", name=offered.name))
    return redirect(url_for("manage.gifts"))


# -- what these share -----------------------------------------------------------------


def _form(*, reward: RewardView | None, given: Mapping[str, Any], errors: Sentences) -> str:
    return render_template(
        "pages/manage/gifts/gift.html",
        reward=reward,
        given=given,
        shown=typed.as_it_is(reward) if reward else {},
        errors=errors,
        kinds=[(str(kind), *said) for kind, said in KINDS.items()],
        tiers=_tiers(reward),
        tags=_tags(reward),
        symbol=formats.figures()["symbol"],
        today=quantities.today().isoformat(),
    )


def _tiers(reward: RewardView | None) -> list[tuple[str, str]]:
    ended = reward is not None and reward.tier_id is not None and reward.tier is None
    return [
        ("", gettext("Everybody")),
        *([(typed.ENDED, gettext("A tier that ended: nobody"))] if ended else []),
        *((tier.slug, tier.name) for tier in programme.snapshot().tiers),
    ]


def _tags(reward: RewardView | None) -> list[tuple[str, str]]:
    """Also one that was deleted, as long as the gift asks for it: it has nobody in it."""
    known = {tag["slug"]: tag["name"] for tag in tags.all_tags()}
    wanted = reward.tag if reward else None
    gone = {wanted: wanted} if wanted and wanted not in known else {}
    return [("", gettext("Everybody")), *gone.items(), *known.items()]


def _about_days(problem: Problem) -> Problem:
    if problem.code is not Code.INVALID_TIME:
        return problem
    return quantities.refused("ends_at", gettext("Not before the first day."))

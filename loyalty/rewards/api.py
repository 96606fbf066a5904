from __future__ import annotations

from io import BytesIO
from typing import Any

import segno
from flask import Response

from loyalty.core.access import current_actor, requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.core.errors import Code, Problem
from loyalty.programme import service as programme
from loyalty.rewards import rules, service
from loyalty.rewards.rules import RewardView
from loyalty.rewards.schemas import (
    CaptureSchema,
    CodeSchema,
    HoldSchema,
    NewRewardSchema,
    PageSchema,
    RedemptionListSchema,
    RedemptionSchema,
    ReportSchema,
    RewardChangesSchema,
    RewardListSchema,
    RewardSchema,
    YearSchema,
)

blueprint = Blueprint(
    "rewards", __name__, url_prefix=API_PREFIX, description="What points are spent on."
)

_EXAMPLE = {"name": "Cà phê sữa", "cost": 10, "worth": 29000, "stock": 200, "per_member": 1}
_QR_SCALE = 4
"""Pixels a module."""


# -- what is offered -------------------------------------------------------------


@blueprint.get("/rewards")
@requires(rules.VIEW)
@blueprint.response(200, RewardListSchema)
def see_rewards() -> Any:
    """Every gift and voucher, offered today or not; the cheapest first."""
    return {"items": [_shown(reward) for reward in service.every()], "next": None}


@blueprint.post("/rewards")
@requires(rules.MANAGE)
@blueprint.arguments(NewRewardSchema, example=_EXAMPLE)
@blueprint.response(201, RewardSchema)
def create_reward(body: dict[str, Any]) -> Any:
    """Offer a gift or a voucher."""
    return _shown(service.create(body))


@blueprint.get("/rewards/report")
@requires(rules.MANAGE)
@blueprint.arguments(YearSchema, location="query")
@blueprint.response(200, ReportSchema)
def see_report(query: dict[str, Any]) -> Any:
    """What was given in a year, by reward and month: how many, for how many points, worth how
    much. What was given back is in no count."""
    return service.of_year(query["year"])


@blueprint.get("/rewards/<int32:reward_id>")
@requires(rules.VIEW)
@blueprint.response(200, RewardSchema)
def see_reward(reward_id: int) -> Any:
    """One gift or voucher."""
    return _shown(service.look(reward_id))


@blueprint.patch("/rewards/<int32:reward_id>")
@requires(rules.MANAGE)
@blueprint.arguments(RewardChangesSchema, example={"stock": 150, "active": True})
@blueprint.response(200, RewardSchema)
def change_reward(body: dict[str, Any], reward_id: int) -> Any:
    """Change or end it; what members hold or got already stays as it was."""
    return _shown(service.change(reward_id, body))


def _shown(reward: RewardView) -> dict[str, Any]:
    names = RewardSchema().fields
    shown = {name: getattr(reward, name) for name in names}
    return {**shown, "kind": str(reward.kind), "tier": reward.tier and reward.tier.slug}


# -- what members spend ----------------------------------------------------------


@blueprint.post("/members/<int32:member_id>/redemptions")
@requires(rules.REDEEM)
@blueprint.arguments(HoldSchema, example={"points": 5})
@blueprint.response(201, RedemptionSchema)
def hold(body: dict[str, Any], member_id: int) -> Any:
    """Hold points for a reward or a payment, a quarter of an hour unless the programme says
    otherwise. Too few points: 409 `insufficient_points` with what is `available`."""
    return service.hold(
        member_id,
        reward_id=body.get("reward"),
        points=body.get("points"),
        store_id=_store_id(body.get("store")),
    )


def _store_id(code: str | None) -> int | None:
    """Of the store named, else of the caller who has only one."""
    actor = current_actor()
    if code is None:
        return next(iter(actor.store_ids)) if len(actor.store_ids) == 1 else None
    store_id = programme.store(code).id
    if not actor.may_use_store(store_id):
        raise Problem(Code.FORBIDDEN)
    return store_id


@blueprint.get("/members/<int32:member_id>/redemptions")
@requires(rules.REDEEM)
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, RedemptionListSchema)
def see_of_member(query: dict[str, Any], member_id: int) -> Any:
    """What a member spent points on, newest first, 100 a page."""
    return service.of_member(member_id, before=query.get("cursor"))


@blueprint.get("/redemptions")
@requires(rules.REDEEM)
@blueprint.arguments(CodeSchema, location="query")
@blueprint.response(200, RedemptionListSchema)
def find(query: dict[str, Any]) -> Any:
    """Find by a code, scanned or typed however; one that is none gives no items."""
    try:
        found = [service.find_by_code(query["code"])]
    except Problem:
        found = []
    return {"items": found, "next": None}


@blueprint.get("/redemptions/<int:redemption_id>")
@requires(rules.REDEEM)
@blueprint.response(200, RedemptionSchema)
def see(redemption_id: int) -> Any:
    """One gift, voucher or payment: what became of it, when and by whom."""
    return service.get(redemption_id)


@blueprint.get("/redemptions/<int:redemption_id>/qr.svg")
@requires(rules.REDEEM)
@blueprint.response(200, {"type": "string"}, content_type="image/svg+xml")
def see_qr(redemption_id: int) -> Response:
    """Its code as a QR code, to print or show."""
    drawn = BytesIO()
    segno.make_qr(service.get(redemption_id)["code"]).save(drawn, kind="svg", scale=_QR_SCALE)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@blueprint.post("/redemptions/<int:redemption_id>/capture")
@requires(rules.REDEEM)
@blueprint.arguments(CaptureSchema, example={"points": 5})
@blueprint.response(200, RedemptionSchema)
def capture(body: dict[str, Any], redemption_id: int) -> Any:
    """Spend what is held; of a payment `points` of it alone, the rest is released."""
    return service.capture(redemption_id, points=body.get("points"))


@blueprint.post("/redemptions/<int:redemption_id>/void")
@requires(rules.REDEEM)
@blueprint.response(200, RedemptionSchema)
def void(redemption_id: int) -> Any:
    """End a hold with nothing spent."""
    return service.void(redemption_id)


@blueprint.post("/redemptions/<int:redemption_id>/reverse")
@requires(rules.REVERSE)
@blueprint.response(200, RedemptionSchema)
def reverse(redemption_id: int) -> Any:
    """Give back points that were spent, unless a receipt used them: those come back with it."""
    return service.reverse(redemption_id)

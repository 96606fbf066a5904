from __future__ import annotations

from typing import Any

from loyalty.core import clock
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.programme import policies, promotions, service
from loyalty.programme.rules import CHANGE, VIEW
from loyalty.programme.schemas import (
    NewPromotionSchema,
    NewRuleSchema,
    ProgrammeChangesSchema,
    ProgrammeSchema,
    PromotionListSchema,
    PromotionSchema,
    RuleListSchema,
    RuleViewSchema,
)

blueprint = Blueprint(
    "programme", __name__, url_prefix=API_PREFIX, description="What the business decided."
)

_RULE = {
    "points": 1,
    "per_amount": 10_000,
    "special": {
        "rules": [
            {"per": "amount", "points": 2, "per_amount": 10_000, "when": {"weekdays": [6, 7]}}
        ],
        "never": {"categories": ["gift cards"]},
    },
}
_PROMOTION = {
    "name": "Tết",
    "terms": {"times_percent": 200, "when": {"min_amount": 500_000}, "cap_member": 1_000},
    "ends_at": "2199-02-20T00:00:00+07:00",
    "budget": 500_000,
}


@blueprint.get("/programme")
@requires(VIEW)
@blueprint.response(200, ProgrammeSchema)
def see() -> Any:
    """The settings of the programme, and what a point is worth."""
    return policies.see()


@blueprint.route("/programme", methods=["PATCH"])
@requires(CHANGE)
@blueprint.arguments(ProgrammeChangesSchema, example={"policy": {"bonuses": {"birthday": 50}}})
@blueprint.response(200, ProgrammeSchema)
def change(body: dict[str, Any]) -> Any:
    """Change settings; what is left out stays. A `point_value` of null is the currency's own."""
    if "shop_name" in body:
        service.rename_shop(body["shop_name"])
    policies.change_policy(body.get("policy", {}))
    return policies.see()


@blueprint.get("/earning-rules")
@requires(VIEW)
@blueprint.response(200, RuleListSchema)
def rules() -> Any:
    """Every version, the newest first; `in_force` applies to what is bought now."""
    return {"items": service.earning_rules(), "next": None}


@blueprint.post("/earning-rules")
@requires(CHANGE)
@blueprint.arguments(NewRuleSchema, example=_RULE)
@blueprint.response(201, RuleViewSchema)
def create_rule(body: dict[str, Any]) -> Any:
    """Add the next version. Purchases from before it begins keep theirs."""
    valid_from = body.pop("valid_from", None) or clock.now()
    service.create_earning_rule(**body, valid_from=valid_from)
    return service.earning_rules()[0]


@blueprint.get("/promotions")
@requires(VIEW)
@blueprint.response(200, PromotionListSchema)
def all_promotions() -> Any:
    """Every promotion, the newest first, ended ones too."""
    return {"items": promotions.all_promotions(), "next": None}


@blueprint.post("/promotions")
@requires(CHANGE)
@blueprint.arguments(NewPromotionSchema, example=_PROMOTION)
@blueprint.response(201, PromotionSchema)
def create_promotion(body: dict[str, Any]) -> Any:
    """More points for a while, on top of what the rule gives. It never brings more than its
    budget; another promotion that runs adds to it."""
    return promotions.create(**body)


@blueprint.post("/promotions/<int32:promotion_id>/end")
@requires(CHANGE)
@blueprint.response(200, PromotionSchema)
def end_promotion(promotion_id: int) -> Any:
    """End a promotion now. What it brought stays; 409 `promotion_ended` where it has ended."""
    return promotions.end(promotion_id)

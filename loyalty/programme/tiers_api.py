from __future__ import annotations

from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.programme import tiers
from loyalty.programme.rules import CHANGE, VIEW
from loyalty.programme.tier_schemas import (
    NewTierSchema,
    TierChangesSchema,
    TierListSchema,
    TierSchema,
)

blueprint = Blueprint(
    "tiers", __name__, url_prefix=API_PREFIX, description="Ranks of members, and what they bring."
)

_EXAMPLE = {"slug": "vip", "name": "VIP", "threshold": 10_000_000, "multiplier_percent": 150}


@blueprint.get("/tiers")
@requires(VIEW)
@blueprint.response(200, TierListSchema)
def see_all() -> Any:
    """The tiers from the lowest to the highest."""
    return {"items": tiers.all_tiers(), "next": None}


@blueprint.post("/tiers")
@requires(CHANGE)
@blueprint.arguments(NewTierSchema, example=_EXAMPLE)
@blueprint.response(201, TierSchema)
def create(body: dict[str, Any]) -> Any:
    """Add a tier. Who reaches it already is in it soon: every member is reviewed."""
    return tiers.create(**body)


@blueprint.route("/tiers/<slug:slug>", methods=["PATCH"])
@requires(CHANGE)
@blueprint.arguments(TierChangesSchema, example={"threshold": 12_000_000})
@blueprint.response(200, TierSchema)
def change(body: dict[str, Any], slug: str) -> Any:
    """Change a tier's name, threshold or multiplier. What was earned stays as it was."""
    return tiers.change(slug, body)


@blueprint.delete("/tiers/<slug:slug>")
@requires(CHANGE)
@blueprint.response(204)
def delete(slug: str) -> None:
    """End a tier; 409 `tier_in_use` while a gift, an earning rule or a promotion needs it."""
    tiers.delete(slug)

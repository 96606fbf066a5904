from __future__ import annotations

from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.points.rules import STANDING
from loyalty.purchases import tiers_history
from loyalty.purchases.tiers_schemas import TierQuerySchema, TiersOfMemberSchema

blueprint = Blueprint(
    "member tiers", __name__, url_prefix=API_PREFIX, description="In which tier members are."
)


@blueprint.get("/members/<int32:member_id>/tiers")
@requires(STANDING)
@blueprint.arguments(TierQuerySchema, location="query")
@blueprint.response(200, TiersOfMemberSchema)
def of_member(query: dict[str, Any], member_id: int) -> Any:
    """A member's tier, what is missing until the next one, and every move so far."""
    return tiers_history.of_member(member_id, before=query.get("cursor"))

from __future__ import annotations

from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.points import reading, rules
from loyalty.points.schemas import (
    EntryListSchema,
    EntryQuerySchema,
    ExplainedSchema,
    StandingSchema,
)

blueprint = Blueprint(
    "points", __name__, url_prefix=API_PREFIX, description="Balances and the ledger."
)


@blueprint.get("/members/<int32:member_id>/points")
@requires(rules.STANDING)
@blueprint.response(200, StandingSchema)
def standing(member_id: int) -> Any:
    """What a member has, and what lapses when."""
    return reading.standing(member_id)


@blueprint.get("/members/<int32:member_id>/entries")
@requires(rules.LEDGER)
@blueprint.arguments(EntryQuerySchema, location="query")
@blueprint.response(200, EntryListSchema)
def entries(query: dict[str, Any], member_id: int) -> Any:
    """A member's ledger, newest first, 100 entries a page."""
    return reading.entries(member_id, before=query.get("cursor"))


@blueprint.get("/entries/<int:entry_id>")
@requires(rules.LEDGER)
@blueprint.response(200, ExplainedSchema)
def entry(entry_id: int) -> Any:
    """One entry and why it is what it is."""
    return reading.entry(entry_id)

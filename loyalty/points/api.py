from __future__ import annotations

from typing import Any

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.points import adjusting, explaining, reading, rules, statement_files
from loyalty.points.expiring_soon import expiring_soon
from loyalty.points.schemas import (
    AdjustedSchema,
    AdjustmentSchema,
    EntryListSchema,
    EntryQuerySchema,
    ExpiringSoonListSchema,
    ExpiringSoonQuerySchema,
    ExplainedSchema,
    PeriodSchema,
    StandingSchema,
    StatementSchema,
)
from loyalty.points.statement import statement

blueprint = Blueprint(
    "points", __name__, url_prefix=API_PREFIX, description="Balances and the ledger."
)

_AS_FILES = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


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
    return explaining.entry(entry_id)


@blueprint.post("/members/<int32:member_id>/adjustments")
@requires(rules.ADJUST)
@blueprint.arguments(AdjustmentSchema, example={"points": 50, "reason": "Waited too long"})
@blueprint.response(201, AdjustedSchema)
def adjust(body: dict[str, Any], member_id: int) -> Any:
    """Add points by hand, or take them (below 0): up to the limit of the role for a member and
    day, and never more than there are."""
    entry_id = adjusting.adjust(member_id, **body, now=clock.now())
    return {
        "entry": explaining.entry(entry_id)["entry"],
        "member": {"id": member_id, "points": reading.standing(member_id)["balance"]},
    }


@blueprint.get("/members/<int32:member_id>/statement")
@requires(rules.STATEMENT, writes=True)
@blueprint.arguments(PeriodSchema, location="query")
@blueprint.response(200, StatementSchema)
@blueprint.doc(responses=_AS_FILES)
def see_statement(query: dict[str, Any], member_id: int) -> Any:
    """What a member had, earned, used and lost in a period of local days, both included, and what
    the member has at its end; as JSON, or a file for people: csv, pdf. The log keeps who asked."""
    asked = statement(member_id, since=query["since"], until=query["until"])
    audit.record(rules.STATEMENT.name, "member", member_id, format=query["format"])
    if query["format"] == "json":
        return asked
    return statement_files.as_file(asked, query["format"])


@blueprint.get("/points/expiring")
@requires(rules.LEDGER)
@blueprint.arguments(ExpiringSoonQuerySchema, location="query")
@blueprint.response(200, ExpiringSoonListSchema)
def see_expiring_soon(query: dict[str, Any]) -> Any:
    """Members whose points lapse within so many days (30), 100 a page."""
    return expiring_soon(query["days"], after=query.get("cursor", 0), now=clock.now())

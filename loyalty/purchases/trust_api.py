from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import current_app

from loyalty.core import clock
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.purchases import trust_review
from loyalty.purchases.rules import FLAGS
from loyalty.purchases.trust_cashiers import of_cashiers
from loyalty.purchases.trust_schemas import (
    CashierListSchema,
    CashierQuerySchema,
    DecidedSchema,
    FlaggedListSchema,
    FlagQuerySchema,
)

blueprint = Blueprint(
    "flags", __name__, url_prefix=API_PREFIX, description="Receipts that wait for a manager."
)


@blueprint.get("/flags")
@requires(FLAGS)
@blueprint.arguments(FlagQuerySchema, location="query")
@blueprint.response(200, FlaggedListSchema)
def see_all(query: dict[str, Any]) -> Any:
    """The receipts of the own stores whose points wait until a manager decides, newest first."""
    return trust_review.open_flags(before=query.get("cursor"))


@blueprint.post("/flags/<int:flag_id>/approve")
@requires(FLAGS)
@blueprint.response(200, DecidedSchema)
def approve(flag_id: int) -> Any:
    """The receipt is right: its points count from now on. Again: changes nothing."""
    return asdict(trust_review.decide(flag_id, approves=True))


@blueprint.post("/flags/<int:flag_id>/refuse")
@requires(FLAGS)
@blueprint.response(200, DecidedSchema)
def refuse(flag_id: int) -> Any:
    """The receipt earns nothing; the purchase itself stays. Again: changes nothing."""
    return asdict(trust_review.decide(flag_id, approves=False))


@blueprint.get("/cashiers")
@requires(FLAGS)
@blueprint.arguments(CashierQuerySchema, location="query")
@blueprint.response(200, CashierListSchema)
def cashiers(query: dict[str, Any]) -> Any:
    """What each person typed, cancelled and adjusted, and which members most of it went to."""
    today = clock.now().astimezone(current_app.extensions["settings"].time_zone).date()
    since = today - timedelta(days=query["days"] - 1)
    return {"items": of_cashiers(since, today), "next": None}

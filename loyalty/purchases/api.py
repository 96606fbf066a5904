from __future__ import annotations

from typing import Any

from flask import request

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.core.idempotency import HEADER, REPLAYED
from loyalty.purchases import rules, service
from loyalty.purchases.recording import Recorded, Rejected, Replayed
from loyalty.purchases.schemas import (
    BatchResultSchema,
    BatchSchema,
    FindSchema,
    PurchaseListSchema,
    PurchaseSchema,
    ReasonSchema,
    ReassignSchema,
    ResultSchema,
    load_row,
)

blueprint = Blueprint(
    "purchases", __name__, url_prefix=API_PREFIX, description="Receipts that earn points."
)

_EXAMPLE = {
    "phone": "0912 345 678",
    "store": "S01",
    "receipt_no": "HD-10482",
    "amount": 150000,
}


@blueprint.post("/purchases")
@requires(rules.RECORD)
@blueprint.arguments(PurchaseSchema, example=_EXAMPLE)
@blueprint.response(201, ResultSchema)
@blueprint.alt_response(200, schema=ResultSchema, description="A replay: recorded before.")
def record(body: dict[str, Any]) -> Any:
    """Record a purchase and earn its points, once.

    The same receipt again answers 200 with `Idempotency-Replayed: true`; with other
    content 409 `receipt_conflict`.
    """
    result = service.record(body, has_idempotency_key=HEADER in request.headers)
    answer = result.as_answer()
    return (answer, 200, {REPLAYED: "true"}) if result.replayed else answer


@blueprint.post("/purchases/batch")
@requires(rules.RECORD)
@blueprint.arguments(BatchSchema, example={"purchases": [{**_EXAMPLE, "receipt_no": "HD-10483"}]})
@blueprint.response(200, BatchResultSchema)
def record_batch(body: dict[str, Any]) -> Any:
    """Record up to 5,000 purchases, wholly in or wholly out, but for rows that are wrong
    in themselves: those are rejected by their index."""
    rows = [load_row(raw) for raw in body["purchases"]]
    outcomes = service.record_many(rows, has_idempotency_key=HEADER in request.headers)
    return {
        "recorded": sum(isinstance(outcome, Recorded) for outcome in outcomes),
        "replayed": sum(isinstance(outcome, Replayed) for outcome in outcomes),
        "rejected": [
            {
                "index": index,
                "code": str(outcome.problem.code),
                "detail": str(outcome.problem.detail),
            }
            for index, outcome in enumerate(outcomes)
            if isinstance(outcome, Rejected)
        ],
    }


@blueprint.get("/purchases")
@requires(rules.FIND)
@blueprint.arguments(FindSchema, location="query")
@blueprint.response(200, PurchaseListSchema)
def find(query: dict[str, Any]) -> Any:
    """Purchases with a receipt number at a store, newest first; voided ones too."""
    return {"items": service.find(**query), "next": None}


@blueprint.post("/purchases/<int:purchase_id>/void")
@requires(rules.VOID)
@blueprint.arguments(ReasonSchema, example={"reason": "typed twice"})
@blueprint.response(200, ResultSchema)
def void(body: dict[str, Any], purchase_id: int) -> Any:
    """The receipt was a mistake: its points go back and its number is free again."""
    return service.void(purchase_id, reason=body.get("reason")).as_answer()


@blueprint.post("/purchases/<int:purchase_id>/reassign")
@requires(rules.REASSIGN)
@blueprint.arguments(ReassignSchema, example={"phone": "0987 654 321", "reason": "wrong number"})
@blueprint.response(200, ResultSchema)
def reassign(body: dict[str, Any], purchase_id: int) -> Any:
    """The phone was a mistake: the purchase moves to another phone with its points."""
    return service.reassign(purchase_id, body["phone"], reason=body.get("reason")).as_answer()

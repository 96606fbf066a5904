from __future__ import annotations

from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.core.idempotency import REPLAYED
from loyalty.purchases import return_views, returns, rules
from loyalty.purchases.return_schemas import (
    ReturnResultSchema,
    ReturnSchema,
    ReturnViewSchema,
    UnnamedReturnSchema,
    WholePurchaseSchema,
)
from loyalty.purchases.return_views import ReturnResult

blueprint = Blueprint(
    "returns", __name__, url_prefix=API_PREFIX, description="Goods that came back."
)

_LINES = [{"sku": "TEA-250", "quantity": 1, "amount": 20000}]


@blueprint.get("/purchases/<int:purchase_id>")
@requires(rules.FIND)
@blueprint.response(200, WholePurchaseSchema)
def purchase(purchase_id: int) -> Any:
    """A purchase with its lines, what is left of it by SKU, and its returns."""
    return return_views.purchase(purchase_id)


@blueprint.post("/purchases/<int:purchase_id>/returns")
@requires(rules.RETURN)
@blueprint.arguments(ReturnSchema, example={"return_no": "TH-17", "amount": 50000})
@blueprint.response(201, ReturnResultSchema)
@blueprint.alt_response(200, schema=ReturnResultSchema, description="A replay: recorded before.")
def record(body: dict[str, Any], purchase_id: int) -> Any:
    """Take goods of a purchase back: an amount, or lines of it. What is not due any more on what
    is kept is taken back; points that were spent on it come back in the same measure.

    The same return again answers 200 with `Idempotency-Replayed: true`; with other
    content 409 `receipt_conflict`.
    """
    return _answer(returns.record(purchase_id, body))


@blueprint.post("/returns")
@requires(rules.RETURN)
@blueprint.arguments(
    UnnamedReturnSchema,
    example={"phone": "0912 345 678", "store": "S01", "return_no": "TH-18", "lines": _LINES},
)
@blueprint.response(201, ReturnResultSchema)
@blueprint.alt_response(200, schema=ReturnResultSchema, description="A replay: recorded before.")
def record_unnamed(body: dict[str, Any]) -> Any:
    """Take goods back from a member. Without `receipt_no`, each line is of the newest earlier
    purchase that has so much of it left, else of none: points go back at the basic rate then."""
    return _answer(returns.record_unnamed(body))


@blueprint.get("/returns/<int:return_id>")
@requires(rules.FIND)
@blueprint.response(200, ReturnViewSchema)
def show(return_id: int) -> Any:
    """A return, with which purchase each line was of."""
    return return_views.get(return_id)


def _answer(result: ReturnResult) -> Any:
    answer = result.as_answer()
    return (answer, 200, {REPLAYED: "true"}) if result.replayed else answer

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from loyalty.core.api import Int64
from loyalty.core.errors import Code, Problem
from loyalty.core.fields import AnswerSchema, Int, Phone, StrictSchema, Text, Time
from loyalty.core.limits import (
    BATCH_ROWS,
    CATEGORY_LENGTH,
    CODE_LENGTH,
    LINES_PER_PURCHASE,
    NAME_LENGTH,
    QUANTITY,
    REASON_LENGTH,
    RECEIPT_LENGTH,
    REDEMPTIONS_OF_A_PURCHASE,
    REGISTER_LENGTH,
    SKU_LENGTH,
)
from loyalty.core.money import MAX_AMOUNT
from loyalty.members.schemas import ProfileSchema
from loyalty.programme.rules import CHANNELS


def _each_once(ids: list[int]) -> None:
    if len(set(ids)) < len(ids):
        raise ValidationError("Each may stand here once.")


class LineSchema(StrictSchema):
    sku = Text(SKU_LENGTH, required=True)
    name = Text(NAME_LENGTH, allow_none=True)
    category = Text(CATEGORY_LENGTH, allow_none=True)
    quantity = Int(0, QUANTITY, required=True)
    amount = Int(0, MAX_AMOUNT, required=True)


class PurchaseSchema(StrictSchema):
    phone = Phone(required=True, metadata={"description": "However it is written."})
    store = Text(CODE_LENGTH, required=True)
    receipt_no = Text(RECEIPT_LENGTH, allow_none=True)
    register = Text(REGISTER_LENGTH, shortest=0, allow_none=True)
    amount = Int(
        0,
        MAX_AMOUNT,
        required=True,
        metadata={"description": "What was paid, in the currency's minor unit."},
    )
    quantity = Int(0, QUANTITY, allow_none=True)
    purchased_at = Time(allow_none=True)
    channel = fields.String(validate=validate.OneOf(CHANNELS), allow_none=True)
    lines = fields.List(
        fields.Nested(LineSchema),
        validate=validate.Length(1, LINES_PER_PURCHASE),
        allow_none=True,
    )
    redemptions = fields.List(
        Int(1, Int64.largest),
        validate=[validate.Length(1, REDEMPTIONS_OF_A_PURCHASE), _each_once],
        allow_none=True,
        metadata={"description": "Holds and vouchers that the receipt is paid with."},
    )
    member = fields.Nested(ProfileSchema, allow_none=True)


class Rows(fields.List[Any]):
    """Rows are loaded one by one, so that a wrong one is rejected alone."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> list[Any]:
        if not isinstance(value, list) or not 1 <= len(value) <= BATCH_ROWS:
            raise ValidationError(f"Must be a list of 1 to {BATCH_ROWS} purchases.")
        return value


class BatchSchema(StrictSchema):
    purchases = Rows(
        fields.Nested(PurchaseSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": BATCH_ROWS},
    )


_row_schema = PurchaseSchema()


def load_row(raw: Any) -> Any:
    """A loaded purchase, or the problem that rejects the row."""
    try:
        return _row_schema.load(raw)
    except ValidationError as error:
        wrong = "; ".join(f"{name}: {_first(said)}" for name, said in sorted(_items(error)))
        return Problem(Code.INVALID_REQUEST, detail=wrong)
    except Problem as problem:
        return problem


def _items(error: ValidationError) -> Any:
    messages = error.messages
    return messages.items() if isinstance(messages, dict) else [("row", messages)]


def _first(said: Any) -> str:
    while isinstance(said, (dict, list)) and said:
        said = next(iter(said.values() if isinstance(said, dict) else said))
    return str(said)


class FindSchema(StrictSchema):
    store = Text(CODE_LENGTH, required=True)
    receipt_no = Text(RECEIPT_LENGTH, required=True)


class ReasonSchema(StrictSchema):
    reason = Text(REASON_LENGTH, allow_none=True)


class ReassignSchema(ReasonSchema):
    phone = Phone(required=True)


class PurchaseViewSchema(AnswerSchema):
    id = fields.Integer()
    store = fields.String()
    register = fields.String()
    receipt_no = fields.String(allow_none=True)
    member_id = fields.Integer()
    amount = fields.Integer()
    quantity = fields.Integer(allow_none=True)
    channel = fields.String()
    purchased_at = Time()
    recorded_at = Time()
    late = fields.Boolean()
    points_earned = fields.Integer()
    points_reversed = fields.Integer()
    points_pending = fields.Integer()
    amount_returned = fields.Integer()
    voided = fields.Boolean()


class BuyerSchema(AnswerSchema):
    id = fields.Integer()
    phone = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    points = fields.Integer()
    tier = fields.String(allow_none=True)
    created = fields.Boolean()


class ResultSchema(AnswerSchema):
    purchase = fields.Nested(PurchaseViewSchema)
    member = fields.Nested(BuyerSchema)


class RejectedSchema(AnswerSchema):
    index = fields.Integer()
    code = fields.String()
    detail = fields.String()


class BatchResultSchema(AnswerSchema):
    recorded = fields.Integer()
    replayed = fields.Integer()
    rejected = fields.List(fields.Nested(RejectedSchema))


class PurchaseListSchema(AnswerSchema):
    items = fields.List(fields.Nested(PurchaseViewSchema))
    next = fields.String(allow_none=True)

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from loyalty.core.fields import AnswerSchema, Int, Phone, StrictSchema, Text, Time
from loyalty.core.limits import (
    CODE_LENGTH,
    LINES_PER_PURCHASE,
    QUANTITY,
    REASON_LENGTH,
    RECEIPT_LENGTH,
    REGISTER_LENGTH,
    SKU_LENGTH,
)
from loyalty.core.money import MAX_AMOUNT
from loyalty.purchases.schemas import BuyerSchema, PurchaseViewSchema


class GoodsLineSchema(StrictSchema):
    sku = Text(SKU_LENGTH, required=True)
    quantity = Int(0, QUANTITY, required=True)
    amount = Int(
        0,
        MAX_AMOUNT,
        allow_none=True,
        metadata={"description": "Without it, the line's share of what was paid."},
    )


class ReturnSchema(StrictSchema):
    return_no = Text(RECEIPT_LENGTH, required=True)
    amount = Int(0, MAX_AMOUNT, allow_none=True)
    lines = fields.List(
        fields.Nested(GoodsLineSchema),
        validate=validate.Length(1, LINES_PER_PURCHASE),
        allow_none=True,
    )
    store = Text(
        CODE_LENGTH,
        allow_none=True,
        metadata={"description": "Where the goods came back, if not where they were bought."},
    )
    register = Text(REGISTER_LENGTH, shortest=0, allow_none=True)
    returned_at = Time(allow_none=True)
    reason = Text(REASON_LENGTH, allow_none=True)

    @validates_schema
    def check_something_came_back(self, given: dict[str, Any], **_: Any) -> None:
        if given.get("amount") is None and given.get("lines") is None:
            raise ValidationError("Say the amount, or the lines.", "amount")


class UnnamedReturnSchema(ReturnSchema):
    phone = Phone(required=True, metadata={"description": "However it is written."})
    store = Text(CODE_LENGTH, required=True)
    receipt_no = Text(RECEIPT_LENGTH, allow_none=True)


class ReturnedLineSchema(AnswerSchema):
    purchase_id = fields.Integer(allow_none=True)
    sku = fields.String(allow_none=True)
    quantity = fields.Integer()
    amount = fields.Integer()


class ReturnViewSchema(AnswerSchema):
    id = fields.Integer()
    purchase_id = fields.Integer(allow_none=True)
    store = fields.String()
    register = fields.String()
    return_no = fields.String()
    member_id = fields.Integer()
    amount = fields.Integer()
    lines = fields.List(fields.Nested(ReturnedLineSchema))
    returned_at = Time()
    recorded_at = Time()
    points_reversed = fields.Integer()
    points_restored = fields.Integer()


class ReturnResultSchema(AnswerSchema):
    returned = fields.Nested(ReturnViewSchema, data_key="return")
    member = fields.Nested(BuyerSchema)


class SoldLineSchema(AnswerSchema):
    sku = fields.String()
    name = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    quantity = fields.Integer()
    amount = fields.Integer()


class LeftLineSchema(AnswerSchema):
    sku = fields.String()
    name = fields.String(allow_none=True)
    quantity = fields.Integer()
    amount = fields.Integer()


class LeftSchema(AnswerSchema):
    amount = fields.Integer()
    lines = fields.List(fields.Nested(LeftLineSchema))


class WholePurchaseViewSchema(PurchaseViewSchema):
    lines = fields.List(fields.Nested(SoldLineSchema))
    left = fields.Nested(LeftSchema)
    returns = fields.List(fields.Nested(ReturnViewSchema))


class WholePurchaseSchema(AnswerSchema):
    purchase = fields.Nested(WholePurchaseViewSchema)
    member = fields.Nested(BuyerSchema)

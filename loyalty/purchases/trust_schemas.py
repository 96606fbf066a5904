from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import AnswerSchema, QueryInt, StrictSchema, Time


class FlagQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class CashierQuerySchema(StrictSchema):
    days = QueryInt(
        1, 366, load_default=30, metadata={"description": "Local days, today the last of them."}
    )


class FlaggedPurchaseSchema(AnswerSchema):
    id = fields.Integer()
    store = fields.String()
    receipt_no = fields.String(allow_none=True)
    amount = fields.Integer()
    purchased_at = Time()
    recorded_at = Time()


class FlaggedSchema(AnswerSchema):
    id = fields.Integer(metadata={"description": "What approve and refuse take."})
    kinds = fields.List(fields.String(metadata={"description": "own_phone, many_receipts or late"}))
    purchase = fields.Nested(FlaggedPurchaseSchema)
    member_id = fields.Integer()
    phone = fields.String(allow_none=True, metadata={"description": "The last digits."})
    actor = fields.String(metadata={"description": "Who typed it, such as person:7."})
    actor_name = fields.String(allow_none=True)
    flagged_at = Time()
    points = fields.Integer(metadata={"description": "That wait."})


class FlaggedListSchema(AnswerSchema):
    items = fields.List(fields.Nested(FlaggedSchema))
    next = fields.String(allow_none=True)


class DecidedSchema(AnswerSchema):
    purchase_id = fields.Integer()
    decision = fields.String(metadata={"description": "approved or refused"})
    points = fields.Integer(metadata={"description": "That count from now on, or are due no more."})


class TopPhoneSchema(AnswerSchema):
    phone = fields.String(allow_none=True, metadata={"description": "The last digits."})
    member_id = fields.Integer()
    receipts = fields.Integer()


class CashierSchema(AnswerSchema):
    actor = fields.String()
    name = fields.String(allow_none=True)
    receipts = fields.Integer(metadata={"description": "Typed for these days, and standing."})
    amount = fields.Integer()
    top_phones = fields.List(fields.Nested(TopPhoneSchema))
    flags = fields.Integer()
    late = fields.Integer()
    voids = fields.Integer()
    adjustments = fields.Integer()


class CashierListSchema(AnswerSchema):
    items = fields.List(fields.Nested(CashierSchema))
    next = fields.String(allow_none=True)

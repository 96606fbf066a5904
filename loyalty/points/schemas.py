from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import QueryInt, StrictSchema, Time


class ExpiringSchema(StrictSchema):
    points = fields.Integer()
    expires_at = Time()


class StandingSchema(StrictSchema):
    balance = fields.Integer()
    held = fields.Integer()
    available = fields.Integer()
    debt = fields.Integer()
    expiring = fields.List(fields.Nested(ExpiringSchema))


class EntryQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class EntrySchema(StrictSchema):
    id = fields.Integer()
    member_id = fields.Integer()
    kind = fields.String()
    points = fields.Integer()
    purchase_id = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True)
    occurred_at = Time()
    recorded_at = Time()


class EntryListSchema(StrictSchema):
    items = fields.List(fields.Nested(EntrySchema))
    next = fields.String(allow_none=True)


class RuleSchema(StrictSchema):
    version = fields.Integer()
    points = fields.Integer()
    per_amount = fields.Integer(metadata={"description": "In the currency's minor unit."})
    currency = fields.String()


class LotSchema(StrictSchema):
    points = fields.Integer()
    remaining = fields.Integer()
    expires_at = Time(allow_none=True)


class TakenSchema(StrictSchema):
    lot = fields.Integer()
    points = fields.Integer()


class WhySchema(StrictSchema):
    rule = fields.Nested(RuleSchema, allow_none=True)
    inputs = fields.Dict(allow_none=True)
    rounding = fields.String()
    lot = fields.Nested(LotSchema, allow_none=True)
    taken_from = fields.List(fields.Nested(TakenSchema))


class ExplainedSchema(StrictSchema):
    entry = fields.Nested(EntrySchema)
    why = fields.Nested(WhySchema)

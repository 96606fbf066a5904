from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import AnswerSchema, StrictSchema
from loyalty.programme.schemas import RuleSchema


class DryRunSchema(StrictSchema):
    """Local days, both included; left out: no end."""

    rule = fields.Nested(RuleSchema, required=True)
    since = fields.Date(data_key="from")
    until = fields.Date(data_key="to")


class PointsSchema(AnswerSchema):
    before = fields.Integer()
    after = fields.Integer()


class OfStoreSchema(PointsSchema):
    store = fields.String()


class OfTierSchema(PointsSchema):
    tier = fields.String(allow_none=True)


class OfMemberSchema(AnswerSchema):
    member_id = fields.Integer()
    difference = fields.Integer()


class DryRunResultSchema(PointsSchema):
    purchases = fields.Integer()
    by_store = fields.List(fields.Nested(OfStoreSchema))
    by_tier = fields.List(fields.Nested(OfTierSchema))
    members_gain = fields.Integer()
    members_lose = fields.Integer()
    biggest = fields.List(fields.Nested(OfMemberSchema))

from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import AnswerSchema, QueryInt, StrictSchema, Time


class TierQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class ProgressSchema(AnswerSchema):
    basis = fields.String(metadata={"description": "spend or points"})
    measured = fields.Integer(metadata={"description": "In the window so far."})
    next = fields.String(allow_none=True, metadata={"description": "The tier above."})
    missing = fields.Integer(metadata={"description": "Until that tier."})


class TierChangeSchema(AnswerSchema):
    at = Time()
    came_from = fields.String(allow_none=True, data_key="from")
    to = fields.String(allow_none=True)
    cause = fields.String(metadata={"description": "purchase, review or merge"})
    measured = fields.Integer()


class TiersOfMemberSchema(AnswerSchema):
    """How a member stands, and a page of how it came about, newest first."""

    tier = fields.String(allow_none=True)
    progress = fields.Nested(ProgressSchema)
    items = fields.List(fields.Nested(TierChangeSchema))
    next = fields.String(allow_none=True)

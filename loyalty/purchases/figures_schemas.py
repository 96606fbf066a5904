from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import QueryInt, StrictSchema, Time
from loyalty.points.figures import MOST_MONTHS

_SHARE = {"description": "Of the points earned; null where none were."}


class FiguresQuerySchema(StrictSchema):
    months = QueryInt(1, MOST_MONTHS, load_default=12)


class MonthSchema(StrictSchema):
    month = fields.String(metadata={"description": "`2026-11`."})
    earned = fields.Integer()
    spent = fields.Integer()
    expired = fields.Integer()
    outstanding = fields.Integer(
        metadata={"description": "At its end, less what members have to make up."}
    )
    worth = fields.Integer(
        metadata={"description": "Of the points outstanding, in the currency's minor unit."}
    )
    sales = fields.Integer(metadata={"description": "Net of returns, in the minor unit."})
    earn_rate = fields.Float(
        allow_none=True,
        metadata={"description": "The worth of the points earned, as a share of the sales."},
    )
    redeem_rate = fields.Float(allow_none=True, metadata=_SHARE)
    breakage_rate = fields.Float(allow_none=True, metadata=_SHARE)


class PointFiguresSchema(StrictSchema):
    outstanding = fields.Integer(metadata={"description": "What all members have together."})
    worth = fields.Integer(metadata={"description": "In the currency's minor unit."})
    held = fields.Integer()
    debt = fields.Integer()
    expiring = fields.Integer(metadata={"description": "Within 30 days."})
    redeem_rate = fields.Float(allow_none=True, metadata=_SHARE)
    breakage_rate = fields.Float(allow_none=True, metadata=_SHARE)
    months = fields.List(fields.Nested(MonthSchema))


class FiguresSchema(StrictSchema):
    as_of = Time()
    currency = fields.String()
    point_value = fields.Integer(metadata={"description": "In the currency's minor unit."})
    points = fields.Nested(
        PointFiguresSchema,
        allow_none=True,
        metadata={"description": "Of the whole shop: null for whoever stores bound."},
    )

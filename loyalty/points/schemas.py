from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates

from loyalty.core.fields import Int, QueryInt, StrictSchema, Text, Time
from loyalty.core.limits import POINTS, REASON_LENGTH

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)
STATEMENT_FORMATS = ("json", "csv", "pdf")
DAYS_AHEAD = 366


class ExpiringSchema(StrictSchema):
    points = fields.Integer()
    expires_at = Time()


class StandingSchema(StrictSchema):
    balance = fields.Integer()
    held = fields.Integer()
    available = fields.Integer()
    debt = fields.Integer()
    pending = fields.Integer(metadata={"description": "Earned, and not counting yet."})
    expiring = fields.List(fields.Nested(ExpiringSchema))


class EntryQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class EntrySchema(StrictSchema):
    id = fields.Integer()
    member_id = fields.Integer()
    kind = fields.String()
    points = fields.Integer()
    purchase_id = fields.Integer(allow_none=True)
    redemption_id = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True)
    occurred_at = Time()
    recorded_at = Time()


class EntryListSchema(StrictSchema):
    items = fields.List(fields.Nested(EntrySchema))
    next = fields.String(allow_none=True)


class RuleAppliedSchema(StrictSchema):
    version = fields.Integer()
    points = fields.Integer()
    per_amount = fields.Integer(metadata={"description": "In the currency's minor unit."})
    currency = fields.String()


class LotSchema(StrictSchema):
    points = fields.Integer()
    remaining = fields.Integer()
    expires_at = Time(allow_none=True)


class PartSchema(StrictSchema):
    lot = fields.Integer()
    points = fields.Integer()


class TierAppliedSchema(StrictSchema):
    slug = fields.String()
    percent = fields.Integer()


class PromotionAppliedSchema(StrictSchema):
    id = fields.Integer()
    name = fields.String()
    points = fields.Integer()


class BySchema(StrictSchema):
    actor = fields.String()
    name = fields.String(allow_none=True)


class WhySchema(StrictSchema):
    rule = fields.Nested(RuleAppliedSchema, allow_none=True)
    special_rule = fields.Dict(
        allow_none=True, metadata={"description": "The rule beside the basic one that applied."}
    )
    inputs = fields.Dict(allow_none=True)
    rounding = fields.String(allow_none=True)
    tier = fields.Nested(TierAppliedSchema, allow_none=True)
    promotions = fields.List(fields.Nested(PromotionAppliedSchema))
    bonus = fields.String(allow_none=True)
    return_id = fields.Integer(allow_none=True)
    lot = fields.Nested(LotSchema, allow_none=True)
    taken_from = fields.List(fields.Nested(PartSchema))
    put_back = fields.List(fields.Nested(PartSchema))
    debt_made = fields.Integer()
    debt_repaid = fields.Integer()
    by = fields.Nested(BySchema)


class ExplainedSchema(StrictSchema):
    entry = fields.Nested(EntrySchema)
    why = fields.Nested(WhySchema)


class AdjustmentSchema(StrictSchema):
    points = Int(-POINTS, POINTS, required=True)
    reason = Text(REASON_LENGTH, required=True)

    @validates("points")
    def not_0(self, points: int, **_: Any) -> None:
        validate.NoneOf([0], error="Must not be 0.")(points)


class HolderSchema(StrictSchema):
    id = fields.Integer()
    points = fields.Integer()


class AdjustedSchema(StrictSchema):
    entry = fields.Nested(EntrySchema)
    member = fields.Nested(HolderSchema)


class PeriodDay(fields.Date):
    """A local day `2026-11-22`, of which the shop's zone may have more than UTC has."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> date:
        try:
            day = date.fromisoformat(value) if len(value) == len("2026-11-22") else FIRST_DAY
        except ValueError:
            day = LAST_DAY
        if not FIRST_DAY < day < LAST_DAY:
            raise ValidationError("Must be a date such as 2026-11-22.")
        return day


class PeriodSchema(StrictSchema):
    since = PeriodDay(data_key="from", required=True)
    until = PeriodDay(data_key="to", required=True)
    format = fields.String(load_default="json", validate=validate.OneOf(STATEMENT_FORMATS))


class StatementLineSchema(StrictSchema):
    at = Time()
    kind = fields.String()
    points = fields.Integer(metadata={"description": "By how much the balance shown changed."})
    entry_id = fields.Integer(allow_none=True)
    purchase_id = fields.Integer(allow_none=True)
    redemption_id = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True)


class StatementSchema(StrictSchema):
    member_id = fields.Integer()
    since = fields.Date(data_key="from")
    until = fields.Date(data_key="to")
    opening = fields.Integer()
    earned = fields.Integer()
    spent = fields.Integer()
    expired = fields.Integer()
    adjusted = fields.Integer()
    closing = fields.Integer()
    lines = fields.List(fields.Nested(StatementLineSchema))


class ExpiringSoonQuerySchema(StrictSchema):
    days = QueryInt(1, DAYS_AHEAD, load_default=30)
    cursor = QueryInt(1, 2**31 - 1)


class ExpiringSoonSchema(StrictSchema):
    member_id = fields.Integer()
    phone = fields.String(allow_none=True, metadata={"description": "Its last digits alone."})
    points = fields.Integer()
    first_expires_at = Time()


class ExpiringSoonListSchema(StrictSchema):
    items = fields.List(fields.Nested(ExpiringSoonSchema))
    next = fields.String(allow_none=True)

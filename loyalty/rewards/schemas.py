from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from loyalty.core.fields import AnswerSchema, Bool, Int, QueryInt, Slug, StrictSchema, Text, Time
from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH, POINTS
from loyalty.core.money import MAX_AMOUNT
from loyalty.rewards.models import RewardKind, State
from loyalty.rewards.rules import PAYMENT

PIECES = 1_000_000_000
VOUCHER_DAYS = 3_650
_WRITTEN_CODE_LENGTH = 64
"""With spaces and dashes between."""
_KINDS = [str(kind) for kind in RewardKind]
_WORTH = "Minor units: what the gift costs the shop, or what the voucher takes off."


class RewardChangesSchema(StrictSchema):
    """What of a reward can be changed; null lifts a limit."""

    name = Text(NAME_LENGTH)
    cost = Int(1, POINTS, metadata={"description": "In points."})
    worth = Int(0, MAX_AMOUNT, metadata={"description": _WORTH})
    stock = Int(0, PIECES, allow_none=True)
    per_member = Int(1, PIECES, allow_none=True)
    starts_at = Time(allow_none=True)
    ends_at = Time(allow_none=True, metadata={"description": "Offered until before it."})
    tier = Slug(allow_none=True, metadata={"description": "The lowest tier it is for."})
    tag = Slug(allow_none=True, metadata={"description": "The tag that its members need."})
    voucher_days = Int(
        0,
        VOUCHER_DAYS,
        allow_none=True,
        metadata={"description": "Good to the end of that many days after it was got."},
    )
    active = Bool()


class NewRewardSchema(RewardChangesSchema):
    name = Text(NAME_LENGTH, required=True)
    kind = fields.String(validate=validate.OneOf(_KINDS), load_default=str(RewardKind.GIFT))
    cost = Int(1, POINTS, required=True, metadata={"description": "In points."})
    worth = Int(0, MAX_AMOUNT, load_default=0, metadata={"description": _WORTH})


class RewardSchema(AnswerSchema):
    id = fields.Integer()
    name = fields.String()
    kind = fields.String(validate=validate.OneOf(_KINDS))
    cost = fields.Integer()
    worth = fields.Integer()
    stock = fields.Integer(allow_none=True)
    per_member = fields.Integer(allow_none=True)
    starts_at = Time(allow_none=True)
    ends_at = Time(allow_none=True)
    tier = fields.String(allow_none=True)
    tag = fields.String(allow_none=True)
    voucher_days = fields.Integer(allow_none=True)
    active = fields.Boolean()
    created_at = Time()


class RewardListSchema(AnswerSchema):
    items = fields.List(fields.Nested(RewardSchema))
    next = fields.String(allow_none=True)


class HoldSchema(StrictSchema):
    """Either a reward or points for a payment."""

    reward = Int(1, 2**31 - 1)
    points = Int(1, POINTS)
    store = Text(CODE_LENGTH)

    @validates_schema
    def one_of_them(self, values: dict[str, Any], **_: object) -> None:
        if ("reward" in values) == ("points" in values):
            raise ValidationError("Name a reward, or points for a payment.", "reward")


class CaptureSchema(StrictSchema):
    points = Int(1, POINTS, metadata={"description": "Of a payment; left out: all of it."})


class CodeSchema(StrictSchema):
    code = Text(_WRITTEN_CODE_LENGTH, required=True)


class PageSchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class YearSchema(StrictSchema):
    year = QueryInt(1990, 2200, required=True)


class ForRewardSchema(AnswerSchema):
    id = fields.Integer()
    name = fields.String()
    kind = fields.String(validate=validate.OneOf(_KINDS))
    worth = fields.Integer()


class RedemptionSchema(AnswerSchema):
    id = fields.Integer()
    member_id = fields.Integer()
    code = fields.String()
    kind = fields.String(validate=validate.OneOf([*_KINDS, PAYMENT]))
    state = fields.String(validate=validate.OneOf([str(state) for state in State]))
    reward = fields.Nested(ForRewardSchema, allow_none=True)
    points = fields.Integer()
    captured = fields.Integer()
    restored = fields.Integer()
    worth = fields.Integer(metadata={"description": "Minor units, as it was when it was got."})
    expires_at = Time()
    voucher_until = Time(allow_none=True)
    used_at = Time(allow_none=True)
    purchase_id = fields.Integer(allow_none=True)
    store = fields.String(allow_none=True)
    created_at = Time()
    created_by = fields.String()
    captured_at = Time(allow_none=True)
    captured_by = fields.String(allow_none=True)
    ended_at = Time(allow_none=True)
    ended_by = fields.String(allow_none=True)


class RedemptionListSchema(AnswerSchema):
    items = fields.List(fields.Nested(RedemptionSchema))
    next = fields.String(allow_none=True)


class GivenSumsSchema(AnswerSchema):
    given = fields.Integer()
    points = fields.Integer()
    worth = fields.Integer()


class GivenSchema(GivenSumsSchema):
    reward = fields.Integer()
    name = fields.String()
    kind = fields.String()
    month = fields.Integer()


class ReportSchema(AnswerSchema):
    year = fields.Integer()
    currency = fields.String()
    items = fields.List(fields.Nested(GivenSchema))
    total = fields.Nested(GivenSumsSchema)

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from loyalty.core.fields import AnswerSchema, Int, Slug, StrictSchema, Text, Time
from loyalty.core.limits import (
    CATEGORY_LENGTH,
    CODE_LENGTH,
    NAME_LENGTH,
    POINTS,
    RULE_VALUES,
    RULES_OF_A_VERSION,
    SKU_LENGTH,
)
from loyalty.core.money import MAX_AMOUNT
from loyalty.programme.conditions import Per
from loyalty.programme.policy import ExpiryMode, TierBasis
from loyalty.programme.rules import CHANNELS

POINTS_OF_A_RULE = 1_000_000
LARGEST_TIMES = 10_000
"""A hundred times: more is a slip of the finger."""
MONTHS = 120
BONUS_POINTS = 1_000_000

_some = validate.Length(1, RULE_VALUES)


def _one_of(names: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([str(name) for name in names]))


# -- rules ---------------------------------------------------------------------


class HoursSchema(StrictSchema):
    """From the beginning of one local hour until before another: 22 to 2 goes over midnight."""

    class Meta(StrictSchema.Meta):
        include = {
            "from": Int(0, 23, required=True),
            "to": Int(0, 24, required=True),
        }

    @validates_schema
    def not_nothing(self, values: dict[str, int], **_: object) -> None:
        if values["from"] == values["to"]:
            raise ValidationError("Must end at another hour than it begins at.", "to")


class GoodsSchema(StrictSchema):
    skus = fields.List(Text(SKU_LENGTH), validate=_some)
    categories = fields.List(Text(CATEGORY_LENGTH), validate=_some)


class ConditionsSchema(GoodsSchema):
    """What is left out asks for nothing. Weekdays are 1 for Monday to 7; `skus` and `categories`
    name the goods that a rule is about; `min_amount` is of the goods that earn."""

    stores = fields.List(Text(CODE_LENGTH), validate=_some)
    channels = fields.List(_one_of(CHANNELS), validate=_some)
    weekdays = fields.List(Int(1, 7), validate=validate.Length(1, 7))
    hours = fields.Nested(HoursSchema)
    tiers = fields.List(Slug(), validate=_some)
    tag = Slug()
    min_amount = Int(1, MAX_AMOUNT)


class SpecialRuleSchema(StrictSchema):
    """Instead of the basic rule where it brings more: per `amount`, per `visit`, per `item`."""

    per = fields.String(required=True, validate=validate.OneOf([str(per) for per in Per]))
    points = Int(1, POINTS_OF_A_RULE, required=True)
    per_amount = Int(1, MAX_AMOUNT, metadata={"description": "Of a rule per amount alone."})
    when = fields.Nested(ConditionsSchema)

    @validates_schema
    def fits(self, values: dict[str, Any], **_: object) -> None:
        if (values.get("per") == Per.AMOUNT) != ("per_amount" in values):
            raise ValidationError("Stands with a rule per amount, and with no other.", "per_amount")


class SpecialSchema(StrictSchema):
    """Beside the basic rule: rules that apply instead where they bring more, and goods that
    never earn."""

    rules = fields.List(
        fields.Nested(SpecialRuleSchema), validate=validate.Length(1, RULES_OF_A_VERSION)
    )
    never = fields.Nested(GoodsSchema)


class RuleSchema(StrictSchema):
    """`points` for every full `per_amount` in minor units."""

    points = Int(0, POINTS_OF_A_RULE, required=True)
    per_amount = Int(1, MAX_AMOUNT, required=True)
    special = fields.Nested(SpecialSchema, allow_none=True)


class NewRuleSchema(RuleSchema):
    valid_from = Time(metadata={"description": "For purchases from then on; left out: from now."})


class TermsOfPromotionSchema(StrictSchema):
    """Either `times_percent` (200 doubles what the rule gives) or `points` a receipt."""

    times_percent = Int(101, LARGEST_TIMES)
    points = Int(1, POINTS_OF_A_RULE)
    when = fields.Nested(ConditionsSchema)
    cap_receipt = Int(1, POINTS)
    cap_member = Int(1, POINTS)

    @validates_schema
    def one_of_both(self, values: dict[str, Any], **_: object) -> None:
        if ("times_percent" in values) == ("points" in values):
            raise ValidationError("Either times_percent or points.", "points")


class NewPromotionSchema(StrictSchema):
    name = Text(NAME_LENGTH, required=True)
    terms = fields.Nested(TermsOfPromotionSchema, required=True)
    starts_at = Time(metadata={"description": "Left out: from now."})
    ends_at = Time(required=True)
    budget = Int(1, POINTS, allow_none=True, metadata={"description": "In points, in all."})


# -- settings ------------------------------------------------------------------


class ExpirySchema(StrictSchema):
    """`months` after earning or after the last purchase; `month` and `day` of a yearly date."""

    mode = _one_of(ExpiryMode)
    months = Int(1, MONTHS)
    month = Int(1, 12)
    day = Int(1, 31)


class BonusesSchema(StrictSchema):
    """In points; 0 is off."""

    sign_up = Int(0, BONUS_POINTS)
    first_purchase = Int(0, BONUS_POINTS)
    birthday = Int(0, BONUS_POINTS)


class RedeemingSchema(StrictSchema):
    min_points = Int(0, POINTS)
    min_purchases = Int(0, 1_000)
    spoken_phone_points = Int(0, POINTS)
    hold_minutes = Int(1, 24 * 60)


class TieringSchema(StrictSchema):
    basis = _one_of(TierBasis)
    window_months = Int(1, MONTHS)


class CapsSchema(StrictSchema):
    """The most points that one hand may add and take of one member in a day."""

    cashier = Int(0, POINTS)
    manager = Int(0, POINTS)


class PolicySchema(StrictSchema):
    """The settings of the programme; what is left out stays as it is."""

    point_value = Int(1, MAX_AMOUNT, allow_none=True)
    pending_days = Int(0, 365)
    receipts_a_day = Int(1, 1_000)
    expiry = fields.Nested(ExpirySchema)
    bonuses = fields.Nested(BonusesSchema)
    redeeming = fields.Nested(RedeemingSchema)
    tiering = fields.Nested(TieringSchema)
    adjustments = fields.Nested(CapsSchema)


class ProgrammeChangesSchema(StrictSchema):
    shop_name = Text(NAME_LENGTH)
    policy = fields.Nested(PolicySchema)


# -- answers -------------------------------------------------------------------


class ProgrammeSchema(AnswerSchema):
    shop_name = fields.String()
    started_at = Time()
    currency = fields.String()
    point_value = fields.Integer(metadata={"description": "Of a point, in minor units."})
    policy = fields.Nested(PolicySchema)


class RuleViewSchema(AnswerSchema):
    version = fields.Integer()
    points = fields.Integer()
    per_amount = fields.Integer()
    special = fields.Nested(SpecialSchema, allow_none=True)
    valid_from = Time()
    in_force = fields.Boolean()


class RuleListSchema(AnswerSchema):
    items = fields.List(fields.Nested(RuleViewSchema))
    next = fields.String(allow_none=True)


class PromotionSchema(AnswerSchema):
    id = fields.Integer()
    name = fields.String()
    terms = fields.Nested(TermsOfPromotionSchema)
    starts_at = Time()
    ends_at = Time()
    budget = fields.Integer(allow_none=True)
    given = fields.Integer(allow_none=True, metadata={"description": "Of the budget, so far."})
    state = _one_of(("coming", "running", "ended"))


class PromotionListSchema(AnswerSchema):
    items = fields.List(fields.Nested(PromotionSchema))
    next = fields.String(allow_none=True)

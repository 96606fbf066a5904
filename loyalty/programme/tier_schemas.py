from __future__ import annotations

from marshmallow import fields

from loyalty.core.fields import AnswerSchema, Int, Slug, StrictSchema, Text
from loyalty.core.limits import NAME_LENGTH
from loyalty.core.money import MAX_AMOUNT

LARGEST_MULTIPLIER = 10_000
"""A hundred times: more is a slip of the finger."""
_THRESHOLD = (
    "What brings a member into the tier within the window, exactly so much included: minor units, "
    "or points where the programme's basis is points."
)
_MULTIPLIER = "What the earning rule gives is multiplied so: 150 is half as much again."


class TierChangesSchema(StrictSchema):
    """What of a tier can be changed; the slug stays."""

    name = Text(NAME_LENGTH)
    threshold = Int(1, MAX_AMOUNT, metadata={"description": _THRESHOLD})
    multiplier_percent = Int(100, LARGEST_MULTIPLIER, metadata={"description": _MULTIPLIER})


class NewTierSchema(TierChangesSchema):
    slug = Slug(required=True, metadata={"description": "Its name in addresses and rules."})
    name = Text(NAME_LENGTH, required=True)
    threshold = Int(1, MAX_AMOUNT, required=True, metadata={"description": _THRESHOLD})
    multiplier_percent = Int(
        100, LARGEST_MULTIPLIER, load_default=100, metadata={"description": _MULTIPLIER}
    )


class TierSchema(AnswerSchema):
    slug = fields.String()
    name = fields.String()
    threshold = fields.Integer()
    multiplier_percent = fields.Integer()


class TierListSchema(AnswerSchema):
    items = fields.List(fields.Nested(TierSchema))
    next = fields.String(allow_none=True)

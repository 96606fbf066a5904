"""What the routes of tags answer, for the API's description."""

from __future__ import annotations

from marshmallow import fields, validate

from loyalty.core.fields import AnswerSchema, Time
from loyalty.groups.models import Cause
from loyalty.members.schemas import RefusedNumberSchema

_KIND = validate.OneOf(["manual", "rule"])


class FailingSchema(AnswerSchema):
    """Why the newest build did not come to an end; the tag's members stay as they were."""

    code = fields.String()
    detail = fields.String()
    about = fields.String(allow_none=True, metadata={"description": "What the code is about."})
    since = Time(allow_none=True)


class TagSchema(AnswerSchema):
    slug = fields.String()
    name = fields.String()
    kind = fields.String(validate=_KIND)
    rule = fields.Dict(allow_none=True)
    sentence = fields.String(allow_none=True, metadata={"description": "The rule in words."})
    link = fields.String(allow_none=True)
    count = fields.Integer()
    built_at = Time(
        allow_none=True,
        metadata={"description": "As of when all members were last asked; manual tags: never."},
    )
    rule_version = fields.Integer()
    failing = fields.Nested(FailingSchema, allow_none=True)
    created_at = Time()
    updated_at = Time(allow_none=True)


class TagListSchema(AnswerSchema):
    items = fields.List(fields.Nested(TagSchema))
    next = fields.String(allow_none=True)


class BuildSchema(AnswerSchema):
    id = fields.Integer()
    cause = fields.String(validate=validate.OneOf([str(cause) for cause in Cause]))
    as_of = Time()
    rule_version = fields.Integer(allow_none=True)
    count = fields.Integer(allow_none=True)
    added = fields.Integer(allow_none=True)
    removed = fields.Integer(allow_none=True)
    took_ms = fields.Integer(allow_none=True)
    failing = fields.Nested(FailingSchema, allow_none=True)
    by = fields.String(allow_none=True, metadata={"description": "Name of who or what did it."})
    ended_at = Time()


class BuildListSchema(AnswerSchema):
    items = fields.List(fields.Nested(BuildSchema))
    next = fields.String(allow_none=True)


class FilledSchema(AnswerSchema):
    changed = fields.Integer(metadata={"description": "How many came in or went out."})
    rejected = fields.List(fields.Nested(RefusedNumberSchema))


class MarkedSchema(AnswerSchema):
    changed = fields.Boolean(metadata={"description": "false: it was so already."})


class MemberTagSchema(AnswerSchema):
    slug = fields.String()
    name = fields.String()
    kind = fields.String(validate=_KIND)
    link = fields.String(allow_none=True)
    since = Time(allow_none=True)
    by = fields.String(allow_none=True, metadata={"description": "Who set it by hand."})
    why = fields.String()


class MemberTagListSchema(AnswerSchema):
    items = fields.List(fields.Nested(MemberTagSchema))
    next = fields.String(allow_none=True)


class FoundSchema(AnswerSchema):
    id = fields.Integer()
    phone = fields.String(allow_none=True, metadata={"description": "Masked."})


class PreviewedSchema(AnswerSchema):
    count = fields.Integer()
    sample = fields.List(fields.Nested(FoundSchema))


class ChoiceSchema(AnswerSchema):
    value = fields.Raw()
    label = fields.String()


class TestedSchema(AnswerSchema):
    """Something that a rule can test: with which operators, on which values."""

    label = fields.String()
    kind = fields.String(metadata={"description": "text, choice, choices, number, money, ..."})
    operators = fields.List(fields.Nested(ChoiceSchema))
    unit = fields.String(allow_none=True, metadata={"description": "Money: minor units of it."})
    whole = fields.Boolean(allow_none=True)
    least = fields.Float(allow_none=True)
    most = fields.Float(allow_none=True)
    example = fields.Dict(metadata={"description": "A whole leaf of a rule."})


class DescribedFieldSchema(TestedSchema):
    name = fields.String()
    choices = fields.List(fields.Nested(ChoiceSchema), allow_none=True)


class DescribedPurchasesSchema(TestedSchema):
    agg = fields.String()
    of = fields.String()


class WindowSchema(ChoiceSchema):
    longest = fields.Integer()


class CurrencySchema(AnswerSchema):
    code = fields.String()
    decimals = fields.Integer()


class DescribedSchema(AnswerSchema):
    """What rules are made of: `fields` (the shop's attributes among them), what can be asked
    of `purchases`, the conditions of `where`, the units of `windows`."""

    # Not an attribute of that name: it would hide what schemas keep there.
    class Meta:
        include = {"fields": fields.List(fields.Nested(DescribedFieldSchema))}

    purchases = fields.List(fields.Nested(DescribedPurchasesSchema))
    where = fields.List(fields.Nested(DescribedFieldSchema))
    windows = fields.List(fields.Nested(WindowSchema))
    currency = fields.Nested(CurrencySchema)
    limits = fields.Dict(values=fields.Integer())


class InstalledSchema(AnswerSchema):
    made = fields.Integer()
    there = fields.Integer()


class ThresholdsSchema(AnswerSchema):
    recency = fields.List(fields.Integer())
    frequency = fields.List(fields.Integer())
    monetary = fields.List(fields.Integer())

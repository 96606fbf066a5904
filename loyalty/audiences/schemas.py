from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from loyalty.audiences.changes import EXPRESSION
from loyalty.audiences.language import Leaf
from loyalty.audiences.service import TAKEN
from loyalty.core.fields import AnswerSchema, QueryInt, Slug, StrictSchema, Text, Time
from loyalty.core.limits import NAME_LENGTH
from loyalty.groups.models import Cause, GroupKind
from loyalty.groups.service import REACH

OVERLAPPING = 5
"""How many groups can be laid over each other: there are 2 to the power of it regions."""
_EXPRESSION = {
    "type": "object",
    "description": "One of `tag` and `audience` (a slug), `all` and `any` (a list of"
    " expressions) and `not` (an expression).",
}


class AudienceChangeSchema(StrictSchema):
    """What of an audience can be changed; the slug stays."""

    name = Text(NAME_LENGTH)
    expression = fields.Raw(metadata=_EXPRESSION)


class NewAudienceSchema(StrictSchema):
    name = Text(NAME_LENGTH, required=True)
    slug = Slug(
        taken=TAKEN, metadata={"description": "Its name in addresses; left out: of the name."}
    )
    expression = fields.Raw(required=True, metadata=_EXPRESSION)


class GroupSchema(StrictSchema):
    """A tag or an audience."""

    tag = Slug()
    audience = Slug()

    @post_load
    def leaf(self, values: dict[str, str], **_: Any) -> Leaf:
        if len(values) != 1:
            raise ValidationError("Give a tag or an audience.")
        [(kind, slug)] = values.items()
        return Leaf(GroupKind(kind), slug)


class AudiencePreviewSchema(StrictSchema):
    expression = fields.Raw(required=True, metadata=_EXPRESSION)
    overlap = fields.List(
        fields.Nested(GroupSchema), load_default=list, validate=validate.Length(max=OVERLAPPING)
    )


class AudienceQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**31 - 1)


# -- answers -----------------------------------------------------------------------


class AudienceSchema(AnswerSchema):
    slug = fields.String()
    name = fields.String()
    expression = fields.Dict()
    expression_version = fields.Integer()
    count = fields.Integer(metadata={"description": "Exact, of now."})
    built_at = Time(allow_none=True, metadata={"description": "When it was last built."})
    created_at = Time()
    updated_at = Time(allow_none=True)


class AudienceListSchema(AnswerSchema):
    items = fields.List(fields.Nested(AudienceSchema))
    next = fields.String(allow_none=True)


class NodeSchema(AnswerSchema):
    path = fields.String(metadata={"description": "As `all.0.not`; the whole is empty."})
    count = fields.Integer()


class RegionSchema(AnswerSchema):
    """Who is in all of these groups and in none of those."""

    within = fields.List(fields.Dict(), data_key="in")
    out = fields.List(fields.Dict())
    count = fields.Integer()


ReachSchema = AnswerSchema.from_dict(
    {channel: fields.Integer() for channel in REACH}, name="ReachSchema"
)


class AudienceCountsSchema(AnswerSchema):
    count = fields.Integer()
    active = fields.Integer(metadata={"description": "All members there are."})
    nodes = fields.List(fields.Nested(NodeSchema))
    reachable = fields.Nested(
        ReachSchema, metadata={"description": "Whom marketing may reach, by channel."}
    )
    overlap = fields.List(fields.Nested(RegionSchema))


class WhyChangedSchema(AnswerSchema):
    cause = fields.String(
        validate=validate.OneOf([EXPRESSION, *(str(cause) for cause in Cause)]),
    )
    tag = fields.String(allow_none=True)
    added = fields.Integer()
    removed = fields.Integer()


class ChangesSchema(AnswerSchema):
    since = Time(allow_none=True, metadata={"description": "The last build; null: none yet."})
    added = fields.Integer()
    removed = fields.Integer()
    causes = fields.List(fields.Nested(WhyChangedSchema))


class DecidingSchema(AnswerSchema):
    """A leaf that decides: a tag or an audience."""

    path = fields.String()
    tag = fields.String()
    audience = fields.String()
    is_in = fields.Boolean(data_key="in")
    since = Time(allow_none=True)
    why = fields.String(allow_none=True)


class WhyMemberSchema(AnswerSchema):
    is_in = fields.Boolean(data_key="in")
    because = fields.List(fields.Nested(DecidingSchema))

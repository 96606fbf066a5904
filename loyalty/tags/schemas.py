from __future__ import annotations

from marshmallow import ValidationError, fields, validate, validates_schema

from loyalty.core.fields import Int, QueryInt, Slug, StrictSchema, Text, Time
from loyalty.core.limits import BATCH_ROWS, LINK_LENGTH, NAME_LENGTH
from loyalty.tags.reading import RuleField
from loyalty.tags.rfm import SCORES
from loyalty.tags.service import TAKEN

_LARGEST = 2**53
_LINK = "Where the tag's members find what belongs to it, a chat group say; an http(s) address."


class TagChangeSchema(StrictSchema):
    """What of a tag can be changed; the slug stays."""

    name = Text(NAME_LENGTH)
    rule = RuleField()
    link = Text(LINK_LENGTH, allow_none=True, metadata={"description": _LINK})


class NewTagSchema(TagChangeSchema):
    """With a rule the data decides who is in, without one people do."""

    name = Text(NAME_LENGTH, required=True)
    slug = Slug(
        taken=TAKEN, metadata={"description": "Its name in addresses; left out: of the name."}
    )


class FillSchema(StrictSchema):
    """Phones, however they are written."""

    add = fields.List(fields.String(), load_default=list)
    remove = fields.List(fields.String(), load_default=list)

    @validates_schema
    def not_too_many(self, values: dict[str, list[str]], **_: object) -> None:
        if len(values["add"]) + len(values["remove"]) > BATCH_ROWS:
            raise ValidationError(f"At most {BATCH_ROWS} numbers at once.", "add")


class PreviewSchema(StrictSchema):
    rule = RuleField(required=True)
    as_of = Time(metadata={"description": "The moment to count at; left out: now."})


class BuildQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class RfmSchema(StrictSchema):
    """Four thresholds of each score, from worst to best: fewer than so many days since the
    last purchase, more than so many purchases, more than so much money (minor units), each is
    one score more."""

    recency = fields.List(Int(0, 365), required=True, validate=validate.Length(equal=SCORES - 1))
    frequency = fields.List(
        Int(0, 1_000_000), required=True, validate=validate.Length(equal=SCORES - 1)
    )
    monetary = fields.List(
        Int(0, _LARGEST), required=True, validate=validate.Length(equal=SCORES - 1)
    )

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from loyalty.core.fields import AnswerSchema, StrictSchema, Text
from loyalty.core.limits import (
    ATTRIBUTE_CHOICES,
    ATTRIBUTE_NAME_LENGTH,
    ATTRIBUTE_TEXT_LENGTH,
    ATTRIBUTES,
    NAME_LENGTH,
)
from loyalty.core.slugs import ATTRIBUTE_PATTERN
from loyalty.members.models import AttributeKind

KINDS = [str(kind) for kind in AttributeKind]


def _once_each(choices: list[str]) -> None:
    if len(set(choices)) < len(choices):
        raise ValidationError("Give each choice once.")


def _choices(**kwargs: Any) -> fields.List[str]:
    return fields.List(
        Text(ATTRIBUTE_TEXT_LENGTH),
        validate=[validate.Length(max=ATTRIBUTE_CHOICES), _once_each],
        **kwargs,
    )


class AttributeChangesSchema(StrictSchema):
    """`choices` are given whole; one that a member has is not taken away."""

    label = Text(NAME_LENGTH, metadata={"description": "What people read."})
    choices = _choices()


class NewAttributeSchema(StrictSchema):
    name = fields.String(
        required=True,
        validate=validate.Regexp(rf"^{ATTRIBUTE_PATTERN}\Z"),
        metadata={"maxLength": ATTRIBUTE_NAME_LENGTH, "description": "Its word in rules."},
    )
    label = Text(NAME_LENGTH, required=True, metadata={"description": "What people read."})
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    choices = _choices(
        load_default=None,
        allow_none=True,
        metadata={"description": "What can be chosen, where the kind is choice or choices."},
    )


class AttributeSchema(AnswerSchema):
    name = fields.String()
    label = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    choices = fields.List(fields.String(), allow_none=True)


class AttributeListSchema(AnswerSchema):
    items = fields.List(fields.Nested(AttributeSchema))
    next = fields.String(allow_none=True, metadata={"description": "Always null."})


def values_field(**kwargs: Any) -> fields.Dict:
    """Values by the name of their attribute; what each takes is said by its declaration."""
    return fields.Dict(
        keys=fields.String(validate=validate.Regexp(rf"^{ATTRIBUTE_PATTERN}\Z")),
        values=fields.Raw(allow_none=True),
        validate=validate.Length(max=ATTRIBUTES),
        **kwargs,
    )

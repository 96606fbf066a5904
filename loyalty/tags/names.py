"""What the nodes of a rule name: fields, attributes that the shop declared, stores,
aggregates. A name that means nothing is refused with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask_babel import gettext
from marshmallow import ValidationError
from marshmallow.experimental.context import Context

from loyalty.core.errors import Code, Problem
from loyalty.members import attributes
from loyalty.members.attributes import AttributeView
from loyalty.programme import service as programme
from loyalty.tags.fields import (
    AGGREGATES,
    ATTRIBUTE_PREFIX,
    CONDITION_FIELDS,
    FIELDS,
    KIND_OF_ATTRIBUTE,
    Field,
    kind_of_aggregate,
)
from loyalty.tags.language import Agg, Of, Value


class Known:
    """What only the database knows of fields and stores, asked where a rule needs it."""

    @cached_property
    def attributes(self) -> Mapping[str, AttributeView]:
        return attributes.declared()

    @cached_property
    def stores(self) -> Mapping[str, Any]:
        return programme.snapshot().stores


def field_of(view: AttributeView) -> Field:
    """A declared attribute as a field of rules."""
    return Field(
        name=f"{ATTRIBUTE_PREFIX}{view.name}",
        label=view.label,
        kind=KIND_OF_ATTRIBUTE[view.kind],
        choices={choice: choice for choice in view.choices} or None,
        whole=False,
    )


def field_named(name: str) -> Field:
    if name in FIELDS:
        return FIELDS[name]
    if not name.startswith(ATTRIBUTE_PREFIX):
        raise ValidationError(gettext("There is no such field."))
    view = Context[Known].get().attributes.get(name.removeprefix(ATTRIBUTE_PREFIX))
    if view is None:
        raise ValidationError(str(Problem(Code.UNKNOWN_ATTRIBUTE).detail))
    return field_of(view)


def condition_named(name: str) -> Field:
    if name not in CONDITION_FIELDS:
        raise ValidationError(
            gettext("Must be one of: %(choices)s.", choices=", ".join(CONDITION_FIELDS))
        )
    return CONDITION_FIELDS[name]


def of_aggregate(agg: Agg, of: Of) -> Of:
    if of not in AGGREGATES[agg]:
        raise ValidationError(
            gettext("Must be one of: %(choices)s.", choices=", ".join(AGGREGATES[agg]))
        )
    return of


def field_of_aggregate(agg: Agg, of: Of) -> Field:
    """What an aggregate comes to, as a field to compare with."""
    kind = kind_of_aggregate(agg, of)
    return Field(name="purchases", label=None, kind=kind, whole=agg is not Agg.AVG)


def check_stores(value: Value) -> None:
    stores = Context[Known].get().stores
    for code in value if isinstance(value, tuple) else (value,):
        if code not in stores:
            raise ValidationError(str(Problem(Code.UNKNOWN_STORE).detail))

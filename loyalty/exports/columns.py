"""What can be a column of a file: the profile, what is known of a member besides, and what the
shop declares itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.members import attributes
from loyalty.members.attributes import AttributeView
from loyalty.members.consent_rules import CHANNELS
from loyalty.tags.fields import ATTRIBUTE_PREFIX, FIELDS, KIND_OF_ATTRIBUTE

Cells = Sequence[Any]
"""Of one column, a value for each member."""


class ColumnKind(StrEnum):
    """What the values of a column are: the kinds of fields in tag rules (`tags.fields.Kind`),
    and two more."""

    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    """A tuple of texts."""
    NUMBER = "number"
    MONEY = "money"
    """Minor units."""
    POINTS = "points"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"
    PHONE = "phone"
    """E.164."""
    LIST = "list"
    """A tuple of names."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """`name` is its word in orders and the API, `label` what people read above it; `choices`
    maps a value to what people read, where there are few. `in_import`: what the import of
    members takes back."""

    name: str
    label: Any
    kind: ColumnKind
    in_import: bool
    choices: Mapping[str, Any] | None = None


_IMPORTED = (
    "name",
    "email",
    "birth_date",
    "gender",
    "income_band",
    "occupation",
    "education",
    "family_size",
    "country",
    "province",
    "district",
    "joined_at",
    "points",
    *(f"consent_{channel}" for channel in CHANNELS),
)
_TOLD = (
    "source",
    "tier",
    "points_expiring",
    "lifetime_spend",
    "purchase_count",
    "first_purchase",
    "last_purchase",
    "rfm_segment",
)


def _of_field(name: str) -> Column:
    """A column that tag rules know as a field."""
    field = FIELDS[name]
    return Column(
        name=name,
        label=field.label,
        kind=ColumnKind(field.kind),
        in_import=name in _IMPORTED,
        choices=field.choices,
    )


PHONE = Column(name="phone", label=_l("phone number"), kind=ColumnKind.PHONE, in_import=True)
ID = Column(name="id", label=_l("customer no."), kind=ColumnKind.NUMBER, in_import=False)
TAGS = Column(name="tags", label=_l("tags"), kind=ColumnKind.LIST, in_import=True)
"""Those that people set: what rules find, they find again."""
FIXED: Mapping[str, Column] = {
    column.name: column
    for column in (
        PHONE,
        *map(_of_field, _IMPORTED),
        TAGS,
        ID,
        *map(_of_field, _TOLD),
    )
}
"""What every shop has."""
DEFAULT = tuple(column.name for column in FIXED.values() if column.in_import)
"""Where none are chosen: what an import takes back; with `default`, the attributes too."""


def columns() -> dict[str, Column]:
    """Every column by its name, in the order in which they are offered: those that an import
    takes back, attributes among them, then the others."""
    of_attributes = map(_of_attribute, attributes.declared().values())
    every = [*FIXED.values(), *of_attributes]
    return {column.name: column for column in sorted(every, key=lambda each: not each.in_import)}


def default() -> tuple[str, ...]:
    """The names of a file's columns where none are chosen."""
    return tuple(name for name, column in columns().items() if column.in_import)


def _of_attribute(view: AttributeView) -> Column:
    """A label that another column has would not say which of them it is."""
    name = ATTRIBUTE_PREFIX + view.name
    is_taken = view.label.casefold() in {str(each.label).casefold() for each in FIXED.values()}
    return Column(
        name=name,
        label=name if is_taken else view.label,
        kind=ColumnKind(KIND_OF_ATTRIBUTE[view.kind]),
        in_import=True,
    )

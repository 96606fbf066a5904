"""The columns of a list of customers: how each is read, and the sentence for a cell that cannot
be. What may be in a field is what `members/schemas.py` allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.fields import Text
from loyalty.core.limits import ATTRIBUTE_TEXT_LENGTH, NAME_LENGTH, OPENING_POINTS, TAGS_OF_A_ROW
from loyalty.core.spreadsheets import plain_cell
from loyalty.imports import member_cells
from loyalty.members.attribute_rules import AttributeView, Value, checked
from loyalty.members.models import AttributeKind
from loyalty.members.schemas import ProfileSchema
from loyalty.tags.fields import FIELDS, GENDERS, INCOMES

_PROFILE = ProfileSchema().fields
_LENGTHS = {name: field.longest for name, field in _PROFILE.items() if isinstance(field, Text)}
_TAG = Text(NAME_LENGTH)
_OTHER_LABELS = {"tags": _l("tags"), "family_name": _l("family name")}
_CHOICES_TOLD = 10
_YES_NO = (_l("yes"), _l("no"))

_EMAIL = _l("%(column)s: this is no e-mail address.")
_DAY = _l("%(column)s: this is no date such as 31/12/1990, or one that cannot be.")
_WHOLE = _l("%(column)s: this is no whole number from %(low)s to %(high)s.")
_NUMBER = _l("%(column)s: this is no number.")
_TEXT = _l("%(column)s: this is more than %(count)s characters, or not on one line.")
_CHOICE = _l("%(column)s: write one of these: %(choices)s.")
_TAGS = _l("%(column)s: at most %(count)s, each no longer than %(length)s characters.")
_COUNTRY = _l("%(column)s: there is no country with this code or name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One column. `read` takes a cell that is not empty, and raises `ValueError` or
    marshmallow's refusal; None from it says nothing. `sentence` has a place for the column.
    `key`: under which the value is kept, `sms` for `consent_sms`."""

    field: str
    key: str
    place: int
    label: Any
    read: Callable[[str], Any]
    sentence: Any
    told: Mapping[str, Any]
    """What else the sentence has places for."""

    def value_in(self, cells: Sequence[str]) -> Any:
        """None for an empty cell. Raises `Problem`."""
        text = plain_cell(cells[self.place]).strip()
        if not text:
            return None
        try:
            return self.read(text)
        except (ValueError, OverflowError, ValidationError):
            raise self._refusal() from None

    def _refusal(self) -> Problem:
        label = str(self.label)
        told = {"column": label[:1].upper() + label[1:], **self.told}
        if "choices" in told:
            told["choices"] = ", ".join(map(str, islice(told["choices"], _CHOICES_TOLD)))
        return Problem(Code.INVALID_REQUEST, detail=str(self.sentence) % told, field=self.field)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """In whose country and zone cells are read."""

    region: str
    zone: ZoneInfo


_How = tuple[Callable[[str], Any], Any, Mapping[str, Any]]
"""`read`, `sentence` and `told` of a `Reading`."""


def of_field(field: str, place: int, shop: Shop) -> Reading:
    """A column of the profile, of tags, points, or of consent to a channel."""
    label = FIELDS[field].label if field in FIELDS else _OTHER_LABELS[field]
    return _reading(field, field.removeprefix("consent_"), place, label, _how(field, shop))


def of_attribute(view: AttributeView, place: int, shop: Shop) -> Reading:
    how = _how_attribute(view, shop)
    return _reading(f"attributes.{view.name}", view.name, place, view.label, how)


def _reading(field: str, key: str, place: int, label: Any, how: _How) -> Reading:
    read, sentence, told = how
    return Reading(
        field=field, key=key, place=place, label=label, read=read, sentence=sentence, told=told
    )


def _how(field: str, shop: Shop) -> _How:
    match field:
        case "email":
            return _PROFILE[field].deserialize, _EMAIL, {}
        case "birth_date":
            return partial(_birth_date, region=shop.region), _DAY, {}
        case "joined_at":
            return partial(_joined_at, shop=shop), _DAY, {}
        case "gender":
            return _code_in(member_cells.GENDERS), _CHOICE, {"choices": GENDERS.values()}
        case "income_band":
            return _code_in(member_cells.INCOMES), _CHOICE, {"choices": INCOMES.values()}
        case "family_size":
            return _family_size, _WHOLE, {"low": 1, "high": 50}
        case "points":
            return _points, _WHOLE, {"low": 0, "high": OPENING_POINTS}
        case "country":
            return member_cells.country, _COUNTRY, {}
        case "tags":
            return _tags, _TAGS, {"count": TAGS_OF_A_ROW, "length": NAME_LENGTH}
        case _ if field.startswith("consent_"):
            return member_cells.yes_or_no, _CHOICE, {"choices": _YES_NO}
        case "family_name":
            return _how("name", shop)
        case _:
            return _PROFILE[field].deserialize, _TEXT, {"count": _LENGTHS[field]}


def _code_in(codes: Mapping[str, str]) -> Callable[[str], str | None]:
    return lambda text: None if member_cells.is_unknown(text) else member_cells.code_of(text, codes)


@lru_cache(maxsize=65_536)
def _birth_date(text: str, *, region: str) -> Any:
    return _PROFILE["birth_date"].deserialize(member_cells.day(text, region).isoformat())


@lru_cache(maxsize=65_536)
def _joined_at(text: str, *, shop: Shop) -> datetime:
    joined_at = member_cells.moment(text, region=shop.region, zone=shop.zone)
    if joined_at > clock.now():
        raise ValueError
    return joined_at


def _family_size(text: str) -> Any:
    return _PROFILE["family_size"].deserialize(member_cells.whole(text))


def _points(text: str) -> int | None:
    """None for 0: it is no opening balance."""
    points = member_cells.whole(text)
    if points > OPENING_POINTS:
        raise ValueError
    return points or None


@lru_cache(maxsize=4096)
def _tags(text: str) -> tuple[str, ...]:
    names = member_cells.names(text)
    if len(names) > TAGS_OF_A_ROW:
        raise ValueError
    return tuple(map(_TAG.deserialize, names))


# -- attributes --------------------------------------------------------------


def _how_attribute(view: AttributeView, shop: Shop) -> _How:
    plain, sentence, told = _plain_value(view, shop)
    return partial(_attribute, view, plain), sentence, told


def _attribute(view: AttributeView, plain: Callable[[str], Any], text: str) -> Value | None:
    return checked(view, plain(text))


def _plain_value(view: AttributeView, shop: Shop) -> _How:
    """The value as the API takes it."""
    match view.kind:
        case AttributeKind.NUMBER:
            return member_cells.number, _NUMBER, {}
        case AttributeKind.BOOL:
            return member_cells.yes_or_no, _CHOICE, {"choices": _YES_NO}
        case AttributeKind.DATE:
            return partial(_iso_day, region=shop.region), _DAY, {}
        case AttributeKind.CHOICE:
            return _choice_among(view.choices), _CHOICE, {"choices": view.choices}
        case AttributeKind.CHOICES:
            return _choices_among(view.choices), _CHOICE, {"choices": view.choices}
        case AttributeKind.TEXT:
            return str, _TEXT, {"count": ATTRIBUTE_TEXT_LENGTH}


def _iso_day(text: str, *, region: str) -> str:
    return member_cells.day(text, region).isoformat()


def _choice_among(choices: Sequence[str]) -> Callable[[str], str]:
    """However it is capitalised, and with or without its marks."""
    by_word = {member_cells.folded(choice): choice for choice in reversed(choices)}
    return lambda text: text if text in choices else member_cells.code_of(text, by_word)


def _choices_among(choices: Sequence[str]) -> Callable[[str], list[str]]:
    one = _choice_among(choices)
    return lambda text: [text] if text in choices else list(map(one, member_cells.names(text)))

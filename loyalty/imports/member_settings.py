"""What was chosen for an import of members: columns, the rule for duplicates, tags, consent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from flask import current_app
from flask_babel import gettext
from marshmallow import ValidationError, fields, post_load, validate

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.core.fields import Bool, Int, Slug, StrictSchema, Text
from loyalty.core.limits import CSV_COLUMNS, REASON_LENGTH, TAGS_OF_A_ROW
from loyalty.imports.encodings import ENCODINGS
from loyalty.members.consent_rules import CHANNELS
from loyalty.members.joining_rules import OnDuplicate

CONSENT = "consent_"
"""How the fields begin that say what somebody agreed to: `consent_sms`."""
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Given:
    """When people agreed, and where the proof of it is kept."""

    given_on: date
    proof: str


@dataclass(frozen=True, kw_only=True)
class WholeFile(Given):
    """Everybody of the file agreed, to marketing on these channels."""

    channels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """`columns`: field -> place in a row. `tags`: slugs, for everybody of the file;
    `make_tags`: names in the column of tags that the shop does not have are made.
    `consent`: asked once for the whole file; `column_consent`: for what the columns
    `consent_*` say, which are read with it alone. `opening_points`: whether the column of
    points is read."""

    columns: Mapping[str, int]
    encoding: str | None = None
    on_duplicate: OnDuplicate = OnDuplicate.FILL
    tags: tuple[str, ...] = ()
    make_tags: bool = False
    consent: WholeFile | None = None
    column_consent: Given | None = None
    opening_points: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ImportSettings:
        """Raises `invalid_request` with a sentence for each field that is not right."""
        try:
            settings: ImportSettings = _SettingsSchema().load(document)
        except ValidationError as why:
            raise Problem(Code.INVALID_REQUEST, errors=why.messages_dict) from None
        return settings

    def to_document(self) -> dict[str, Any]:
        """As JSON takes it, and `from_document` takes it back."""
        document: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return document

    def check(self, *, known: Collection[str], width: int) -> None:
        """Against the file and the shop: `known` fields, and how wide its rows are. Raises
        `invalid_request`."""
        for name, place in self.columns.items():
            if name not in known:
                raise _about_columns(gettext("There is no field of this name."), name)
            if place >= width:
                raise _about_columns(gettext("The file has no such column."), name)

    def columns_read(self) -> dict[str, int]:
        """The columns that something is made of."""
        return {
            name: place
            for name, place in self.columns.items()
            if (self.opening_points or name != "points")
            and (self.column_consent or not name.startswith(CONSENT))
        }


def _about_columns(sentence: str, name: str) -> Problem:
    return Problem(Code.INVALID_REQUEST, errors={"columns": {name: [sentence]}})


class _PastDay(fields.Date):
    """Up to today, by the shop's clock."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        day = super()._deserialize(value, attr, data, **kwargs)
        zone = current_app.extensions["settings"].time_zone
        if not EARLIEST <= day <= clock.now().astimezone(zone).date():
            raise ValidationError(gettext("This date cannot be."))
        return day


class _GivenSchema(StrictSchema):
    given_on = _PastDay(required=True)
    proof = Text(REASON_LENGTH, required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Given:
        return Given(**values)


class _WholeFileSchema(_GivenSchema):
    channels = fields.List(
        fields.String(validate=validate.OneOf(CHANNELS)),
        required=True,
        validate=validate.Length(1, len(CHANNELS)),
    )

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Given:
        chosen = tuple(name for name in CHANNELS if name in values["channels"])
        return WholeFile(**{**values, "channels": chosen})


class _SettingsSchema(StrictSchema):
    columns = fields.Dict(
        keys=fields.String(),
        values=Int(0, CSV_COLUMNS - 1),
        required=True,
        validate=validate.Length(max=CSV_COLUMNS),
    )
    encoding = fields.String(validate=validate.OneOf(ENCODINGS), allow_none=True)
    on_duplicate = fields.Enum(OnDuplicate, by_value=True)
    tags = fields.List(Slug(), validate=validate.Length(max=TAGS_OF_A_ROW))
    make_tags = Bool()
    consent = fields.Nested(_WholeFileSchema, allow_none=True)
    column_consent = fields.Nested(_GivenSchema, allow_none=True)
    opening_points = Bool()

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> ImportSettings:
        if "phone" not in values["columns"]:
            sentence = gettext("Say which column holds the phone.")
            raise ValidationError({"columns": {"phone": [sentence]}})
        _check_once_each(values["columns"])
        values["tags"] = tuple(dict.fromkeys(values.get("tags", ())))
        return ImportSettings(**values)


def _check_once_each(columns: Mapping[str, int]) -> None:
    taken: dict[int, str] = {}
    for name, place in columns.items():
        if place in taken:
            sentence = gettext("This column is chosen for something else already.")
            raise ValidationError({"columns": {name: [sentence]}})
        taken[place] = name

"""What a person says of a file of customers: what each column is, and the rules of the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext

from loyalty.core.access import current_actor
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import CSV_COLUMNS, TAGS_OF_A_ROW
from loyalty.exports.columns import columns as known_columns
from loyalty.imports.member_columns import guess
from loyalty.imports.member_settings import CONSENT, ImportSettings
from loyalty.imports.rules import IMPORT_BALANCES
from loyalty.members import attributes
from loyalty.members.consent_rules import CHANNELS
from loyalty.pages import formats
from loyalty.pages.manage.customers.words import CHANNELS as CHANNEL_WORDS
from loyalty.pages.manage.imports.words import ENCODINGS, ON_DUPLICATE
from loyalty.tags import service as tags

OPENING = "points"
FAMILY_NAME = "family_name"
_Errors = dict[str, list[Any]]


# -- the form --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ColumnOfFile:
    """A column as the file has it; `chosen` is the field it is read as, empty for none."""

    place: int
    header: str
    samples: Sequence[str]
    chosen: str


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`given` is what stands in the fields: as posted, else as chosen before, else as usual."""

    columns: Sequence[ColumnOfFile]
    fields: Sequence[tuple[str, str]]
    encodings: Sequence[tuple[str, Any]]
    rules: Sequence[tuple[str, Any, Any]]
    tags: Sequence[tuple[str, str]]
    channels: Sequence[tuple[str, Any]]
    may_open_balances: bool
    given: Mapping[str, Any]

    @property
    def has_tags(self) -> bool:
        return any(column.chosen == "tags" for column in self.columns)


def choices_of(view: Mapping[str, Any], *, preset: str | None) -> Choices:
    """For an import as `imports.service.get` shows it; `preset` names the system whose words
    for its columns are known."""
    return Choices(
        columns=_columns_of(view, preset),
        fields=_fields(),
        encodings=list(ENCODINGS.items()),
        rules=[(code, word, line) for code, (word, line) in ON_DUPLICATE.items()],
        tags=[(tag["slug"], tag["name"]) for tag in tags.all_tags() if tag["kind"] == "manual"],
        channels=[(code, CHANNEL_WORDS[code]) for code in CHANNELS],
        may_open_balances=_may_open_balances(),
        given=_given(view),
    )


def _columns_of(view: Mapping[str, Any], preset: str | None) -> list[ColumnOfFile]:
    chosen = _chosen_fields(view, preset)
    return [
        ColumnOfFile(
            place=place,
            header=header,
            samples=[row[place] for row in view["samples"] if place < len(row) and row[place]],
            chosen=chosen.get(place, ""),
        )
        for place, header in enumerate(view["header"])
    ]


def _chosen_fields(view: Mapping[str, Any], preset: str | None) -> Mapping[int, str]:
    """By place: as posted, as chosen before, as guessed."""
    if request.form:
        return {place: request.form.get(f"column.{place}", "") for place in range(CSV_COLUMNS)}
    if view["settings"] and not request.args:
        by_field = view["settings"]["columns"]
    else:
        by_field = guess(view["header"], attributes=attributes.declared(), preset=preset)
    return {place: field for field, place in by_field.items()}


def _fields() -> list[tuple[str, str]]:
    """What a column can be, with its words: what an export writes, and family names apart."""
    words = {
        column.name: str(column.label) for column in known_columns().values() if column.in_import
    }
    words[FAMILY_NAME] = gettext("family name")
    if not _may_open_balances():
        del words[OPENING]
    return [(name, formats.begun(word)) for name, word in words.items()]


def _may_open_balances() -> bool:
    return IMPORT_BALANCES.allows(current_actor())


def _given(view: Mapping[str, Any]) -> Mapping[str, Any]:
    if request.form:
        several = {name: request.form.getlist(name) for name in ("tags", "consent_channels")}
        return {**request.form, **several}
    settings = view["settings"] or {}
    consent, by_column = settings.get("consent") or {}, settings.get("column_consent") or {}
    return {
        "encoding": view["encoding"],
        "on_duplicate": settings.get("on_duplicate", next(iter(ON_DUPLICATE))),
        "tags": settings.get("tags", ()),
        "make_tags": settings.get("make_tags", True),
        "opening_points": settings.get("opening_points"),
        "consent_channels": consent.get("channels", ()),
        "consent_given_on": consent.get("given_on"),
        "consent_proof": consent.get("proof"),
        "column_consent_given_on": by_column.get("given_on"),
        "column_consent_proof": by_column.get("proof"),
    }


# -- what was posted -------------------------------------------------------------


def typed() -> ImportSettings:
    """Raises `invalid_request` beside the fields of the form."""
    errors: _Errors = {}
    columns = _typed_columns(errors)
    document = {
        "columns": columns,
        "encoding": request.form.get("encoding") or None,
        "on_duplicate": request.form.get("on_duplicate", ""),
        "tags": request.form.getlist("tags")[: TAGS_OF_A_ROW + 1],
        "make_tags": "make_tags" in request.form,
        "consent": _typed_consent(errors),
        "column_consent": _typed_column_consent(columns, errors),
        "opening_points": "opening_points" in request.form,
    }
    if errors:
        raise Problem(Code.INVALID_REQUEST, errors=errors)
    try:
        return ImportSettings.from_document(document)
    except Problem as problem:
        raise beside_fields(problem) from None


def _typed_columns(errors: _Errors) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place in range(CSV_COLUMNS):
        field = request.form.get(f"column.{place}", "")
        if field in columns:
            errors[f"column.{place}"] = [gettext("Another column is chosen for this already.")]
        elif field:
            columns[field] = place
    return columns


def _typed_consent(errors: _Errors) -> dict[str, Any] | None:
    """Of the whole file; None where nothing is said."""
    channels = request.form.getlist("consent_channels")[: len(CHANNELS)]
    given = _typed_proof("consent", errors, asked=bool(channels))
    if given is not None and not channels:
        errors["consent_channels"] = [gettext("Choose what they agreed to.")]
    return given and {**given, "channels": channels}


def _typed_column_consent(columns: Mapping[str, int], errors: _Errors) -> dict[str, Any] | None:
    """Of the columns that say what each person agreed to; asked for where there are such."""
    asked = any(field.startswith(CONSENT) for field in columns)
    return _typed_proof("column_consent", errors, asked=True) if asked else None


def _typed_proof(name: str, errors: _Errors, *, asked: bool) -> dict[str, Any] | None:
    """When people agreed and where the proof is; both or neither."""
    missing = {
        "given_on": gettext("Say when they agreed."),
        "proof": gettext("Say where the proof is kept."),
    }
    given = {part: request.form.get(f"{name}_{part}", "").strip() for part in missing}
    if not asked and not any(given.values()):
        return None
    errors |= {f"{name}_{part}": [missing[part]] for part in missing if not given[part]}
    return given


def beside_fields(problem: Problem) -> Problem:
    """A refusal of settings, as the fields of the form are called."""
    found: _Errors = {}
    for name, said in (problem.errors or {}).items():
        nested = said if isinstance(said, Mapping) else {"": said}
        for part, sentences in nested.items():
            place = "columns" if name == "columns" else f"{name}_{part}".rstrip("_")
            found.setdefault(place, []).extend(_flat(sentences))
    return Problem(problem.code, detail=problem.detail, errors=found or None)


def _flat(sentences: Any) -> list[Any]:
    if isinstance(sentences, Mapping):
        return [one for each in sentences.values() for one in _flat(each)]
    return list(sentences) if isinstance(sentences, list) else [sentences]

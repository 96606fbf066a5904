"""`flask members import` and its undo: the same work as the pages ask for, here and now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Problem
from loyalty.core.limits import REASON_LENGTH, SLUG_LENGTH
from loyalty.core.options import Day, Line
from loyalty.imports import importing, member_columns, service, source, storing
from loyalty.imports.columns import plain
from loyalty.imports.files import CheckedFile
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.member_tally import Tally
from loyalty.imports.terminal import (
    json_option,
    progress,
    rejects_file,
    rejects_option,
    stopping_plainly,
    summary,
)
from loyalty.members import attributes
from loyalty.members.joining_rules import OnDuplicate

members = AppGroup("members", help="Members, by file.")


@members.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--preset",
    type=click.Choice(list(member_columns.presets())),
    help="Which system the file is from; it is recognised where nothing is said.",
)
@click.option("--map", "mapped", multiple=True, metavar="FIELD=HEADER", help="What a column is.")
@click.option(
    "--on-duplicate",
    type=click.Choice([str(rule) for rule in OnDuplicate]),
    default=str(OnDuplicate.FILL),
    show_default=True,
    help="Of members who are known: fill in what is not, take the file's, or leave them.",
)
@click.option("--tag", "tags", multiple=True, type=Line(SLUG_LENGTH), help="For all of them.")
@click.option("--make-tags", is_flag=True, help="Add tags that the file names.")
@click.option("--consent", metavar="CHANNEL,...", help="Marketing that all of them agreed to.")
@click.option("--consent-given-on", type=Day(), help="When; of columns of consent too.")
@click.option("--consent-proof", type=Line(REASON_LENGTH), help="Where the proof is kept.")
@click.option("--opening-points", is_flag=True, help="The points in it are opening balances.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and write nothing.")
@rejects_option
@json_option
def import_members(
    file: Path, dry_run: bool, rejects: Path | None, as_json: bool, **chosen: Any
) -> None:
    """Bring in the members of FILE (CSV, CSV.gz or XLSX); cut off and started again, it goes
    on where it was."""
    with stopping_plainly(), rejects_file(rejects, file) as on_refused:
        checked = source.check(file)
        settings = _settings(checked, **chosen)
        if dry_run:
            with progress() as on_step:
                tally = importing.look_through(
                    checked, settings, on_step=on_step, on_refused=on_refused
                )
            document = _document(tally)
        else:
            import_id, tally = _bring_in(checked, settings)
            document = {"import": import_id, **_document(tally)}
    if rejects is not None and not dry_run:
        _copy_refused(import_id, rejects)
    click.echo(json.dumps(document) if as_json else _told(tally, document))


@members.command("undo-import")
@click.argument("import_id", type=click.IntRange(1, 2**62))
def undo_import(import_id: int) -> None:
    """Take a whole import back, while nothing was built on it."""
    in_transaction(partial(service.undo_here, import_id))
    with progress() as on_step:
        importing.take_back(import_id, report=lambda done, of: on_step(None, done, of))
    click.echo(f"Import {import_id} is undone.")


def _settings(
    file: CheckedFile,
    *,
    preset: str | None,
    mapped: Sequence[str],
    consent: str | None,
    consent_given_on: date | None,
    consent_proof: str | None,
    **plain_ones: Any,
) -> ImportSettings:
    with read():
        columns = _columns(file.header, mapped, preset=preset)
    given = None
    if consent_given_on is not None or consent_proof is not None:
        given = {"given_on": str(consent_given_on or ""), "proof": consent_proof or ""}
    channels = None if consent is None else [each.strip() for each in consent.split(",")]
    document = {
        **plain_ones,
        "columns": columns,
        "consent": channels and {**(given or {}), "channels": channels},
        "column_consent": given,
    }
    try:
        settings = ImportSettings.from_document(document)
        with read():
            service.check_settings(settings, header=file.header)
    except Problem as why:
        raise click.UsageError("\n".join(_sentences(why.errors or {"": why.detail}))) from None
    return settings


def _columns(header: Sequence[str], mapped: Sequence[str], *, preset: str | None) -> dict[str, int]:
    """As guessed, and as told; a field mapped to nothing (`points=`) is left out."""
    columns = member_columns.guess(
        header,
        attributes=attributes.declared(),
        preset=preset or member_columns.recognise(header),
    )
    places = {plain(name): place for place, name in reversed(list(enumerate(header)))}
    for told in mapped:
        name, _, written = told.partition("=")
        columns.pop(name, None)
        if written and plain(written) not in places:
            raise click.UsageError(f"The file has no column {written}.")
        if written:
            taken = places[plain(written)]
            columns = {field: place for field, place in columns.items() if place != taken}
            columns[name] = taken
    return columns


def _sentences(errors: Any, name: str = "") -> Iterator[str]:
    """What is wrong, each with its place: `consent.proof: ...`."""
    if isinstance(errors, Mapping):
        for key, inner in errors.items():
            yield from _sentences(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(errors, list):
        for inner in errors:
            yield from _sentences(inner, name)
    else:
        yield f"{name}: {errors}" if name else str(errors)


def _bring_in(file: CheckedFile, settings: ImportSettings) -> tuple[int, Tally]:
    import_id, earlier = in_transaction(
        partial(service.begin_here, file, settings, file_name=file.file.name)
    )
    if earlier is not None:
        click.echo(f"This file was imported before: import {earlier['id']}.", err=True)
    with progress() as on_step:
        return import_id, importing.bring_in(import_id, file, settings, on_step=on_step)


def _copy_refused(import_id: int, to: Path) -> None:
    """The whole list, of what was done before it was cut off too."""
    if (found := storing.refused_of(import_id)).exists():
        shutil.copyfile(found, to)


def _document(tally: Tally) -> dict[str, Any]:
    """The last line of `--json`."""
    document = {**tally.counts(), "new_tags": tally.new_tags}
    document["rejected"] = document.pop("refused")
    return document


def _told(tally: Tally, document: Mapping[str, Any]) -> str:
    number = f"Import {document['import']}: " if "import" in document else "It would be: "
    return summary(
        f"{number}{tally.rows:,} rows: {tally.created:,} new members, {tally.changed:,} changed,"
        f" {tally.unchanged:,} as they were, {tally.duplicate:,} again in the file,"
        f" {sum(tally.refused.values()):,} refused.",
        tally.refused,
    )

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH, SLUG_LENGTH
from loyalty.core.options import Line
from loyalty.imports import balances, do_not_call, purchases, tags
from loyalty.imports.purchase_import import LinesTally, Tally
from loyalty.imports.terminal import (
    json_option,
    progress,
    rejects_file,
    rejects_option,
    stopping_plainly,
    summary,
)

do_not_call_group = AppGroup("do-not-call", help="Numbers that no marketing may go to.")
balances_group = AppGroup("balances", help="Points that members bring along.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--store", type=Line(CODE_LENGTH), help="Of which store the file is, where no column says it."
)
@click.option("--create-stores", is_flag=True, help="Add stores that the file names.")
@click.option("--without-points", is_flag=True, help="History: record, but earn nothing.")
@rejects_option
@json_option
@with_appcontext
def import_purchases(
    file: Path,
    store: str | None,
    create_stores: bool,
    without_points: bool,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """Record the purchases of FILE (CSV, CSV.gz or XLSX): a row for each receipt, or for each of
    its lines (sku, quantity, unit price), returns among them. Started again, it ends the same."""
    with progress() as on_step, rejects_file(rejects, file) as on_refused, stopping_plainly():
        tally = purchases.import_purchases(
            file,
            store=store,
            create_stores=create_stores,
            earns=not without_points,
            on_step=on_step,
            on_refused=on_refused,
        )
    click.echo(json.dumps(tally.as_document()) if as_json else _purchases_told(tally))


@do_not_call_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--source", required=True, type=Line(NAME_LENGTH), help="Where the numbers come from."
)
@rejects_option
@json_option
def import_do_not_call(file: Path, source: str, rejects: Path | None, as_json: bool) -> None:
    """Put the numbers of FILE (CSV, CSV.gz or XLSX) on the do-not-call list; started again, it
    ends the same."""
    with progress() as on_step, rejects_file(rejects, file) as on_refused, stopping_plainly():
        tally = do_not_call.import_numbers(
            file, source_name=source, on_step=on_step, on_refused=on_refused
        )
    click.echo(json.dumps(tally.as_document()) if as_json else _numbers_told(tally))


@balances_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@rejects_option
@json_option
def import_balances(file: Path, rejects: Path | None, as_json: bool) -> None:
    """Open the balances of points that FILE (CSV, CSV.gz or XLSX) names by phone, each once;
    started again, it ends the same."""
    with progress() as on_step, rejects_file(rejects, file) as on_refused, stopping_plainly():
        tally = balances.import_balances(file, on_step=on_step, on_refused=on_refused)
    click.echo(json.dumps(tally.as_document()) if as_json else _balances_told(tally))


@click.command("fill")
@click.argument("slug", type=Line(SLUG_LENGTH))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--remove", "takes_off", is_flag=True, help="Take the tag off them instead.")
@rejects_option
@json_option
@with_appcontext
def fill_tag(slug: str, file: Path, takes_off: bool, rejects: Path | None, as_json: bool) -> None:
    """Give the members whose phones are in FILE (CSV, CSV.gz or XLSX) the tag SLUG, which is set
    by hand; started again, it ends the same."""
    with progress() as on_step, rejects_file(rejects, file) as on_refused, stopping_plainly():
        tally = tags.fill_from_file(
            file, slug=slug, takes_off=takes_off, on_step=on_step, on_refused=on_refused
        )
    click.echo(json.dumps(tally.as_document()) if as_json else _tagged_told(tally))


def _purchases_told(tally: Tally) -> str:
    return summary(
        f"{tally.rows:,} rows: {tally.recorded:,} recorded, {_returns_told(tally)}"
        f"{tally.replayed:,} recorded before,"
        f" {tally.members_created:,} new members, {sum(tally.rejected.values()):,} refused.",
        tally.rejected,
    )


def _returns_told(tally: Tally) -> str:
    if not isinstance(tally, LinesTally):
        return ""
    return (
        f"{tally.returns:,} returns ({tally.matched:,} found their purchases,"
        f" {tally.partly_matched:,} some of them), "
    )


def _numbers_told(tally: do_not_call.Tally) -> str:
    return summary(
        f"{tally.rows:,} rows: {tally.added:,} added, {tally.listed:,} on the list before,"
        f" {sum(tally.rejected.values()):,} refused.",
        tally.rejected,
    )


def _balances_told(tally: balances.Tally) -> str:
    return summary(
        f"{tally.rows:,} rows: {tally.recorded:,} balances opened with {tally.points:,} points,"
        f" {tally.replayed:,} opened before, {tally.unchanged:,} without points,"
        f" {sum(tally.rejected.values()):,} refused.",
        tally.rejected,
    )


def _tagged_told(tally: tags.Tally) -> str:
    return summary(
        f"{tally.rows:,} rows: {tally.changed:,} changed, {tally.unchanged:,} as they were,"
        f" {sum(tally.rejected.values()):,} refused.",
        tally.rejected,
    )

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
import orjson
from flask.cli import with_appcontext
from marshmallow import ValidationError

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import REQUEST_BYTES
from loyalty.core.options import Day
from loyalty.programme.schemas import RuleSchema
from loyalty.purchases.dry_run import DryRun, Points, dry_run


@click.command("dry-run")
@click.argument("rule", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "since", type=Day(), help="The first local day; left out: the beginning.")
@click.option("--to", "until", type=Day(), help="The last local day; left out: today.")
@with_appcontext
def dry_run_command(rule: Path, since: date | None, until: date | None) -> None:
    """Replay past purchases under the earning rule in RULE, a JSON file as POST /earning-rules
    takes it; print what would differ, and write nothing."""
    try:
        with read():
            run = dry_run(_load(rule), since=since, until=until)
    except Problem as problem:
        raise Problem(problem.code, detail="\n".join(_complaints(problem))) from None
    for line in _lines(run):
        click.echo(line)


def _load(rule: Path) -> Any:
    if rule.stat().st_size > REQUEST_BYTES:
        raise Problem(Code.REQUEST_TOO_LARGE)
    try:
        return RuleSchema().load(orjson.loads(rule.read_bytes()))
    except orjson.JSONDecodeError:
        raise Problem(Code.INVALID_JSON) from None
    except ValidationError as error:
        raise Problem(Code.INVALID_RULE, errors=_as_mapping(error)) from None


def _as_mapping(error: ValidationError) -> Any:
    """Of a document that is no object at all, what is said is a list."""
    return error.messages if isinstance(error.messages, Mapping) else {"rule": error.messages}


def _complaints(problem: Problem) -> Iterator[str]:
    """The refusal, and each place in the document that it is about."""
    yield str(problem.detail)
    yield from _places(problem.errors or {})


def _places(errors: Any, place: str = "") -> Iterator[str]:
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _places(inner, f"{place}.{name}" if place else str(name))
    else:
        yield f"{place}: {' '.join(map(str, errors))}"


def _lines(run: DryRun) -> Iterator[str]:
    yield f"{run.purchases:,} purchases: {_said(run.total)}"
    for code, points in sorted(run.by_store.items()):
        yield f"  store {code}: {_said(points)}"
    for slug, points in sorted(run.by_tier.items()):
        yield f"  {f'tier {slug}' if slug else 'no tier'}: {_said(points)}"
    yield f"{run.members_gain:,} members would have more, {run.members_lose:,} less."
    for member_id, more in run.biggest:
        yield f"  member {member_id}: {more:+,}"


def _said(points: Points) -> str:
    more = points.after - points.before
    return f"{points.before:,} points earned, {points.after:,} under this rule ({more:+,})"

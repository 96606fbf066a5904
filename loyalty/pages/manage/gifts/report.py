"""The gifts given in a year: what of each, by month, for how many points, worth what."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import get_month_names
from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import takes_query
from loyalty.core.money import to_major
from loyalty.core.spreadsheets import safe_cell
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.pages.manage import quantities
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.gifts.routes import CHANGES
from loyalty.pages.manage.gifts.shown import KINDS
from loyalty.programme import service as programme
from loyalty.rewards import service as rewards
from loyalty.rewards.models import RewardKind

_BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""
_SUMS = ("given", "points", "worth")

Sums = dict[str, int]


@blueprint.get("/gifts/report")
@CHANGES
@takes_query
def gift_report() -> ResponseReturnValue:
    year = _year_asked()
    report = rewards.of_year(year)
    names = get_month_names("wide", context="stand-alone", locale=language())
    return render_template(
        "pages/manage/gifts/report.html",
        year=year,
        years=_years(),
        gifts=[
            (name, KINDS[RewardKind(kind)][0], sums)
            for (_, name, kind), sums in _summed(report["items"], "reward", "name", "kind").items()
        ],
        months=[
            (formats.begun(names[month]), sums)
            for (month,), sums in sorted(_summed(report["items"], "month").items())
        ],
        total=report["total"],
    )


@blueprint.get("/gifts/report.csv")
@CHANGES
@takes_query
def gift_report_as_file() -> ResponseReturnValue:
    """By gift and month, as a file that a spreadsheet opens."""
    report = rewards.of_year(_year_asked())
    text = io.StringIO()
    csv.writer(text).writerows([_headings(), *map(_cells, report["items"])])
    headers = {
        "Content-Disposition": f'attachment; filename="gifts-{report["year"]}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(_BOM + text.getvalue(), mimetype="text/csv", headers=headers)


def _headings() -> list[str]:
    return [
        gettext("Month"),
        gettext("Name"),
        gettext("Kind"),
        gettext("Number given"),
        gettext("Points"),
        gettext("Worth"),
    ]


def _cells(item: Mapping[str, Any]) -> list[object]:
    kind = KINDS[RewardKind(item["kind"])][0]
    worth = to_major(item["worth"], formats.settings().currency)
    return [item["month"], safe_cell(item["name"]), kind, item["given"], item["points"], worth]


def _summed(items: Iterable[Mapping[str, Any]], *names: str) -> dict[tuple[Any, ...], Sums]:
    """By what stands under these names, in the order of the items."""
    summed: dict[tuple[Any, ...], Sums] = {}
    for item in items:
        sums = summed.setdefault(tuple(item[name] for name in names), dict.fromkeys(_SUMS, 0))
        for name in _SUMS:
            sums[name] += item[name]
    return summed


def _years() -> list[int]:
    """Those of the programme, the newest first."""
    began = formats.local(programme.snapshot().started_at).year
    return list(range(quantities.today().year, began - 1, -1))


def _year_asked() -> int:
    asked = request.args.get("year", "")
    years = _years()
    return next((year for year in years if str(year) == asked), years[0])

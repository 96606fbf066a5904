"""How the shop goes today, in seven days, in thirty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from loyalty.core import clock
from loyalty.core.access import Door, current_actor, requires, takes_query
from loyalty.core.money import to_major
from loyalty.core.spreadsheets import safe_cell
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.today.asked import CHOICES, asked
from loyalty.pages.manage.today.concerns import concerns_of
from loyalty.pages.manage.today.points import points
from loyalty.pages.manage.today.strip import strip
from loyalty.pages.manage.today.sums import Row, StoreRows, sums_of
from loyalty.programme.rules import FIGURES

CONCERNS_SHOWN = 12
_BOM = "\ufeff"


@blueprint.get("/today")
@requires(FIGURES, door=Door.LOGIN)
@takes_query
def today() -> ResponseReturnValue:
    """Whoever stores bound sees those stores; the points are a matter of the whole shop."""
    actor, now = current_actor(), clock.now()
    days = asked(now)
    concerns = concerns_of(days.period, actor)
    sums = sums_of(days, actor, concerns)
    stores = sums.by_store()
    return render_template(
        "pages/manage/today/page.html",
        asked=days,
        choices=CHOICES,
        stands=_stands(len(stores), now),
        strip=strip(days, sums),
        stores=stores,
        concerns=concerns[:CONCERNS_SHOWN],
        concern_count=len(concerns),
        points=None if actor.store_ids else points(now),
    )


def _stands(stores: int, now: datetime) -> str:
    said = ngettext("%(count)s store", "%(count)s stores", stores, count=formats.count(stores))
    return gettext("%(stores)s, as of %(time)s", stores=said, time=formats.clock_time(now))


@blueprint.get("/today/stores.csv")
@requires(FIGURES, door=Door.LOGIN)
@takes_query
def today_as_file() -> ResponseReturnValue:
    """The table as a file that a spreadsheet opens."""
    actor, now = current_actor(), clock.now()
    days = asked(now)
    sums = sums_of(days, actor, concerns_of(days.period, actor))
    text = io.StringIO()
    csv.writer(text).writerows(_file_rows(sums.by_store()))
    name = f"stores-{days.period.first}-{days.period.last}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(_BOM + text.getvalue(), mimetype="text/csv", headers=headers)


def _file_rows(stores: list[StoreRows]) -> Iterator[list[object]]:
    yield [
        gettext("Store"),
        gettext("Cashier"),
        gettext("Receipts"),
        gettext("Sales"),
        gettext("Points earned"),
        gettext("Points used"),
        gettext("New customers"),
        gettext("To look at"),
    ]
    for rows in stores:
        for row in rows.sellers:
            yield [safe_cell(rows.store.name), safe_cell(row.name), *_cells(row)]


def _cells(row: Row) -> list[object]:
    sold = row.sold
    amount = to_major(sold.amount, formats.settings().currency)
    return [sold.purchases, amount, sold.points, row.spent, sold.new_members, row.concerns]

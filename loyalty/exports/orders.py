"""Orders as somebody gives them: checked, made whole, and kept in the row of their export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask_babel import get_locale, gettext
from sqlalchemy import Row

from loyalty.core.access import current_actor
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import EXPORT_COLUMNS, EXPORT_FILES
from loyalty.exports import columns
from loyalty.exports.formats import FORMATS
from loyalty.exports.formats.base import Format
from loyalty.exports.rules import EXPORT_INTERNAL, Order
from loyalty.members.consent_rules import CHANNELS


def checked(order: Order) -> Order:
    """The order with the channel whose consent its format needs.

    Raises `invalid_request` and `unknown_column` at the fields of an order, and `forbidden` for
    an internal file that the actor may not make.
    """
    made_as = format_named(order.format)
    order = replace(order, reach=_reach(order, made_as))
    if order.is_internal and not EXPORT_INTERNAL.allows(current_actor()):
        raise Problem(Code.FORBIDDEN)
    _check_columns(order.columns, made_as)
    return order


def format_named(name: str) -> type[Format]:
    """Raises `invalid_request`."""
    made_as = FORMATS.get(name)
    if made_as is None:
        raise Problem(
            Code.INVALID_REQUEST, field="format", detail=gettext("There is no such format.")
        )
    return made_as


def _reach(order: Order, made_as: type[Format]) -> str | None:
    """A platform's file has a channel of its own, one for people that of the order, or none."""
    own = made_as.channel
    if order.reach is None or order.reach == own or (own is None and order.reach in CHANNELS):
        return order.reach or own
    detail = gettext("This format does not go out on that channel.")
    raise Problem(Code.INVALID_REQUEST, field="reach", detail=detail)


def _check_columns(names: Sequence[str], made_as: type[Format]) -> None:
    if names and not made_as.takes_columns:
        detail = gettext("This format has columns of its own.")
        raise Problem(Code.INVALID_REQUEST, field="columns", detail=detail)
    if len(names) > EXPORT_COLUMNS:
        detail = gettext("At most %(most)s columns.", most=EXPORT_COLUMNS)
        raise Problem(Code.INVALID_REQUEST, field="columns", detail=detail)
    known = columns.columns() if names else {}
    unknown = [place for place, name in enumerate(names) if name not in known]
    _refuse_columns(Code.UNKNOWN_COLUMN, unknown)
    twice = [place for place, name in enumerate(names) if name in names[:place]]
    _refuse_columns(Code.INVALID_REQUEST, twice, detail=gettext("Given more than once."))


def _refuse_columns(code: Code, places: Sequence[int], *, detail: str | None = None) -> None:
    if places:
        sentence = detail or Problem(code).detail
        raise Problem(code, errors={"columns": {place: [sentence] for place in places}})


def check_size(order: Order, *, rows: int) -> None:
    """An order is refused that would make thousands of files. Raises `invalid_request`."""
    if order.rows_per_file and rows > order.rows_per_file * EXPORT_FILES:
        raise Problem(Code.INVALID_REQUEST, field="rows_per_file", detail=too_many_files())


def too_many_files() -> str:
    return gettext("That makes more than %(most)s files: more rows each.", most=EXPORT_FILES)


# -- as it is kept -----------------------------------------------------------------


def to_options(order: Order) -> dict[str, Any]:
    """What has no column of its own; with the language of whoever asks, which the file speaks."""
    return {
        "columns": list(order.columns),
        "limit": order.limit,
        "rows_per_file": order.rows_per_file,
        "since_export": order.since_export,
        "language": str(get_locale() or "en").partition("_")[0],
    }


def order_of(row: Row[Any]) -> Order:
    """Of a row of `exports`."""
    options = row.options
    return Order(
        format=row.format,
        reach=row.reach,
        columns=tuple(options["columns"]),
        limit=options["limit"],
        rows_per_file=options["rows_per_file"],
        since_export=options["since_export"],
    )

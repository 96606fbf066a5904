"""Purchases and returns from a file with a row for each line of a receipt.

The rows of one invoice become one purchase or one return, wherever they stand near each other. A
step is one transaction and cuts no invoice; its purchases go in before its returns, so that these
find them. Started again from the beginning, an import ends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import INVOICE_LINES
from loyalty.imports import source
from loyalty.imports.columns import LINE_COLUMNS, REQUIRED_OF_LINES, find_columns
from loyalty.imports.invoices import Invoice, Key, gathered, steps_of
from loyalty.imports.line_cells import GoodsLine, Kind, LineReader
from loyalty.imports.line_sums import given_of
from loyalty.imports.purchase_cells import time_of
from loyalty.imports.purchase_import import Import, LinesTally
from loyalty.imports.refused_rows import Refused, is_empty_phone, refused
from loyalty.imports.source import BadFile
from loyalty.members import service as members
from loyalty.programme import service as programme
from loyalty.programme.models import ReceiptPeriod
from loyalty.programme.rules import StoreView
from loyalty.purchases import recording, return_batches
from loyalty.purchases import service as purchases
from loyalty.purchases.recording import Rejected, Replayed
from loyalty.purchases.writing import IMPORT

Row = tuple[int, Sequence[str]]
"""Where it stands in the file, and its cells."""
MAIN = "MAIN"
"""The store of a file that names none, in a shop that has none yet."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """An invoice as the service is given it, and the rows that it stands on."""

    kind: Kind
    given: dict[str, Any]
    rows: Sequence[Row]


@dataclass(kw_only=True)
class Step:
    """The invoices of one transaction, and the rows that go in with none."""

    invoices: list[Read] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def refuse(self, rows: Iterable[Row], why: Problem) -> None:
        self.refused += [refused(line, cells, why) for line, cells in rows]


def import_lines(asked: Import) -> LinesTally:
    columns = find_columns(asked.file.header, required=REQUIRED_OF_LINES, among=LINE_COLUMNS)
    reader = LineReader.of(columns, width=len(asked.file.header))
    store = asked.store or (None if "store" in columns else _only_store(asked))
    tally, line = LinesTally(), 0
    for invoices in steps_of(gathered(_keyed_rows(asked, reader, store))):
        step = Step()
        for invoice in invoices:
            _read(step, invoice, reader, store)
        _count(tally, step, in_transaction(partial(_record, step, asked)))
        tally.rows += sum(len(invoice.lines) for invoice in invoices)
        line = max(line, *(invoice.lines[-1][0] for invoice in invoices))
        asked.on_refused(asked.file.header, sorted(step.refused, key=lambda row: row.line))
        asked.on_step(tally, line, asked.file.lines)
    return tally


def _only_store(asked: Import) -> str:
    with read():
        stores = list(programme.snapshot().stores)
    if not stores and asked.create_stores:
        return MAIN
    if len(stores) != 1:
        raise BadFile(gettext("The file has no column store: say of which store it is (--store)."))
    return stores[0]


def _keyed_rows(asked: Import, reader: LineReader, store: str | None) -> Iterator[tuple[Key, Row]]:
    """By what tells invoices apart, as it is written, and the run of numbers of its day."""
    with read():
        stores = programme.snapshot().stores
    period = ""
    for line, cells in source.rows_of(asked.file):
        cell = {
            name: cells[place].strip()
            for name, place in reader.columns.items()
            if place < len(cells)
        }
        its_store = stores.get(cell.get("store") or store or "")
        period = _period(its_store, cell.get("purchased_at", ""), reader.zone, above=period)
        yield (period, *(cell.get(name, "") for name in _TELLS_APART)), (line, cells)


_TELLS_APART = ("store", "register", "receipt_no", "kind")


def _period(store: StoreView | None, written: str, zone: ZoneInfo, *, above: str) -> str:
    """A row that does not say its day stands with the one above it, and refuses that too."""
    if store is None or store.receipt_period is ReceiptPeriod.FOREVER:
        return ""
    try:
        return store.period_of(time_of(written, zone).astimezone(zone).date())
    except Problem:
        return above


# -- reading -------------------------------------------------------------------


def _read(step: Step, invoice: Invoice[Row], reader: LineReader, store: str | None) -> None:
    """Rows without a phone are passed over; of the others one that is wrong refuses all, for they
    are one receipt."""
    loaded: list[tuple[Row, GoodsLine]] = []
    wrong = _too_long() if invoice.is_too_long else None
    for row in invoice.lines:
        try:
            loaded.append((row, reader.load(row[1])))
        except Problem as why:
            step.refuse([row], why)
            wrong = wrong or (None if is_empty_phone(why) else why)
    for lines in _by_phone(loaded):
        rows = [row for row, _ in lines]
        try:
            if wrong is not None:
                raise wrong
            goods = [line for _, line in lines]
            step.invoices.append(Read(kind=goods[0].kind, given=given_of(goods, store), rows=rows))
        except Problem as why:
            step.refuse(rows, why)


def _by_phone(loaded: Sequence[tuple[Row, GoodsLine]]) -> Iterable[list[tuple[Row, GoodsLine]]]:
    """Mostly one: a second phone under the same number is a conflict, as it is anywhere."""
    found: dict[str, list[tuple[Row, GoodsLine]]] = {}
    for row, line in loaded:
        found.setdefault(line.phone.e164, []).append((row, line))
    return found.values()


def _too_long() -> Problem:
    detail = gettext("The receipt has more than %(count)s lines.", count=INVOICE_LINES)
    return Problem(Code.INVALID_REQUEST, detail=detail)


# -- recording -----------------------------------------------------------------

Outcome = recording.Outcome | return_batches.Outcome


def _record(step: Step, asked: Import) -> list[tuple[Read, Outcome]]:
    invoices = step.invoices
    asked.make_stores(each.given["store"] for each in invoices)
    # All at once, before anything else: members are locked by ascending id.
    members.lock_by_phone(list({each.given["phone"].e164 for each in invoices}))
    sales = [each for each in invoices if each.kind is Kind.SALE]
    returns = [each for each in invoices if each.kind is Kind.RETURN]
    bought = purchases.record_many([each.given for each in sales], source=IMPORT, earns=asked.earns)
    returned = return_batches.record_many(
        [each.given for each in returns], source=IMPORT, earns=asked.earns
    )
    return [*zip(sales, bought, strict=True), *zip(returns, returned, strict=True)]


def _count(tally: LinesTally, step: Step, outcomes: Iterable[tuple[Read, Outcome]]) -> None:
    """What the transaction that was just committed did; its refusals go to the step's."""
    made: set[int] = set()
    for invoice, outcome in outcomes:
        if isinstance(outcome, Rejected):
            step.refuse(invoice.rows, outcome.problem)
        elif isinstance(outcome, Replayed):
            tally.replayed += 1
        else:
            made |= {outcome.member.id} if outcome.member.created else set()
            _count_recorded(tally, outcome)
    tally.members_created += len(made)
    tally.rejected.update(row.code for row in step.refused)


def _count_recorded(tally: LinesTally, outcome: Outcome) -> None:
    if not isinstance(outcome, return_batches.Recorded):
        tally.recorded += 1
        return
    tally.returns += 1
    tally.matched += outcome.matched == outcome.lines
    tally.partly_matched += 0 < outcome.matched < outcome.lines

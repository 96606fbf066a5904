"""Lines of a file put together to the invoices that they stand on. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from loyalty.core.limits import BATCH_ROWS, INVOICE_LINES, NEAR_LINES

Key = tuple[str, ...]
Line = TypeVar("Line")


@dataclass(slots=True)
class Invoice(Generic[Line]):
    """Its lines in the file's order. `is_too_long`: these are some of more than `INVOICE_LINES`,
    which are refused wherever they stand."""

    lines: list[Line] = field(default_factory=list)
    is_too_long: bool = False


def gathered(lines: Iterable[tuple[Key, Line]]) -> Iterator[Invoice[Line]]:
    """Each invoice once no line of it stands within the next `NEAR_LINES`: so many lines at most
    are waited for, however long the file is."""
    waiting: dict[Key, Invoice[Line]] = {}
    last: dict[Key, int] = {}
    for place, (key, line) in enumerate(lines):
        invoice = waiting.setdefault(key, Invoice())
        if len(invoice.lines) == INVOICE_LINES:
            yield Invoice(invoice.lines, is_too_long=True)
            invoice.lines, invoice.is_too_long = [], True
        invoice.lines.append(line)
        # The one that was seen last stands last.
        last.pop(key, None)
        last[key] = place
        while (oldest := next(iter(last))) != key and last[oldest] <= place - NEAR_LINES:
            del last[oldest]
            yield waiting.pop(oldest)
    yield from (waiting[key] for key in last)


def steps_of(invoices: Iterable[Invoice[Line]]) -> Iterator[list[Invoice[Line]]]:
    """As many invoices at a time as have `BATCH_ROWS` lines together: no step cuts one."""
    step: list[Invoice[Line]] = []
    count = 0
    for invoice in invoices:
        count += len(invoice.lines)
        if step and count > BATCH_ROWS:
            yield step
            step, count = [], len(invoice.lines)
        step.append(invoice)
    if step:
        yield step

"""Purchases from a file: steps of rows through the same door as the API.

A step is one transaction. An import that was interrupted is started again from
the beginning: rows that are in are replays, so it ends the same.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import (
    BATCH_ROWS,
    CODE_LENGTH,
    NAME_LENGTH,
    QUANTITY,
    RECEIPT_LENGTH,
    REGISTER_LENGTH,
)
from loyalty.core.money import parse_major
from loyalty.core.phone import PhoneNumber
from loyalty.imports import source
from loyalty.imports.columns import REQUIRED, Columns, find_columns
from loyalty.imports.refused_rows import Refused, check_width, no_phone, refused
from loyalty.imports.source import CheckedFile
from loyalty.programme import service as programme
from loyalty.purchases import service as purchases
from loyalty.purchases.recording import Outcome, Recorded, Replayed
from loyalty.purchases.rules import CHANNELS

_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


@dataclass(kw_only=True)
class Tally:
    """What an import did; `rejected` counts by code, phone refusals as `invalid_phone`."""

    rows: int = 0
    recorded: int = 0
    replayed: int = 0
    members_created: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def as_document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "replayed": self.replayed,
            "members_created": self.members_created,
            "rejected": dict(sorted(self.rejected.items())),
        }


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Turns cells into a purchase as the API's schema would load it."""

    columns: Columns
    width: int
    region: str
    currency: str
    zone: ZoneInfo

    def load(self, cells: Sequence[str]) -> dict[str, Any]:
        """Raises `Problem`; `empty` in its extra when there is no phone at all."""
        check_width(cells, least=max(self.columns.values()) + 1, width=self.width)
        cell = {name: cells[place].strip() for name, place in self.columns.items()}
        if not cell["phone"]:
            raise no_phone()
        return {
            "phone": PhoneNumber.parse(cell["phone"], self.region).as_member_key(),
            "store": _text(cell, "store", CODE_LENGTH),
            "receipt_no": _text(cell, "receipt_no", RECEIPT_LENGTH),
            "register": _text(cell, "register", REGISTER_LENGTH),
            "amount": self._amount(cell["amount"]),
            "quantity": _quantity(cell.get("quantity")),
            "purchased_at": self._time(cell["purchased_at"]),
            "channel": _channel(cell.get("channel")),
            "member": {"name": name} if (name := _text(cell, "name", NAME_LENGTH)) else {},
        }

    def _amount(self, text: str) -> int:
        try:
            return parse_major(text, self.currency)
        except ValueError:
            raise Problem(Code.INVALID_AMOUNT, field="amount") from None

    def _time(self, text: str) -> datetime:
        try:
            return clock.parse_time(text, self.zone)
        except (ValueError, OverflowError):
            return self._day_first(text)

    def _day_first(self, text: str) -> datetime:
        """`22/11/2026 10:42`: day first, as both countries write it."""
        for form in _DAY_FIRST:
            try:
                local = datetime.strptime(text, form)  # noqa: DTZ007
                return clock.parse_time(local.isoformat(), self.zone)
            except ValueError:
                continue
        raise Problem(Code.INVALID_TIME, field="purchased_at")


def import_purchases(
    path: Path,
    *,
    create_stores: bool,
    earns: bool,
    on_step: Callable[[Tally, int, int], None],
    on_refused: Callable[[Sequence[str], Iterable[Refused]], None],
) -> Tally:
    """Import the whole file; raises `source.BadFile` before anything is written.

    `on_step(tally, line, lines)` hears of every finished step, `on_refused(header,
    rows)` of what it refused.
    """
    file = source.check(path)
    settings = current_app.extensions["settings"]
    reader = Reader(
        columns=find_columns(file.header, required=_required(create_stores)),
        width=len(file.header),
        region=settings.default_region,
        currency=settings.currency,
        zone=settings.time_zone,
    )
    tally = Tally()
    rows = source.rows_of(file)
    while step := list(itertools.islice(rows, BATCH_ROWS)):
        loaded = [_load(reader, cells) for _, cells in step]
        _number_rows_without_receipts(file, step, loaded)
        outcomes = in_transaction(
            partial(_record, loaded, create_stores=create_stores, earns=earns)
        )
        on_refused(file.header, _count(tally, step, outcomes))
        on_step(tally, step[-1][0], file.lines)
    in_transaction(lambda: _audit(file, tally))
    return tally


def _required(create_stores: bool) -> Sequence[str]:
    """Receipt numbers are needed where any store prints them."""
    with read():
        stores = programme.snapshot().stores.values()
    without = bool(stores) and not any(store.prints_receipts for store in stores)
    if without and not create_stores:
        return [name for name in REQUIRED if name != "receipt_no"]
    return REQUIRED


def _load(reader: Reader, cells: Sequence[str]) -> dict[str, Any] | Problem:
    try:
        return reader.load(cells)
    except Problem as problem:
        return problem


def _number_rows_without_receipts(
    file: CheckedFile,
    step: Sequence[tuple[int, Sequence[str]]],
    loaded: Sequence[dict[str, Any] | Problem],
) -> None:
    """A store without receipt numbers: file and line name the row, so that the same file
    again is a replay."""
    with read():
        stores = programme.snapshot().stores
    for (line, _), row in zip(step, loaded, strict=True):
        if isinstance(row, Problem) or row["receipt_no"]:
            continue
        store = stores.get(row["store"])
        if store is not None and not store.prints_receipts:
            row["receipt_no"] = f"file:{file.sha256[:16]}:{line}"


def _record(
    loaded: Sequence[dict[str, Any] | Problem], *, create_stores: bool, earns: bool
) -> list[Outcome]:
    if create_stores:
        wanted = {row["store"] for row in loaded if not isinstance(row, Problem)}
        for code in sorted(wanted - programme.snapshot().stores.keys() - {None}):
            programme.create_store(code=code, name=code)
    return purchases.record_many(loaded, source="import", earns=earns)


def _count(
    tally: Tally, step: Sequence[tuple[int, Sequence[str]]], outcomes: Sequence[Outcome]
) -> list[Refused]:
    not_in: list[Refused] = []
    made = set()
    for (line, cells), outcome in zip(step, outcomes, strict=True):
        if isinstance(outcome, Recorded):
            tally.recorded += 1
            if outcome.member.created:
                made.add(outcome.member.id)
        elif isinstance(outcome, Replayed):
            tally.replayed += 1
        else:
            row = refused(line, cells, outcome.problem)
            not_in.append(row)
            tally.rejected[row.code] += 1
    tally.rows += len(step)
    tally.members_created += len(made)
    return not_in


def _text(cell: Mapping[str, str], name: str, longest: int) -> str | None:
    """As the API takes it: a receipt number must not depend on how its marks are encoded."""
    text = unicodedata.normalize("NFC", cell.get(name, "")) or None
    if text is not None and (len(text) > longest or not text.isprintable()):
        raise Problem(Code.INVALID_REQUEST, detail=f"The {name} is not plain text.", field=name)
    return text


def _quantity(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= QUANTITY):
        raise Problem(Code.INVALID_REQUEST, detail="The quantity is not a whole number.")
    return int(text)


def _channel(text: str | None) -> str | None:
    if text and text not in CHANNELS:
        raise Problem(Code.INVALID_REQUEST, detail=f"The channel is one of {', '.join(CHANNELS)}.")
    return text or None


def _audit(file: CheckedFile, tally: Tally) -> None:
    audit.record("purchases.import", "file", file.sha256[:16], **tally.as_document())

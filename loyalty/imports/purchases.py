"""Purchases from a file: steps of rows through the same door as the API.

A step is one transaction. An import that was interrupted is started again from
the beginning: rows that are in are replays, so it ends the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from loyalty.audit import service as audit
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import (
    BATCH_ROWS,
    CODE_LENGTH,
    NAME_LENGTH,
    RECEIPT_LENGTH,
    REGISTER_LENGTH,
)
from loyalty.core.money import parse_major
from loyalty.core.phone import PhoneNumber
from loyalty.imports import purchase_lines, source
from loyalty.imports.columns import REQUIRED, Columns, find_columns, is_of_lines
from loyalty.imports.purchase_cells import channel_of, quantity_of, text_of, time_of
from loyalty.imports.purchase_import import Import, OnRefused, OnStep, Tally
from loyalty.imports.refused_rows import Refused, check_width, no_phone, refused
from loyalty.imports.source import CheckedFile
from loyalty.programme import service as programme
from loyalty.purchases import service as purchases
from loyalty.purchases.recording import Outcome, Recorded, Replayed
from loyalty.purchases.writing import IMPORT


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Turns cells into a purchase as the API's schema would load it."""

    columns: Columns
    width: int
    region: str
    currency: str
    zone: ZoneInfo
    store: str | None

    def load(self, cells: Sequence[str]) -> dict[str, Any]:
        """Raises `Problem`; `empty` in its extra when there is no phone at all."""
        check_width(cells, least=max(self.columns.values()) + 1, width=self.width)
        cell = {name: cells[place].strip() for name, place in self.columns.items()}
        if not cell["phone"]:
            raise no_phone()
        return {
            "phone": PhoneNumber.parse(cell["phone"], self.region).as_member_key(),
            "store": text_of(cell, "store", CODE_LENGTH) or self.store,
            "receipt_no": text_of(cell, "receipt_no", RECEIPT_LENGTH),
            "register": text_of(cell, "register", REGISTER_LENGTH),
            "amount": self._amount(cell["amount"]),
            "quantity": quantity_of(cell["quantity"]) if cell.get("quantity") else None,
            "purchased_at": time_of(cell["purchased_at"], self.zone),
            "channel": channel_of(cell.get("channel")),
            "member": {"name": name} if (name := text_of(cell, "name", NAME_LENGTH)) else {},
        }

    def _amount(self, text: str) -> int:
        try:
            return parse_major(text, self.currency)
        except ValueError:
            raise Problem(Code.INVALID_AMOUNT, field="amount") from None


def import_purchases(
    path: Path,
    *,
    create_stores: bool,
    earns: bool,
    on_step: OnStep,
    on_refused: OnRefused,
    store: str | None = None,
) -> Tally:
    """Import the whole file, of receipts or of their lines; raises `source.BadFile` before
    anything is written."""
    file = source.check(path)
    asked = Import(
        file=file,
        store=store,
        create_stores=create_stores,
        earns=earns,
        on_step=on_step,
        on_refused=on_refused,
    )
    bring_in = purchase_lines.import_lines if is_of_lines(file.header) else _import_receipts
    tally = bring_in(asked)
    in_transaction(lambda: _audit(file, tally))
    return tally


def _import_receipts(asked: Import) -> Tally:
    file, reader = asked.file, _reader(asked)
    tally = Tally()
    rows = source.rows_of(file)
    while step := list(itertools.islice(rows, BATCH_ROWS)):
        loaded = [_load(reader, cells) for _, cells in step]
        _number_rows_without_receipts(file, step, loaded)
        outcomes = in_transaction(partial(_record, loaded, asked))
        asked.on_refused(file.header, _count(tally, step, outcomes))
        asked.on_step(tally, step[-1][0], file.lines)
    return tally


def _reader(asked: Import) -> Reader:
    settings = current_app.extensions["settings"]
    required = [
        name for name in _required(asked.create_stores) if name != "store" or not asked.store
    ]
    return Reader(
        columns=find_columns(asked.file.header, required=required),
        width=len(asked.file.header),
        region=settings.default_region,
        currency=settings.currency,
        zone=settings.time_zone,
        store=asked.store,
    )


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


def _record(loaded: Sequence[dict[str, Any] | Problem], asked: Import) -> list[Outcome]:
    asked.make_stores(row["store"] for row in loaded if not isinstance(row, Problem))
    return purchases.record_many(loaded, source=IMPORT, earns=asked.earns)


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


def _audit(file: CheckedFile, tally: Tally) -> None:
    audit.record("purchases.import", "file", file.sha256[:16], **tally.as_document())

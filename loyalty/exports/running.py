"""The making of an export: who is in it, its rows, whoever lost the right to be in it meanwhile
taken out again, its manifest, and all of that kept together.

The order is that of semantics, Audience files: build -> suppression -> one row per contact ->
cap -> split -> files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale
from pyroaring import BitMap
from sqlalchemy import Row, select, update

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import contacts, filling, kept, manifest, orders, selection, storing
from loyalty.exports.advice import advice_for
from loyalty.exports.filling import Report
from loyalty.exports.models import Export
from loyalty.exports.rules import Order, Step
from loyalty.exports.selection import Selection
from loyalty.exports.suppression import without_ended

WRITINGS = 4
"""So often at most are the files written: again where somebody lost the right to be in them
meanwhile, or a phone changed hands. After that they say as of when they are."""
MEANWHILE = "meanwhile"
"""The step that leaves those out."""

_exports = table_of(Export)


def run(
    export_id: int,
    folder: Path,
    *,
    report: Report,
    hold: Callable[[], None] = lambda: None,
    served: bool = True,
) -> dict[str, Any]:
    """Make the files of an export in `folder`, which is there, and keep who is in them; returns
    its manifest. What `report` raises ends the work, and so does what `hold` raises, which is
    called in the transaction that keeps all: from there on nobody else may take the work over.
    `served`: the files can be fetched for as many days as the settings say.

    Opens its own transactions. Raises what `selection.select` does, `unknown_audience` where it
    was deleted meanwhile, `unknown_export` where the export was, `invalid_request` where it
    would be too many files by now, `disk_full`, OSError; then no file is left.
    """
    with read():
        export = connection().execute(select(_exports).where(_exports.c.id == export_id)).one()
    try:
        with force_locale(export.options["language"]):
            return _Work(export, folder, report=report, hold=hold, served=served).do()
    except Problem as problem:
        if problem.code == Code.NOBODY_LEFT:
            _say_steps(export_id, problem.extra["steps"], as_of=clock.now())
        raise


class _Work:
    def __init__(
        self,
        export: Row[Any],
        folder: Path,
        *,
        report: Report,
        hold: Callable[[], None],
        served: bool,
    ) -> None:
        self.export = export
        self.order = orders.order_of(export)
        self.folder = folder
        self.report = report
        self.hold = hold
        self.served = served

    def do(self) -> dict[str, Any]:
        chosen = self._choose()
        for attempt in range(1, WRITINGS + 1):
            # Said at once: people see the steps while rows are written.
            _say_steps(self.export.id, manifest.steps_document(chosen.steps), as_of=chosen.as_of)
            with storing.working(self.folder) as here:
                filled = filling.fill(self.export, chosen, here, report=self.report)
                document = manifest.document(self.export, chosen, filled)
                manifest.write(document, here)
                other = self._changed_meanwhile(chosen) if attempt < WRITINGS else None
                other = other or self._keep(chosen, document, here)
            if other is None:
                return document
            chosen = other
        raise Problem(Code.BUSY)

    def _choose(self) -> Selection:
        with read():
            # Another audience may have its slug by now.
            if audiences.look(self.export.audience_slug).id != self.export.audience_id:
                raise Problem(Code.UNKNOWN_AUDIENCE)
            chosen = selection.select(self.export.audience_slug, self.order, as_of=clock.now())
        # The audience may have grown since it was ordered.
        orders.check_size(self.order, rows=len(chosen.members) + len(chosen.leaving))
        return chosen

    def _changed_meanwhile(self, chosen: Selection) -> Selection | None:
        """None where the files are right as they are. Else to be written again: without those
        who may not be in it any more (took a consent back, were restricted, erased), and with
        the phones and addresses of today."""
        now = clock.now()
        with read():
            gone = chosen.members - selection.still_in(chosen.members, self.order, as_of=now)
            told_of = chosen.members | chosen.leaving
            moved = contacts.changed(told_of, self.order, since=chosen.as_of)
        if not gone and not moved:
            return None
        left = without(chosen, gone, order=self.order) if gone else chosen
        return replace(left, as_of=now)

    def _keep(self, chosen: Selection, document: dict[str, Any], here: Path) -> Selection | None:
        """None, and all is kept; or nothing is, and it is to be written again without whoever
        was erased or closed."""
        self.report(document["rows"], document["rows"])

        # Where the commit itself fails the files stay: the row tells of none, and they are
        # deleted when the work begins again, or within the hour.
        def keep() -> None:
            self._hold()
            told_of = chosen.whole | chosen.leaving
            if gone := told_of - without_ended(told_of):
                raise _Gone(gone)
            with storing.placed(here, self.folder, manifest.names_in(document)):
                kept.keep(self.export.id, chosen.whole)
                this = update(_exports).where(_exports.c.id == self.export.id)
                connection().execute(this.values(self._made(chosen, document)))

        try:
            in_transaction(keep)
        except _Gone as found:
            return without(chosen, found.members, order=self.order)
        return None

    def _hold(self) -> None:
        """Its row before its job, as whoever cancels it does."""
        kept.hold()
        this = select(_exports.c.id).where(_exports.c.id == self.export.id)
        if connection().execute(this.with_for_update(key_share=True)).first() is None:
            raise Problem(Code.UNKNOWN_EXPORT)
        self.hold()

    def _made(self, chosen: Selection, document: dict[str, Any]) -> dict[str, Any]:
        days = current_app.extensions["settings"].files_days
        return {
            "manifest": document,
            "rows": document["rows"],
            "as_of": chosen.as_of,
            "files_until": clock.now() + timedelta(days=days) if self.served else None,
            "files_deleted_at": None,
        }


class _Gone(Exception):
    def __init__(self, members: BitMap) -> None:
        super().__init__()
        self.members = members


def without(chosen: Selection, gone: BitMap, *, order: Order) -> Selection:
    """The same without these, as one more step. Raises `nobody_left` as `selection.select`."""
    members, leaving = chosen.members - gone, chosen.leaving - gone
    before = [step for step in chosen.steps if step.name != MEANWHILE]
    removed = before[-1].count - len(members)
    steps = [*before, Step(name=MEANWHILE, count=len(members), removed=removed)]
    if not members and not leaving:
        advice = advice_for(steps, order.reach)
        why = {"steps": manifest.steps_document(steps), "advice": advice}
        raise Problem(Code.NOBODY_LEFT, extra=why)
    whole = chosen.whole - gone
    return replace(chosen, members=members, leaving=leaving, whole=whole, steps=steps)


def _say_steps(export_id: int, steps: list[dict[str, Any]], *, as_of: datetime) -> None:
    """Of an export that is not kept yet: a worker that was thought dead comes too late."""
    this = update(_exports).where(_exports.c.id == export_id, _exports.c.rows.is_(None))
    said = this.values(manifest={"steps": steps}, as_of=as_of)
    in_transaction(lambda: connection().execute(said))

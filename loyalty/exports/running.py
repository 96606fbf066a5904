"""The making of an export: who is in it, its rows, whoever lost the right to be in it meanwhile
taken out again, its manifest, and all of that kept together.

The order is that of semantics, Audience files: build -> suppression -> one row per contact ->
cap -> split -> files.
"""

from __future__ import annotations

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
from loyalty.exports import filling, kept, manifest, selection, storing
from loyalty.exports.filling import Report
from loyalty.exports.models import Export
from loyalty.exports.orders import order_of
from loyalty.exports.rules import Step
from loyalty.exports.selection import Selection
from loyalty.exports.suppression import without_ended

WRITINGS = 4
"""So often at most are the files written: again where somebody lost the right to be in them
meanwhile. After that they say as of when they are."""
MEANWHILE = "meanwhile"
"""The step that leaves those out."""

_exports = table_of(Export)


def run(export_id: int, folder: Path, *, report: Report, served: bool = True) -> dict[str, Any]:
    """Make the files of an export in `folder`, which is there, and keep who is in them; returns
    its manifest. What `report` raises ends the work. `served`: the files can be fetched for as
    many days as the settings say.

    Opens its own transactions. Raises what `selection.select` does, `unknown_audience` where it
    was deleted meanwhile, `disk_full`, OSError; then no file is left.
    """
    with read():
        export = connection().execute(select(_exports).where(_exports.c.id == export_id)).one()
    try:
        with force_locale(export.options["language"]):
            return _Work(export, folder, report=report, served=served).do()
    except Problem as problem:
        if problem.code == Code.NOBODY_LEFT:
            _say_steps(export_id, problem.extra["steps"], as_of=clock.now())
        raise


class _Work:
    def __init__(self, export: Row[Any], folder: Path, *, report: Report, served: bool) -> None:
        self.export = export
        self.order = order_of(export)
        self.folder = folder
        self.report = report
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
                gone = self._gone_meanwhile(chosen) if attempt < WRITINGS else BitMap()
                gone = gone or self._keep(chosen, document, here)
            if not gone:
                return document
            chosen = without(chosen, gone)
        raise Problem(Code.BUSY)

    def _choose(self) -> Selection:
        with read():
            # Another audience may have its slug by now.
            if audiences.look(self.export.audience_slug).id != self.export.audience_id:
                raise Problem(Code.UNKNOWN_AUDIENCE)
            return selection.select(self.export.audience_slug, self.order, as_of=clock.now())

    def _gone_meanwhile(self, chosen: Selection) -> BitMap:
        """Who may not be in it any more: took a consent back, was restricted, erased."""
        with read():
            return chosen.members - selection.still_in(
                chosen.members, self.order, as_of=clock.now()
            )

    def _keep(self, chosen: Selection, document: dict[str, Any], here: Path) -> BitMap:
        """Nobody, and all is kept; or who was erased or closed, and nothing is."""
        # The lease is new: for a minute nobody else takes this work over.
        self.report(document["rows"], document["rows"])

        def keep() -> None:
            kept.hold()
            told_of = chosen.members | chosen.leaving
            if gone := told_of - without_ended(told_of):
                raise _Gone(gone)
            kept.keep(self.export.id, chosen.whole)
            this = update(_exports).where(_exports.c.id == self.export.id)
            connection().execute(this.values(self._made(chosen, document)))

        try:
            with storing.placed(here, self.folder, manifest.names_in(document)):
                in_transaction(keep)
        except _Gone as found:
            return found.members
        return BitMap()

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


def without(chosen: Selection, gone: BitMap) -> Selection:
    """The same without these, as one more step. Raises `nobody_left`."""
    members, leaving = chosen.members - gone, chosen.leaving - gone
    before = [step for step in chosen.steps if step.name != MEANWHILE]
    removed = before[-1].count - len(members)
    steps = [*before, Step(name=MEANWHILE, count=len(members), removed=removed)]
    if not members and not leaving:
        extra = {"steps": manifest.steps_document(steps)}
        raise Problem(Code.NOBODY_LEFT, extra=extra)
    whole = chosen.whole - gone
    return replace(chosen, members=members, leaving=leaving, whole=whole, steps=steps)


def _say_steps(export_id: int, steps: list[dict[str, Any]], *, as_of: datetime) -> None:
    """Of an export that is not kept yet: a worker that was thought dead comes too late."""
    this = update(_exports).where(_exports.c.id == export_id, _exports.c.rows.is_(None))
    said = this.values(manifest={"steps": steps}, as_of=as_of)
    in_transaction(lambda: connection().execute(said))

"""An export as the desk shows it: the subtraction to the last row, how far it is, its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_decimal, gettext, ngettext

from loyalty.core.errors import Code
from loyalty.exports import manifest
from loyalty.exports.columns import columns
from loyalty.exports.formats import FORMATS
from loyalty.pages import formats
from loyalty.pages.manage.exports.words import STATES, reach_word, taken_out
from loyalty.pages.manage.progress import ShownWork

_GOES_ON = ("queued", "running")
_ENDED_BADLY = ("failed", "cancelled")
_SIZES = ("B", "KB", "MB", "GB")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the subtraction: whom it takes out, and how many."""

    label: Any
    number: str


@dataclass(frozen=True, kw_only=True)
class Subtraction:
    """From the group to the rows; `rows` is what is left."""

    start: str
    lines: Sequence[Line]
    rows: str


def subtraction(steps: Sequence[Mapping[str, Any]], reach: str | None) -> Subtraction | None:
    """Of `[{name, count, removed}]`; a step that took out nobody goes without saying. None
    where nothing is known yet."""
    if not steps:
        return None
    lines = [
        Line(
            label=taken_out(step["name"], reach),
            number=formats.count(-step["removed"]),
        )
        for step in steps
        if step["removed"]
    ]
    start, left = steps[0]["count"], steps[-1]["count"]
    return Subtraction(start=formats.count(start), lines=lines, rows=formats.count(left))


@dataclass(frozen=True, kw_only=True)
class ShownFile:
    name: str
    address: str
    about: str


@dataclass(frozen=True, kw_only=True)
class ShownExport(ShownWork):
    """`view` as `exports.service` gives it."""

    @property
    def group(self) -> str:
        """What it is called; one that is gone goes by its slug."""
        return self.view["audience_name"] or self.view["audience"]

    @property
    def format(self) -> Any:
        return FORMATS[self.view["format"]]

    @property
    def format_label(self) -> str:
        return str(self.format.label)

    @property
    def reach(self) -> str:
        """Empty where the format says it."""
        return "" if self.format.channel else str(reach_word(self.view["reach"]))

    @property
    def where(self) -> str:
        return formats.joined([self.format_label, self.reach])

    @property
    def state(self) -> str:
        return "deleted" if self.view["files_deleted_at"] else self.view["state"]

    @property
    def state_word(self) -> Any:
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        return STATES[self.state][1]

    @property
    def goes_on(self) -> bool:
        return self.view["state"] in _GOES_ON

    @property
    def is_elsewhere(self) -> bool:
        """A command made the files, and put them where it was told."""
        return self.state == "done" and self.view["files_until"] is None

    @property
    def can_be_tried_again(self) -> bool:
        return self.view["state"] in _ENDED_BADLY

    @property
    def as_of(self) -> str:
        return formats.date_and_time(self.view["as_of"]) if self.view["as_of"] else ""

    @property
    def rows(self) -> str:
        return "–" if self.view["rows"] is None else formats.count(self.view["rows"])

    @property
    def rows_in_words(self) -> str:
        number = self.view["rows"] or 0
        return ngettext("%(count)s row", "%(count)s rows", number, count=formats.count(number))

    @property
    def subtraction(self) -> Subtraction | None:
        return subtraction(self.view["steps"], self.view["reach"])

    @property
    def kept(self) -> str:
        """Until when the files are here."""
        until = self.view["files_until"]
        if until is None or self.state != "done":
            return ""
        return formats.in_lists(formats.last_day(until), formats.local(self.now).date())

    # -- how far it is

    @property
    def doing(self) -> str:
        if self.view["is_ending"]:
            return gettext("Ending in a moment")
        if self.view["state"] == "queued":
            return str(self.state_word)
        if not self.total:
            return gettext("Working out who is in the file")
        return gettext("Writing the file")

    @property
    def failed_at(self) -> str:
        if not self.view["steps"] or self.view["error"]["code"] == Code.NOBODY_LEFT:
            return gettext("It failed while it was worked out who is in the file.")
        return gettext("It failed while the file was written.")

    # -- what came of it

    @property
    def files(self) -> list[ShownFile]:
        """The manifest is the last. None once they are deleted, or where a command put them
        elsewhere."""
        if self.state != "done" or self.view["files_until"] is None:
            return []
        return [*map(self._data_file, self.view["files"]), self._manifest]

    def _data_file(self, file: Mapping[str, Any]) -> ShownFile:
        rows = ngettext(
            "%(count)s row", "%(count)s rows", file["rows"], count=formats.count(file["rows"])
        )
        return self._file(file["name"], formats.joined([rows, size(file["bytes"])]))

    @property
    def _manifest(self) -> ShownFile:
        return self._file(
            manifest.NAME, gettext("What was counted, and the check sum of each file")
        )

    def _file(self, name: str, about: str) -> ShownFile:
        address = url_for("manage.export_file", export_id=self.id, file_name=name)
        return ShownFile(name=name, address=address, about=about)

    @property
    def error(self) -> str:
        """A sentence, and what to do where that is known."""
        error = self.view["error"]
        return " ".join(filter(None, (str(error["detail"]), error.get("advice")))) if error else ""

    @property
    def left_out(self) -> list[str]:
        """Values that did not fit a typed column, by column."""
        left_out = self.view["left_out"]
        known = columns() if left_out else {}
        return [
            gettext(
                "%(count)s values left out of %(column)s: they do not fit there.",
                count=formats.count(number),
                column=str(known[name].label) if name in known else name,
            )
            for name, number in left_out.items()
        ]


def size(bytes_: int) -> str:
    """`1,2 MB`."""
    number, unit = float(bytes_), _SIZES[0]
    for unit in _SIZES:
        if number < 1024 or unit == _SIZES[-1]:
            break
        number /= 1024
    return f"{format_decimal(round(number, 1 if number < 10 and unit != 'B' else 0))}\u00a0{unit}"

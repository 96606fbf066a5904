"""What a check of a file found, or its import did, as the desk shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext

from loyalty.pages import formats
from loyalty.pages.manage.imports.words import why_refused

LINES_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Figure:
    """How many rows came to what; `lines` are some of them by their number in the file."""

    label: str
    number: str
    lines: str


@dataclass(frozen=True, kw_only=True)
class Tally:
    """`counts` as `imports.service` keeps them."""

    counts: Mapping[str, Any]

    @property
    def rows(self) -> str:
        number = self.counts["rows"]
        return ngettext("%(count)s row", "%(count)s rows", number, count=formats.count(number))

    @property
    def created(self) -> int:
        return int(self.counts["created"])

    @property
    def changed(self) -> int:
        return int(self.counts["changed"])

    @property
    def refused(self) -> int:
        return sum(self.counts["refused"].values())

    @property
    def button(self) -> str:
        """Of a check: it says what will happen."""
        return gettext(
            "Import: %(created)s new, %(changed)s changed",
            created=formats.count(self.created),
            changed=formats.count(self.changed),
        )

    @property
    def figures(self) -> list[Figure]:
        """Every row is in one of them."""
        words = {
            "created": gettext("New customers"),
            "changed": gettext("Customers that change"),
            "unchanged": gettext("Known already, and nothing new"),
            "duplicate": gettext("The same phone again in the file"),
        }
        found = [self._figure(kind, word, self.counts[kind]) for kind, word in words.items()]
        return [*found, self._figure("refused", gettext("Refused rows"), self.refused)]

    @property
    def reasons(self) -> list[Figure]:
        """Why rows were refused, the most frequent first."""
        refused = sorted(self.counts["refused"].items(), key=lambda one: (-one[1], one[0]))
        return [self._figure(code, str(why_refused(code)), number) for code, number in refused]

    def _figure(self, kind: str, label: str, number: int) -> Figure:
        return Figure(label=label, number=formats.count(number), lines=self._lines(kind))

    def _lines(self, kind: str) -> str:
        """Whoever asks has the file."""
        lines: Sequence[int] = self.counts["examples"].get(kind, ())
        if not lines:
            return ""
        shown = ", ".join(str(line) for line in lines[:LINES_SHOWN])
        more = " …" if len(lines) > LINES_SHOWN else ""
        return ngettext("line %(lines)s", "lines %(lines)s", len(lines), lines=shown + more)

    @property
    def beside(self) -> list[str]:
        """What came with the customers, where something did: tags, consents, points."""
        opened, made = self.counts["opened"], self.counts["new_tags"]
        given, agreed = self.counts["tagged"], self.counts["consents"].get("granted", 0)
        said = [
            (made, gettext("Tags new to the shop: %(tags)s.", tags=", ".join(made))),
            (given, gettext("%(count)s times a tag is given.", count=formats.count(given))),
            (agreed, gettext("%(count)s consents are noted.", count=formats.count(agreed))),
            (opened["members"], _opened(**opened)),
        ]
        return [sentence for is_so, sentence in said if is_so]

    @property
    def taken_back(self) -> list[str]:
        """What an undo would do about it."""
        made = ngettext(
            "%(count)s customer that it made is closed, and the phone is free again.",
            "%(count)s customers that it made are closed, and their phones are free again.",
            self.created,
            count=formats.count(self.created),
        )
        changed = ngettext(
            "%(count)s customer that it changed gets back what stood there.",
            "%(count)s customers that it changed get back what stood there.",
            self.changed,
            count=formats.count(self.changed),
        )
        beside = gettext("Tags, consents and opening balances that came with it are taken back.")
        said = [(self.created, made), (self.changed, changed), (True, beside)]
        return [sentence for is_so, sentence in said if is_so]


def _opened(*, members: int, points: int) -> str:
    return gettext(
        "%(count)s customers bring %(points)s points along.",
        count=formats.count(members),
        points=formats.count(points),
    )

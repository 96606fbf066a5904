"""What an import of purchases is asked for, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from loyalty.imports.refused_rows import Refused
from loyalty.imports.source import CheckedFile
from loyalty.programme import service as programme


@dataclass(kw_only=True)
class Tally:
    """`rejected` counts rows by code, phone refusals as `invalid_phone`."""

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


@dataclass(kw_only=True)
class LinesTally(Tally):
    """Of a file of lines: `recorded` purchases, and `returns`, of which so many are `matched` to
    purchases with every line, or `partly_matched`."""

    returns: int = 0
    matched: int = 0
    partly_matched: int = 0

    def as_document(self) -> dict[str, Any]:
        returned = {
            "returns": self.returns,
            "matched": self.matched,
            "partly_matched": self.partly_matched,
        }
        return {**super().as_document(), **returned}


OnStep = Callable[[Tally, int, int], None]
"""Hears of every finished step: the tally, the line it came to, and how many lines there are."""
OnRefused = Callable[[Sequence[str], Iterable[Refused]], None]
"""Hears of the rows that a step refused, with the file's header."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """A file to bring in. `store`: the code of the one that all of it is of, where no column says
    it; `create_stores` adds those that it names; without `earns` it is history."""

    file: CheckedFile
    store: str | None
    create_stores: bool
    earns: bool
    on_step: OnStep
    on_refused: OnRefused

    def make_stores(self, named: Iterable[str | None]) -> None:
        if self.create_stores:
            known = programme.snapshot().stores
            for code in sorted({code for code in named if code and code not in known}):
                programme.create_store(code=code, name=code)

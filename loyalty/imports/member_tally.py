"""What an import of members did, or would do: counted by row, with where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalty.core.limits import IMPORT_TAGS
from loyalty.members.rules import fold

KINDS = ("created", "changed", "unchanged", "duplicate")
EXAMPLES = 20
"""Lines that are named of each kind: whoever asks has the file."""


@dataclass(kw_only=True)
class Tally:
    """Every row is one of created, changed, unchanged (of the profile and attributes),
    duplicate (its phone stood in the file before) and refused. Beside that: `new_tags` that
    the shop does not have, or did not; `tagged` tags given, `consents` by what became of them,
    `opened` opening balances and `points` in them; where nothing is written, as many of each
    as the file asks for."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    new_tags: list[str] = field(default_factory=list)
    tagged: int = 0
    consents: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    points: int = 0
    examples: dict[str, list[int]] = field(default_factory=dict)

    def count(self, kind: str, line: int) -> None:
        """A row that is no refused one."""
        self.rows += 1
        setattr(self, kind, getattr(self, kind) + 1)
        self._point_to(kind, line)

    def refuse(self, code: str, line: int) -> None:
        self.rows += 1
        self.refused[code] += 1
        self._point_to(code, line)

    def name_tags(self, names: Iterable[str]) -> None:
        """One more than may be made, so that it shows that there are more."""
        known = {fold(name) for name in self.new_tags}
        for name in names:
            if len(self.new_tags) <= IMPORT_TAGS and fold(name) not in known:
                self.new_tags.append(name)
                known.add(fold(name))

    def may_make(self, name: str) -> bool:
        return fold(name) in {fold(each) for each in self.new_tags[:IMPORT_TAGS]}

    def _point_to(self, kind: str, line: int) -> None:
        lines = self.examples.setdefault(kind, [])
        if len(lines) < EXAMPLES:
            lines.append(line)

    def copy(self) -> Tally:
        return Tally.from_document(self.to_document())

    def counts(self) -> dict[str, Any]:
        """Without the tags' names and the lines."""
        kept = self.to_document().items()
        return {name: each for name, each in kept if name not in ("new_tags", "examples")}

    def to_document(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            **{kind: getattr(self, kind) for kind in KINDS},
            "refused": dict(sorted(self.refused.items())),
            "new_tags": self.new_tags,
            "tagged": self.tagged,
            "consents": dict(sorted(self.consents.items())),
            "opened": {"members": self.opened, "points": self.points},
            "examples": self.examples,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Tally:
        """Where it stood; a new one where nothing was counted yet."""
        if document is None:
            return cls()
        opened = document["opened"]
        return cls(
            **{name: document[name] for name in ("rows", *KINDS, "tagged")},
            refused=Counter(document["refused"]),
            new_tags=list(document["new_tags"]),
            consents=Counter(document["consents"]),
            opened=opened["members"],
            points=opened["points"],
            examples={kind: list(lines) for kind, lines in document["examples"].items()},
        )

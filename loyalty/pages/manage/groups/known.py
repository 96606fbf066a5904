"""The tags and customer groups that there are, as the builder offers and names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from loyalty.audiences import service as audiences
from loyalty.audiences.language import Leaf
from loyalty.groups.models import GroupKind
from loyalty.members.rules import fold
from loyalty.pages.manage.groups.typed import written
from loyalty.tags import service as tags

OFFERED = 60
"""As many of a kind are listed at once; the search finds the rest."""


@dataclass(frozen=True, kw_only=True)
class KnownGroup:
    leaf: Leaf
    name: str
    count: int
    doubt: str = ""
    """Why its count is not that of now; empty where it is."""

    @property
    def value(self) -> str:
        """As forms hold it."""
        return written(self.leaf)

    @property
    def id(self) -> str:
        """For elements of the page that are about it."""
        return f"{self.leaf.kind}-{self.leaf.slug}"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the builder lists of one kind, and how many more would fit."""

    groups: list[KnownGroup]
    left_out: int


Known = Mapping[Leaf, KnownGroup]


def known_groups() -> dict[Leaf, KnownGroup]:
    return named_with(all_audiences())


def named_with(views: Iterable[Mapping[str, Any]]) -> dict[Leaf, KnownGroup]:
    """Every tag, and these audiences as `all_audiences` gives them."""
    found = [*map(_tag, tags.all_tags()), *map(_audience, views)]
    return {group.leaf: group for group in found}


def all_audiences() -> Iterator[dict[str, Any]]:
    """As `audiences.service.get` shows them."""
    after: str | None = None
    while True:
        page, after = audiences.page(after=int(after) if after else None)
        yield from page
        if after is None:
            return


def _tag(view: Mapping[str, Any]) -> KnownGroup:
    return KnownGroup(
        leaf=Leaf(GroupKind.TAG, view["slug"]),
        name=view["name"],
        count=view["count"],
        doubt=_doubt(view),
    )


def _doubt(view: Mapping[str, Any]) -> str:
    if view["failing"]:
        return gettext(
            "%(tag)s could not be worked out: its last good count is used.", tag=view["name"]
        )
    if view["kind"] == "rule" and view["built_at"] is None:
        return gettext("%(tag)s is being counted: look again in a moment.", tag=view["name"])
    return ""


def _audience(view: Mapping[str, Any]) -> KnownGroup:
    leaf = Leaf(GroupKind.AUDIENCE, view["slug"])
    return KnownGroup(leaf=leaf, name=view["name"], count=view["count"])


def offered(known: Known, kind: GroupKind, *, search: str, without: Leaf | None) -> Offer:
    """Of one kind those that fit the search, the largest first."""
    wanted = fold(search)
    fitting = [
        group
        for leaf, group in known.items()
        if leaf.kind == kind and leaf != without and wanted in fold(group.name)
    ]
    fitting.sort(key=lambda group: (-group.count, fold(group.name)))
    return Offer(groups=fitting[:OFFERED], left_out=max(0, len(fitting) - OFFERED))

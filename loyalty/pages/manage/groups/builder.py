"""The page on which a customer group is put together, as it stands at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from loyalty.audiences import service as audiences
from loyalty.audiences.language import Leaf, from_document
from loyalty.core import clock
from loyalty.core.errors import Problem
from loyalty.groups.models import GroupKind
from loyalty.pages import formats
from loyalty.pages.manage.forms import FORM, Sentences
from loyalty.pages.manage.groups import figures, sentences, typed
from loyalty.pages.manage.groups.figures import Figures
from loyalty.pages.manage.groups.known import Known, KnownGroup, Offer, known_groups, offered
from loyalty.pages.manage.groups.typed import TAKE, Act
from loyalty.pages.manage.groups.zones import ALL, ANY, NAMES, NONE, Zones, zones_of

TITLES: Mapping[str, Any] = {
    ALL: _l("Has all of"),
    ANY: _l("And at least one of"),
    NONE: _l("Without"),
}
HINTS: Mapping[str, Any] = {
    ALL: _l("every one of these"),
    ANY: _l("one is enough"),
    NONE: _l("whoever has one goes out"),
}


@dataclass(frozen=True, kw_only=True)
class Chip:
    """`moves`: into which other zones it can go; `is_fresh`: it was put there just now."""

    group: KnownGroup
    count: int
    moves: list[tuple[str, Any]]
    is_fresh: bool


@dataclass(frozen=True, kw_only=True)
class Zone:
    name: str
    title: Any
    hint: Any
    chips: list[Chip]
    left: str
    taken: str


@dataclass(frozen=True, kw_only=True)
class Builder:
    """`saved` is the group as it is kept, None of a new one; `act` is what was just done."""

    zones: Zones
    name: str
    known: Known
    saved: Mapping[str, Any] | None = None
    act: Act | None = None
    errors: Sentences = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.saved["slug"] if self.saved else ""

    @property
    def is_saved(self) -> bool:
        """Whether what is shown is what is kept."""
        if self.saved is None:
            return False
        kept = zones_of(from_document(self.saved["expression"]))
        return self.zones == kept and self.name == self.saved["name"]

    @property
    def saved_at(self) -> str:
        if self.saved is None:
            return ""
        moment = self.saved["updated_at"] or self.saved["created_at"]
        return formats.lately(moment, clock.now())

    @cached_property
    def figures(self) -> Figures:
        """Without a count where the zones hold more than can be counted."""
        try:
            return figures.of_zones(self.zones)
        except Problem:
            return Figures()

    @property
    def can_be_counted(self) -> bool:
        return not self.zones.leaves or self.figures.count is not None

    @property
    def sentence(self) -> Any:
        return sentences.told_zones(self.zones, self.known)

    @property
    def doubts(self) -> list[str]:
        """Of which groups the counts are not those of now."""
        return [doubt for leaf in self.zones.leaves if (doubt := self.known[leaf].doubt)]

    @property
    def focus(self) -> str:
        """The id of what a keyboard goes on from: the chip that was moved, or what adds to the
        zone that lost one. A button of the list stays, and keeps the focus."""
        if self.act is None or not self.act.zone:
            return ""
        if self.act.verb == TAKE:
            return f"add-{self.act.zone}"
        return f"chip-{self.known[self.act.leaf].id}"

    @property
    def rows(self) -> list[Zone]:
        return [self._zone(name) for name in NAMES]

    def _zone(self, name: str) -> Zone:
        there, taken = self.zones.of(name), self.figures.taken.get(name, 0)
        is_counted = self.figures.count is not None
        return Zone(
            name=name,
            title=TITLES[name],
            hint=HINTS[name],
            chips=[self._chip(leaf, name) for leaf in there],
            left=formats.count(self.figures.left[name]) if is_counted else "–",
            taken=formats.count(-taken) if taken and there else "",
        )

    def _chip(self, leaf: Leaf, zone: str) -> Chip:
        group = self.known[leaf]
        return Chip(
            group=group,
            count=self.figures.of_group.get(leaf, group.count),
            moves=[(name, title) for name, title in TITLES.items() if name != zone],
            is_fresh=self.act is not None and self.act.leaf == leaf and self.act.verb != TAKE,
        )

    # -- the list to choose from -------------------------------------------------

    @property
    def into(self) -> str:
        return typed.chosen_zone()

    @property
    def search(self) -> str:
        return typed.search()

    @property
    def tags(self) -> Offer:
        return self._offered(GroupKind.TAG)

    @property
    def audiences(self) -> Offer:
        return self._offered(GroupKind.AUDIENCE)

    def _offered(self, kind: GroupKind) -> Offer:
        own = Leaf(GroupKind.AUDIENCE, self.slug) if self.slug else None
        return offered(self.known, kind, search=self.search, without=own)

    def holds(self, group: KnownGroup) -> bool:
        return group.leaf in self.zones.leaves


# -- the page ----------------------------------------------------------------------


def show_new(*, errors: Sentences) -> str:
    return _page(_typed(saved=None, errors=errors))


def show(slug: str, *, errors: Sentences) -> str:
    """As it is kept, or as it was posted; a sentence alone of what no zones can show."""
    saved, known = audiences.get(slug), known_groups()
    expression = from_document(saved["expression"])
    kept = zones_of(expression)
    if kept is None or not _fits(kept):
        return render_template(
            "pages/manage/groups/sentence.html",
            group=saved,
            sentence=sentences.told(expression, known),
            figures=figures.of_expression(expression),
            given=request.form or saved,
            errors=errors,
        )
    if request.form:
        return _page(_typed(saved=saved, errors=errors))
    return _page(Builder(zones=kept, name=saved["name"], known=known, saved=saved, errors=errors))


def _fits(zones: Zones) -> bool:
    """One made by the API may be too large to be counted zone by zone."""
    try:
        figures.of_zones(zones)
    except Problem:
        return False
    return True


def composed(slug: str) -> str:
    """As the form says, once what was just done is done."""
    return _page(_typed(saved=audiences.get(slug) if slug else None, errors={}))


def _typed(*, saved: Mapping[str, Any] | None, errors: Sentences) -> Builder:
    known = known_groups()
    there, act = typed.zones(known), typed.act(known)
    return Builder(
        zones=act.on(there) if act else there,
        name=request.form.get("name", "").strip(),
        known=known,
        saved=saved,
        act=act,
        errors=errors,
    )


def _page(builder: Builder) -> str:
    errors = dict(builder.errors)
    if not builder.can_be_counted and FORM not in errors:
        errors[FORM] = str(_TOO_MANY)
    return render_template("pages/manage/groups/builder.html", builder=builder, errors=errors)


_TOO_MANY = _l("These are too many groups for one: put some of them together in a group first.")

"""Reading the builder's form: the groups that stand in its zones, and what was just done."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext as _l

from loyalty.audiences.language import Leaf
from loyalty.core.limits import NAME_LENGTH, RULE_NODES
from loyalty.core.slugs import is_slug
from loyalty.groups.models import GroupKind
from loyalty.pages.manage.forms import line
from loyalty.pages.manage.groups.zones import ALL, NAMES, Zones

PUT, TAKE = "put", "take"


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a button does: `put` a group into `zone`, or `take` it out. `zone` is empty of a
    button of the list, which puts where the list is told to."""

    verb: str
    leaf: Leaf
    zone: str = ""

    def on(self, zones: Zones) -> Zones:
        if self.verb == TAKE:
            return zones.without(self.leaf)
        return zones.put(self.leaf, self.zone or chosen_zone())


def name() -> str:
    return line("name", NAME_LENGTH, missing=_l("Enter the name of the customer group."))


def zones(known: Container[Leaf]) -> Zones:
    """What stood in the form, of groups that there are."""
    return Zones(**{zone: tuple(_leaves(request.form.getlist(zone), known)) for zone in NAMES})


def act(known: Container[Leaf]) -> Act | None:
    """Of `put:any:tag:women`. None where nothing was done, or with a group that is none."""
    verb, _, rest = request.form.get("act", "").partition(":")
    zone, _, written = rest.partition(":")
    leaf = leaf_written(written)
    if verb not in (PUT, TAKE) or zone not in ("", *NAMES) or leaf is None or leaf not in known:
        return None
    return Act(verb=verb, leaf=leaf, zone=zone)


def chosen_zone() -> str:
    """Into which zone the list of tags puts."""
    into = request.form.get("into", ALL)
    return into if into in NAMES else ALL


def search() -> str:
    text = request.form.get("q", "").strip()[:NAME_LENGTH]
    return text if text.isprintable() else ""


def _leaves(written: Iterable[str], known: Container[Leaf]) -> Iterable[Leaf]:
    leaves = [leaf_written(each) for each in list(written)[:RULE_NODES]]
    return dict.fromkeys(leaf for leaf in leaves if leaf is not None and leaf in known)


def leaf_written(text: str) -> Leaf | None:
    """`tag:women`, as `written` writes it."""
    kind, _, slug = text.partition(":")
    if kind not in (GroupKind.TAG, GroupKind.AUDIENCE) or not is_slug(slug):
        return None
    return Leaf(GroupKind(kind), slug)


def written(leaf: Leaf) -> str:
    return f"{leaf.kind}:{leaf.slug}"

"""Who is in an expression, in plain Python over sets of member ids: what the chunks must say."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask
from hypothesis import strategies as st

from loyalty.audiences import service as audiences
from loyalty.core.db import in_transaction
from loyalty.groups.service import REACH
from tests.audiences.making import close, enrol, make_tag, put_in, put_in_group

Document = dict[str, Any]
Ids = set[int]

EDGES = [1, 2, 65_534, 65_535, 65_536, 65_537, 131_071, 131_072, 196_607, 196_608, 200_000]
TAGS = [f"t{number}" for number in range(7)]
AUDIENCES = [f"a{number}" for number in range(4)]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Members and groups as plain sets; `audiences` by slug, as documents."""

    active: Ids
    tags: Mapping[str, Ids]
    reach: Mapping[str, Ids]
    audiences: Mapping[str, Document]

    def members(self, document: Document) -> Ids:
        [(key, value)] = document.items()
        match key:
            case "tag":
                return self.tags[value] & self.active
            case "audience":
                return self.members(self.audiences[value])
            case "not":
                return self.active - self.members(value)
            case "all":
                return set.intersection(*map(self.members, value))
            case _:
                return set.union(*map(self.members, value))

    def region(self, inside: list[Document], outside: list[Document]) -> Ids:
        found = set(self.active)
        for document in inside:
            found &= self.members(document)
        for document in outside:
            found -= self.members(document)
        return found


def node_at(document: Any, path: str) -> Any:
    """`all.0.not` -> document["all"][0]["not"]"""
    for step in path.split(".") if path else []:
        document = document[int(step) if step.isdigit() else step]
    return document


def nodes_within(document: Document) -> Iterator[Document]:
    yield document
    [(key, value)] = document.items()
    if key in ("all", "any"):
        for part in value:
            yield from nodes_within(part)
    elif key == "not":
        yield from nodes_within(value)


def decided(document: Document, known: Mapping[str, bool], path: str = "") -> bool | None:
    """What follows from the leaves that are known, by path; None where they do not decide."""
    [(key, value)] = document.items()
    here = f"{path}.{key}" if path else key
    match key:
        case "tag" | "audience":
            return known.get(path)
        case "not":
            part = decided(value, known, here)
            return None if part is None else not part
    enough = key == "any"
    parts = [decided(part, known, f"{here}.{place}") for place, part in enumerate(value)]
    if enough in parts:
        return enough
    return None if None in parts else not enough


def gather(app: Flask, seed: int) -> Crowd:
    """Members in four chunks, some of them new or closed since the groups were last built; tags
    of all sizes, one of them of nobody; audiences made of each other."""
    chance = random.Random(seed)
    everybody = sorted({*EDGES, *chance.sample(range(1, 250_000), 150)})
    new = set(chance.sample(everybody, 20))
    closed = set(chance.sample(everybody, 20))
    enrol(app, [member_id for member_id in everybody if member_id not in new])
    tags = {slug: _some(chance, everybody) for slug in TAGS}
    tags[TAGS[-1]] = set()
    for slug, members in tags.items():
        make_tag(app, slug, members - new)
    reach = {channel: _some(chance, everybody) for channel in REACH}
    with app.app_context():
        for channel, group_id in REACH.items():
            in_transaction(partial(put_in_group, group_id, reach[channel]))
    enrol(app, new, drained=False)
    for slug, members in tags.items():
        put_in(app, slug, members & new)
    close(app, closed)
    return Crowd(
        active=set(everybody) - closed,
        tags=tags,
        reach=reach,
        audiences=_audiences(app, chance),
    )


def _some(chance: random.Random, everybody: list[int]) -> Ids:
    return set(chance.sample(everybody, chance.randrange(1, len(everybody))))


def _audiences(app: Flask, chance: random.Random) -> dict[str, Document]:
    """Each may be made of those before it."""
    made: dict[str, Document] = {}
    for slug in AUDIENCES:
        leaves: list[Document] = [{"tag": tag} for tag in TAGS]
        leaves += [{"audience": other} for other in made]
        inner: Document = {"not": {"any": chance.sample(leaves, 2)}}
        document = {"all": [chance.choice(leaves), inner]} if chance.random() < 0.5 else inner
        made[slug] = document
        put_together(app, slug, document)
    return made


def put_together(app: Flask, slug: str, document: Document) -> None:
    with app.app_context():
        in_transaction(partial(audiences.create, name=slug, slug=slug, expression=document))


def leaves() -> st.SearchStrategy[Document]:
    tag = st.sampled_from(TAGS).map(lambda slug: {"tag": slug})
    audience = st.sampled_from(AUDIENCES).map(lambda slug: {"audience": slug})
    return tag | tag | audience


def expressions() -> st.SearchStrategy[Document]:
    return st.recursive(
        leaves(),
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=4).map(lambda some: {"all": some}),
            st.lists(parts, min_size=1, max_size=4).map(lambda some: {"any": some}),
            parts.map(lambda part: {"not": part}),
        ),
        max_leaves=12,
    )

"""Random expressions over random groups: what chunks say is what plain Python sets say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.audiences import building, changes
from loyalty.audiences import service as audiences
from loyalty.audiences.explaining import why
from loyalty.audiences.language import Leaf
from loyalty.core.db import in_transaction, read
from loyalty.groups import service as groups
from loyalty.groups.models import Cause, GroupKind
from tests.audiences.making import put_in, take_out
from tests.audiences.plain import (
    TAGS,
    decided,
    expressions,
    gather,
    leaves,
    node_at,
    nodes_within,
    put_together,
)

FEW = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CAUSES = [Cause.RULE, Cause.DATA, Cause.TIME, Cause.MANUAL]
MANY = settings(FEW, max_examples=150)
"""For each of two crowds."""


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_of_every_node_reach_and_overlap(app, seed):
    crowd = gather(app, seed)

    @MANY
    @given(document=expressions(), chosen=st.lists(leaves(), max_size=5))
    def check(document, chosen):
        overlap = [Leaf(GroupKind(kind), slug) for leaf in chosen for kind, slug in leaf.items()]
        with app.app_context(), read():
            said = audiences.preview(document, overlap=overlap)
        whole = crowd.members(document)
        assert said["count"] == len(whole)
        assert said["active"] == len(crowd.active)
        assert said["reachable"] == {c: len(whole & who) for c, who in crowd.reach.items()}
        by_path = {node["path"]: node["count"] for node in said["nodes"]}
        assert len(by_path) == len(said["nodes"]) == len(list(nodes_within(document)))
        for path, count in by_path.items():
            assert count == len(crowd.members(node_at(document, path))), path
        assert len(said["overlap"]) == 2 ** len(chosen) - 1
        for region in said["overlap"]:
            assert region["count"] == len(crowd.region(region["in"], region["out"]))

    check()


def test_builds_hold_exactly_them_and_what_is_told_of_each_decides(app):
    crowd = gather(app, 3)
    numbers = itertools.count()

    @FEW
    @given(document=expressions())
    def check(document):
        slug = f"random-{next(numbers)}"
        put_together(app, slug, document)
        with app.app_context():
            in_transaction(lambda: building.build(slug))
            with read():
                built = groups.read_members(audiences.look(slug).group_id)
                said = {each: why(slug, each) for each in sorted(crowd.active)[::15]}
        assert set(built) == crowd.members(document)
        for member_id, told in said.items():
            assert told["in"] == (member_id in crowd.members(document))
            known = {item["path"]: item["in"] for item in told["because"]}
            assert decided(document, known) is told["in"]
            for item in told["because"]:
                kind = "tag" if "tag" in item else "audience"
                assert item["in"] == (member_id in crowd.members({kind: item[kind]}))

    check()


def test_what_is_told_to_have_changed_adds_up(app):
    crowd = gather(app, 4)
    tags = {slug: set(members) for slug, members in crowd.tags.items()}
    now = replace(crowd, tags=tags)
    often = sorted(crowd.active)[::6]
    put_together(app, "g", {"tag": TAGS[0]})

    @FEW
    @given(before=expressions(), after=st.none() | expressions(), chance=st.randoms())
    def check(before, after, chance):
        with app.app_context():
            in_transaction(lambda: audiences.change("g", changes={"expression": before}))
            in_transaction(lambda: building.build("g"))
            was_in = now.members(before)
            for _ in range(4):
                slug, cause = chance.choice(TAGS), chance.choice(CAUSES)
                came, went = (set(chance.sample(often, 8)) for _ in range(2))
                put_in(app, slug, came, cause=cause)
                take_out(app, slug, went, cause=cause)
                tags[slug] = (tags[slug] | came) - went
            if after is not None:
                in_transaction(lambda: audiences.change("g", changes={"expression": after}))
            with read():
                told = changes.since_last_build("g")
        is_in = now.members(before if after is None else after)
        assert told["added"] == len(is_in - was_in)
        assert told["removed"] == len(was_in - is_in)
        assert told["added"] == sum(cause["added"] for cause in told["causes"])
        assert told["removed"] == sum(cause["removed"] for cause in told["causes"])
        if after in (None, before):
            assert "expression" not in {cause["cause"] for cause in told["causes"]}

    check()

"""Whole builds and rounds through the dirty fill a tag alike, and as plain Python does."""

from __future__ import annotations

from functools import cache, partial

import time_machine
from flask import Flask
from hypothesis import Phase, given, settings

from loyalty.core.db import in_transaction, read
from loyalty.groups.rules import join
from loyalty.groups.service import read_chunks
from loyalty.tags import building, evaluating, rounds, service
from loyalty.tags.language import Rule
from loyalty.tags.surroundings import surroundings
from tests.core.rows import change
from tests.tags.plain import members_by_hand, read_shop
from tests.tags.random_rules import random_rules
from tests.tags.random_shop import AS_OF, buy_randomly, fill_randomly

RULES = 300
CHANGES = (
    "UPDATE members SET gender = 'other', birth_date = '2008-03-31' WHERE id % 7 = 0",
    "UPDATE members SET province_list = NULL, province = NULL, family_size = 1 WHERE id % 7 = 1",
    "UPDATE members SET closed_at = joined_at WHERE id % 11 = 0",
    "UPDATE members SET closed_at = NULL WHERE id % 11 = 5",
    "UPDATE member_phones SET active_until = active_from WHERE member_id % 5 = 0",
    "UPDATE consents SET granted = NOT granted WHERE member_id % 4 = 0",
    "DELETE FROM member_attributes WHERE member_id % 6 = 0",
    "UPDATE purchases SET amount_returned = amount WHERE id % 5 = 0",
    "UPDATE purchases SET voided_at = recorded_at WHERE id % 9 = 0",
    "UPDATE purchases SET member_id = member_id + 1 WHERE id % 13 = 0 AND member_id % 2 = 1",
)


@cache
def some_rules() -> list[Rule]:
    rules: list[Rule] = []

    @settings(max_examples=RULES, deadline=None, database=None, phases=[Phase.generate])
    @given(rule=random_rules())
    def collect(rule: Rule) -> None:
        rules.append(rule)

    collect()
    return rules


def make_tags(rules: list[Rule]) -> None:
    for number, rule in enumerate(rules):
        service.create(name=f"Tag {number}", rule=rule, at_once=False)


def assert_as_by_hand(app: Flask, rules: list[Rule]) -> None:
    shop = read_shop(app)
    with read():
        around = surroundings(AS_OF)
        tags = evaluating.rule_tags()
        chunks = read_chunks([tag.group_id for tag in tags])
    assert [tag.error for tag in tags] == [None] * len(rules)
    for tag, rule in zip(tags, rules, strict=True):
        assert set(join(chunks[tag.group_id])) == members_by_hand(rule, around, shop), rule


def test_300_tags_built_whole_and_by_rounds_hold_whom_plain_python_finds(app):
    ids = fill_randomly(app, seed=9)
    rules = some_rules()
    with app.app_context(), time_machine.travel(AS_OF, tick=False):
        in_transaction(partial(make_tags, rules))
        building.build_all()
        rounds.drain()
        assert_as_by_hand(app, rules)

        for statement in CHANGES:
            change(app, statement)
        for member_id in ids[::9]:
            buy_randomly(app, member_id, seed=member_id)
        assert rounds.drain() > 0
        assert_as_by_hand(app, rules)

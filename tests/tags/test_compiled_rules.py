"""The select of a rule: against plain Python, of what is gone, and how the databases go about
it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.compiler import compiles

from loyalty.core.db import connection, db, is_postgresql, read, transaction
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import ATTRIBUTES
from loyalty.members import attributes
from loyalty.members.consent_rules import CHANNELS
from loyalty.members.models import AttributeKind
from loyalty.tags.compiling import members_where
from loyalty.tags.documents import from_document, to_document
from loyalty.tags.language import AnyOf, FieldTest, Op
from loyalty.tags.reading import read_rule
from loyalty.tags.rfm import Cuts
from loyalty.tags.surroundings import surroundings
from tests.tags.plain import members_by_hand, read_shop
from tests.tags.random_rules import random_rules
from tests.tags.random_shop import AS_OF, fill_randomly

CUTS = Cuts(
    recency=(84, 21, 3, 1), frequency=(1, 2, 3, 4), monetary=(0, 10_000, 100_000, 2_000_000)
)
"""Days since, purchases and amounts of which the random shop has some exactly."""
AGREEING = settings(max_examples=300, deadline=None, database=None)


def found(rule, around, among=None):
    ids = connection().scalars(members_where(rule, around, among=among)).all()
    assert len(ids) == len(set(ids))
    return set(ids)


def test_300_random_rules_mean_in_sql_what_they_mean_in_python(app):
    ids = fill_randomly(app, seed=4)
    shop = read_shop(app)
    with app.app_context(), read():
        around = replace(surroundings(AS_OF), cuts=CUTS)

        @AGREEING
        @given(rule=random_rules(), start=st.integers(0, len(ids)))
        def agree(rule, start):
            among = {*ids[start : start + 10]}
            expected = members_by_hand(rule, around, shop)
            assert found(rule, around) == expected
            assert found(rule, around, sorted(among)) == expected & among
            stored = to_document(rule)
            assert read_rule(stored) == rule
            assert from_document(stored) == rule

        agree()


def declare(name, kind, **more):
    attributes.declare(name=name, label=name, kind=kind, **more)


def test_a_rule_may_ask_for_everything_there_is(app):
    """More than a statement of SQLite may join, were each to be joined apart."""
    letters = [chr(code) for code in range(ord("a"), ord("z"))]
    with app.app_context(), transaction():
        declare("letters", AttributeKind.CHOICES, choices=letters)
        for number in range(ATTRIBUTES - 1):
            declare(f"a{number}", AttributeKind.TEXT)
        texts = [a_test(f"attributes.a{number}", Op.EQ, "x") for number in range(ATTRIBUTES - 1)]
        choices = [a_test("attributes.letters", Op.CONTAINS, letter) for letter in letters]
        agreed = [a_test(f"consent_{channel}", Op.EQ, False) for channel in CHANNELS]
        others = [a_test("points", Op.EQ, 0), a_test("rfm_segment", Op.EQ, "loyal")]
        windows = [bought("count", within={"last": n, "unit": "day"}) for n in range(1, 13)]
        parts = [*texts, *choices, *agreed, *others, *map(read_rule, windows)]
        assert found(AnyOf(parts=tuple(parts)), surroundings(AS_OF)) == set()


def a_test(field, op, value):
    return FieldTest(field=field, op=op, value=value)


# -- what is gone --------------------------------------------------------------------


def test_a_stored_rule_names_the_attribute_that_is_gone(app):
    with app.app_context(), transaction():
        declare("vehicle", AttributeKind.TEXT)
        rule = read_rule({"field": "attributes.vehicle", "op": "eq", "value": "2026-01-01"})
        assert found(from_document(to_document(rule)), surroundings(AS_OF)) == set()
        attributes.drop("vehicle")
        assert about_what(rule) == (Code.UNKNOWN_ATTRIBUTE, "vehicle")
        declare("vehicle", AttributeKind.NUMBER)
        assert about_what(rule) == (Code.UNKNOWN_ATTRIBUTE, "vehicle")


def test_a_stored_rule_names_the_store_that_is_gone(app, store):
    document = {"agg": "count", "op": "ge", "value": 1, "where": [STORE]}
    with app.app_context(), read():
        rule = read_rule({"purchases": document})
        nowhere = replace(surroundings(AS_OF), stores={})
        with pytest.raises(Problem) as refused:
            members_where(rule, nowhere)
    assert (refused.value.code, refused.value.extra["about"]) == (Code.UNKNOWN_STORE, "S01")


def about_what(rule):
    with pytest.raises(Problem) as refused:
        members_where(rule, surroundings(AS_OF))
    return refused.value.code, refused.value.extra["about"]


# -- how the databases go about it -----------------------------------------------------


STORE = {"field": "store", "op": "eq", "value": "S01"}
YEAR = {"last": 365, "unit": "day"}


def bought(agg, op="ge", value=1, **more):
    return {"purchases": {"agg": agg, "op": op, "value": value, **more}}


def test_all_that_is_asked_of_the_same_purchases_is_one_pass(app, store):
    asked = [
        bought("sum", within=YEAR),
        {"not": bought("max", within=YEAR)},
        {"field": "rfm_segment", "op": "eq", "value": "loyal"},
        {"any": [{"field": "rfm_monetary", "op": "ge", "value": 3}, bought("count", within=YEAR)]},
    ]
    with app.app_context(), read():
        sql = str(members_where(read_rule({"all": asked}), surroundings(AS_OF)))
        assert sql.count("FROM purchases") == 1
        other = [*asked, bought("sum", within=YEAR, where=[STORE])]
        sql = str(members_where(read_rule({"all": other}), surroundings(AS_OF)))
        assert sql.count("FROM purchases") == 2


ASKED_BY_INDEX = [
    bought("sum", within={"last": 90, "unit": "day"}, where=[STORE]),
    bought("sum"),
    bought("distinct", of="month"),
    bought("count", op="eq", value=0),
    bought("sum", where=[{"field": "category", "op": "eq", "value": "phones"}]),
    {"field": "points", "op": "ge", "value": 1},
    {"field": "points_expiring", "op": "ge", "value": 1},
    {"field": "consent_sms", "op": "eq", "value": True},
    {"field": "phone_type", "op": "eq", "value": "mobile"},
    {"field": "rfm_recency", "op": "eq", "value": 5},
    {"field": "attributes.vehicle", "op": "missing"},
    {"field": "attributes.interests", "op": "contains", "value": "food"},
    {"field": "region", "op": "eq", "value": "North"},
]


def test_of_some_members_nothing_but_their_own_rows_is_read(app, store):
    with app.app_context(), transaction():
        declare("interests", AttributeKind.CHOICES, choices=["food", "music"])
        declare("vehicle", AttributeKind.TEXT)
        if is_postgresql():
            # So small a table would be read whole, and more cheaply.
            db.session.execute(text("SET LOCAL enable_seqscan = off"))
        for asked in ASKED_BY_INDEX:
            rule = read_rule({"not": asked})
            query = members_where(rule, surroundings(AS_OF), among=[1, 2, 3])
            assert tables_read_whole(query) == [], asked


def tables_read_whole(query):
    """As the database plans it: by no index, or by all of one."""
    plan = [str(row[-1]).strip(" ->") for row in connection().execute(Explained(query))]
    whole = ("Seq Scan on", "SCAN")
    tables = ("members", "member_", "purchase", "point_", "consents")
    return [
        line for line in plan if line.startswith(tuple(f"{w} {t}" for w in whole for t in tables))
    ]


class Explained(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, query):
        self.query = query


@compiles(Explained)
def _explain(explained, compiler, **more):
    words = "EXPLAIN" if compiler.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return f"{words} {compiler.process(explained.query, **more)}"

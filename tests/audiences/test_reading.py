"""What is an expression and what is none, before any database is asked."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.audiences.language import from_document, to_document
from loyalty.audiences.reading import read_expression
from loyalty.core.errors import Code, Problem, as_document
from loyalty.core.limits import RULE_DEPTH, RULE_NODES
from tests.audiences.making import deep

A, B = {"tag": "a"}, {"audience": "b"}

EXPRESSIONS = [
    A,
    B,
    {"all": [A]},
    {"any": [A, {"not": B}, {"all": [{"not": {"not": A}}, A]}]},
    deep(RULE_DEPTH),
    {"all": [A] * (RULE_NODES - 1)},
]

NO_EXPRESSIONS: list[tuple[Any, tuple[Any, ...]]] = [
    (None, ()),
    ([], ()),
    ("a", ()),
    (7, ()),
    ({}, ()),
    ({"tag": "a", "not": A}, ()),
    ({"field": "gender", "op": "eq", "value": "female"}, ()),
    ({"all": []}, ("all",)),
    ({"any": A}, ("any",)),
    ({"not": [A]}, ("not",)),
    ({"all": [A, {"any": [B, {"nor": [A]}]}]}, ("all", 1, "any", 1)),
    ({"tag": 1}, ("tag",)),
    ({"tag": None}, ("tag",)),
    ({"tag": ["a"]}, ("tag",)),
    ({"tag": "Tag A"}, ("tag",)),
    ({"tag": ""}, ("tag",)),
    ({"tag": "a\n"}, ("tag",)),
    ({"audience": "x" * 65}, ("audience",)),
    ({"tag": "a\x00"}, ("tag",)),
    ({"all": [A] * RULE_NODES}, ("all", RULE_NODES - 1)),
    ({"all": [A] * 10_000}, ("all", RULE_NODES - 1)),
    (deep(RULE_DEPTH + 1), ("not",) * RULE_DEPTH),
    (deep(500), ("not",) * RULE_DEPTH),
]


@pytest.mark.parametrize("document", EXPRESSIONS, ids=lambda value: str(value)[:40])
def test_an_expression_is_stored_as_it_came(document):
    expression = read_expression(document)
    assert to_document(expression) == document
    assert from_document(document) == expression


@pytest.mark.parametrize(("document", "way"), NO_EXPRESSIONS, ids=lambda value: str(value)[:40])
def test_what_is_none_is_told_at_its_node(document, way):
    with pytest.raises(Problem) as refused:
        read_expression(document)
    assert refused.value.code == Code.INVALID_REQUEST
    errors = as_document(refused.value)["errors"]["expression"]
    for step in map(str, way):
        assert list(errors) == [step]
        errors = errors[step]
    [sentence] = errors
    assert sentence.endswith(".")


def test_every_wrong_node_is_told():
    with pytest.raises(Problem) as refused:
        read_expression({"all": [{"tag": 1}, A, {"any": [{}, {"not": "x"}]}]})
    errors = as_document(refused.value)["errors"]["expression"]["all"]
    assert errors.keys() == {"0", "2"}
    assert errors["2"]["any"].keys() == {"0", "1"}

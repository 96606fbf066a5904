"""The numbers of a rule in a form of their own: what a person may set without building a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import request
from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.manage.forms import FORM, Sentences
from loyalty.pages.manage.tags import numbers
from loyalty.tags.documents import from_document
from loyalty.tags.fields import Kind
from loyalty.tags.language import Rule
from loyalty.tags.reading import read_rule
from loyalty.tags.thresholds import Path, Threshold, with_thresholds
from loyalty.tags.thresholds import thresholds as thresholds_in


@dataclass(frozen=True, kw_only=True)
class Field:
    """`unit` stands behind the number where the label does not say it."""

    name: str
    label: str
    value: str
    unit: str
    error: Any


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One condition of the rule, as a sentence, with its numbers."""

    sentence: str
    fields: Sequence[Field]


def leaves_of(view: Mapping[str, Any], errors: Sentences) -> list[Leaf]:
    """Of a tag as `tags.service` gives it; none where nobody can set a number."""
    if view["rule"] is None:
        return []
    found = thresholds_in(from_document(view["rule"]))
    return [
        Leaf(
            sentence=formats.begun(sentence),
            fields=[_field(threshold, errors) for threshold in of_leaf],
        )
        for sentence, of_leaf in groupby(found, key=lambda threshold: threshold.sentence)
    ]


def _field(threshold: Threshold, errors: Sentences) -> Field:
    name = _name(threshold)
    is_money = threshold.kind is Kind.MONEY
    return Field(
        name=name,
        label=formats.begun(threshold.label),
        value=request.form.get(name, numbers.shown(threshold.value, threshold.kind)),
        unit=str(formats.figures()["symbol"]) if is_money else "",
        error=errors.get(name),
    )


def _name(threshold: Threshold) -> str:
    return ".".join(("threshold", *map(str, threshold.path)))


# -- what was typed --------------------------------------------------------------


def typed_rule(view: Mapping[str, Any]) -> Rule:
    """The rule with the numbers of the form; raises `invalid_request` beside the fields, and
    `tag_is_manual`."""
    if view["rule"] is None:
        raise Problem(Code.TAG_IS_MANUAL)
    asked = thresholds_in(from_document(view["rule"]))
    values, errors = {}, {}
    for threshold in asked:
        try:
            text = request.form.get(_name(threshold), "")
            values[threshold.path] = numbers.typed(text, threshold.kind)
        except ValueError:
            errors[_name(threshold)] = [gettext("Enter a number.")]
    if errors:
        raise Problem(Code.INVALID_REQUEST, errors=errors)
    try:
        return read_rule(with_thresholds(view["rule"], values))
    except Problem as problem:
        raise _beside_fields(problem, asked) from None


def _beside_fields(problem: Problem, asked: Sequence[Threshold]) -> Problem:
    """What is wrong with a node of the rule, beside the number that stands there."""
    nested: Any = (problem.errors or {}).get("rule", {})
    found = {_name(each): _sentences_at(nested, each.path) for each in asked}
    errors = {name: said for name, said in found.items() if said}
    return Problem(problem.code, errors=errors or {FORM: [_any_sentence(nested)]})


def _sentences_at(nested: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(nested, Mapping):
            break
        nested = nested.get(step)
    return None if isinstance(nested, Mapping) else nested


def _any_sentence(nested: Any) -> Any:
    while isinstance(nested, Mapping):
        nested = next(iter(nested.values()))
    return nested[0] if isinstance(nested, list) else nested

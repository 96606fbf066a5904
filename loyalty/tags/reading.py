"""Rules as they come in: JSON from outside, checked node by node.

An error stands where its node stands: `{"all": {0: {"value": ["..."]}}}`.
Source: design, The two languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, post_load, validate
from marshmallow.experimental.context import Context

from loyalty.core.errors import Code, Problem
from loyalty.core.fields import StrictSchema
from loyalty.core.limits import RULE_CONDITIONS, RULE_DEPTH, RULE_NODES, RULE_PURCHASE_TESTS
from loyalty.tags.fields import AGGREGATES, CONDITION_OPS, Field, ops_of_aggregate
from loyalty.tags.language import (
    Agg,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Last,
    NotRule,
    Of,
    Op,
    Period,
    PurchaseTest,
    Rule,
    Unit,
    Value,
)
from loyalty.tags.names import (
    Known,
    check_stores,
    condition_named,
    field_named,
    field_of_aggregate,
    of_aggregate,
)
from loyalty.tags.values import at, read_time, read_value, read_whole, starts_at
from loyalty.tags.windows import LONGEST


class RuleField(fields.Field[Rule]):
    """A tag rule: a JSON tree -> `Rule`."""

    def __init__(self, **kwargs: Any) -> None:
        told = {"type": "object", "description": "A tag rule: see GET /tags/fields."}
        super().__init__(metadata=told | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Rule:
        _check_size(value)
        with Context(Known()):
            return _read_node(value)


_RULE = RuleField(required=True)


def read_rule(document: Any) -> Rule:
    """The same for code; raises `invalid_request` with the errors under `rule`."""
    try:
        return _RULE.deserialize(document)
    except ValidationError as why:
        raise Problem(Code.INVALID_REQUEST, errors={"rule": why.messages}) from None


# -- how large a rule may be ---------------------------------------------------------


def _check_size(document: Any) -> None:
    """Before anything follows the tree down."""
    waiting = [(1, document)]
    nodes = tests = 0
    while waiting:
        depth, node = waiting.pop()
        nodes += 1
        tests += isinstance(node, dict) and "purchases" in node
        if depth > RULE_DEPTH:
            raise ValidationError(gettext("Nested more than %(n)s levels deep.", n=RULE_DEPTH))
        if nodes > RULE_NODES:
            raise ValidationError(gettext("Has more than %(n)s parts.", n=RULE_NODES))
        if tests > RULE_PURCHASE_TESTS:
            raise ValidationError(
                gettext("Asks for purchases more than %(n)s times.", n=RULE_PURCHASE_TESTS)
            )
        waiting.extend((depth + 1, part) for part in _parts(node))


def _parts(node: Any) -> Iterator[Any]:
    if not isinstance(node, dict):
        return
    for key in ("all", "any"):
        if isinstance(node.get(key), list):
            yield from node[key]
    if "not" in node:
        yield node["not"]


# -- nodes ---------------------------------------------------------------------------


def _read_node(node: Any) -> Rule:
    if isinstance(node, dict):
        for key, schema in _NODES.items():
            if key in node:
                rule: Rule = schema.load(node)
                return rule
    raise ValidationError(
        gettext("Must be an object with one of: %(keys)s.", keys=", ".join(_NODES))
    )


class _Node(fields.Field[Rule]):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Rule:
        return _read_node(value)


def _nodes(key: str) -> fields.List[Rule]:
    return fields.List(
        _Node(), data_key=key, required=True, validate=validate.Length(1, RULE_NODES)
    )


class AllSchema(StrictSchema):
    parts = _nodes("all")

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> AllOf:
        return AllOf(parts=tuple(given["parts"]))


class AnySchema(StrictSchema):
    parts = _nodes("any")

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> AnyOf:
        return AnyOf(parts=tuple(given["parts"]))


class NotSchema(StrictSchema):
    part = _Node(data_key="not", required=True)

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> NotRule:
        return NotRule(part=given["part"])


def _value(field: Field, ops: Sequence[Op], given: Mapping[str, Any]) -> Value:
    op = given["op"]
    if op not in ops:
        sentence = gettext("Must be one of: %(choices)s.", choices=", ".join(ops))
        raise ValidationError({"op": [sentence]})
    value: Value = at("value", read_value, field, op, given.get("value"))
    return value


class TestSchema(StrictSchema):
    """A field, an operator of it, and a value for both."""

    field = fields.String(required=True)
    op = fields.Enum(Op, by_value=True, required=True)
    value = fields.Raw(allow_none=True)


class FieldTestSchema(TestSchema):
    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> FieldTest:
        field = at("field", field_named, given["field"])
        value = _value(field, field.ops, given)
        return FieldTest(field=field.name, op=given["op"], value=value)


class ConditionSchema(TestSchema):
    """One of `where`: which purchases count."""

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> Condition:
        field = at("field", condition_named, given["field"])
        value = _value(field, CONDITION_OPS[field.kind], given)
        if field.name == "store":
            at("value", check_stores, value)
        return Condition(field=field.name, op=given["op"], value=value)


class LastSchema(StrictSchema):
    last = fields.Raw(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> Last:
        n = at("last", read_whole, given["last"], 1, LONGEST[given["unit"]])
        return Last(n=n, unit=given["unit"])


class PeriodSchema(StrictSchema):
    since = fields.Raw(data_key="from")
    until = fields.Raw(data_key="to")

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> Period:
        if not given:
            raise ValidationError(gettext("Say from when, to when, or both."))
        since = at("from", read_time, given["since"]) if "since" in given else None
        until = at("to", read_time, given["until"]) if "until" in given else None
        if since is not None and until is not None and starts_at(since) >= starts_at(until):
            raise ValidationError({"to": [gettext("Must come after the beginning.")]})
        return Period(since=since, until=until)


class _Within(fields.Field[Last | Period]):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Last | Period:
        schema = _LAST if isinstance(value, dict) and "last" in value else _PERIOD
        within: Last | Period = schema.load(value)
        return within


class PurchaseTestSchema(StrictSchema):
    agg = fields.Enum(Agg, by_value=True, required=True)
    of = fields.Enum(Of, by_value=True)
    op = fields.Enum(Op, by_value=True, required=True)
    value = fields.Raw(allow_none=True)
    within = _Within()
    where = fields.List(
        fields.Nested(ConditionSchema), validate=validate.Length(1, RULE_CONDITIONS)
    )

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> PurchaseTest:
        agg = given["agg"]
        of = at("of", of_aggregate, agg, given.get("of", AGGREGATES[agg][0]))
        value = _value(field_of_aggregate(agg, of), ops_of_aggregate(agg), given)
        return PurchaseTest(
            agg=agg,
            of=of,
            op=given["op"],
            value=value,
            within=given.get("within"),
            where=tuple(given.get("where", ())),
        )


class PurchasesSchema(StrictSchema):
    test = fields.Nested(PurchaseTestSchema, data_key="purchases", required=True)

    @post_load
    def make(self, given: dict[str, Any], **_: Any) -> PurchaseTest:
        test: PurchaseTest = given["test"]
        return test


_NODES: Mapping[str, Schema] = {
    "all": AllSchema(),
    "any": AnySchema(),
    "not": NotSchema(),
    "field": FieldTestSchema(),
    "purchases": PurchasesSchema(),
}
_LAST = LastSchema()
_PERIOD = PeriodSchema()

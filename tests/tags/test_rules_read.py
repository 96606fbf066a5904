"""Rules as they come in: what is refused, at which node, and how the rest is kept."""

from __future__ import annotations

from typing import Any

from loyalty.core.db import read
from loyalty.core.limits import RULE_DEPTH, RULE_NODES, RULE_PURCHASE_TESTS
from loyalty.tags.documents import to_document
from loyalty.tags.reading import read_rule
from tests.purchases.receipts import problem

ADULT = {"field": "age", "op": "ge", "value": 18}
NO_FIELD = ["There is no such field."]
NO_ATTRIBUTE = ["The shop has declared no such attribute."]
NO_DAY = ["Must be a date such as 2026-11-22."]
NO_TIME = ["Must be a date, 2026-11-22, or a time, 2026-11-22T10:42:00+07:00."]
NO_MONEY = ["Must be a whole number from 0 to 1000000000000000."]
NO_LIST = ["Must be a list of 1 to 500 values."]
REVERSED = ["The first of the two must not come after the second."]


def a_test(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def spent(**changes: Any) -> dict[str, Any]:
    return {"purchases": {"agg": "sum", "op": "ge", "value": 1, **changes}}


def within(**window: Any) -> dict[str, Any]:
    return spent(within=window)


def where(field: str, op: str, value: Any) -> dict[str, Any]:
    return spent(where=[a_test(field, op, value)])


def about_purchases(**errors: Any) -> dict[str, Any]:
    return {"purchases": errors}


NODES = "Must be an object with one of: all, any, not, field, purchases."
REFUSED: list[tuple[Any, Any]] = [
    # nodes
    ({}, [NODES]),
    ([], [NODES]),
    ("all", [NODES]),
    ({"xor": [ADULT]}, [NODES]),
    ({"all": []}, {"all": ["Length must be between 1 and 200."]}),
    ({"all": {}}, {"all": ["Not a valid list."]}),
    ({"any": [ADULT, None]}, {"any": {"1": ["Field may not be null."]}}),
    ({"any": [ADULT, 7]}, {"any": {"1": [NODES]}}),
    ({"not": None}, {"not": ["Field may not be null."]}),
    ({"all": [ADULT], "any": [ADULT]}, {"any": ["Unknown field."]}),
    ({**ADULT, "unit": "year"}, {"unit": ["Unknown field."]}),
    ({"all": [ADULT, {"not": {"any": [{**ADULT, "value": "x"}]}}]}, {
        "all": {"1": {"not": {"any": {"0": {"value": ["Must be a whole number from 0 to 150."]}}}}}
    }),
    # fields and operators
    (a_test("shoe_size", "eq", 1), {"field": NO_FIELD}),
    (a_test("points; DROP TABLE members", "eq", 1), {"field": NO_FIELD}),
    (a_test("attributes.vehicle", "eq", "car"), {"field": NO_ATTRIBUTE}),
    (a_test("gender", "ge", "male"), {"op": ["Must be one of: eq, ne, in, missing."]}),
    ({"field": "age"}, {"op": ["Missing data for required field."]}),
    # values
    (a_test("age", "ge", None), {"value": ["Must be a whole number from 0 to 150."]}),
    (a_test("age", "ge", True), {"value": ["Must be a whole number from 0 to 150."]}),
    (a_test("age", "ge", 17.5), {"value": ["Must be a whole number from 0 to 150."]}),
    (a_test("age", "ge", 151), {"value": ["Must be a whole number from 0 to 150."]}),
    (a_test("lifetime_spend", "ge", -1), {"value": NO_MONEY}),
    (a_test("lifetime_spend", "ge", 10**16), {"value": NO_MONEY}),
    (a_test("urban", "eq", 1), {"value": ["Must be true or false."]}),
    (a_test("gender", "eq", "Female"), {"value": ["Must be one of: female, male, other."]}),
    (a_test("name", "contains", ""), {"value": ["Must be a text of 1 to 200 characters."]}),
    (a_test("name", "contains", "a\u0000"), {"value": ["Must be a text of 1 to 200 characters."]}),
    (a_test("email", "missing", "yes"), {
        "value": ["Leave the value out: this operator takes none."]
    }),
    (a_test("province", "eq", "Atlantis"), {
        "value": ["There is no province with this code or name."]
    }),
    (a_test("birth_date", "lt", "2026-02-30"), {"value": NO_DAY}),
    (a_test("birth_date", "lt", "2026-W01-1"), {"value": NO_DAY}),
    (a_test("birth_date", "lt", "0001-01-01"), {"value": NO_DAY}),
    (a_test("birth_date", "lt", 20260101), {"value": NO_DAY}),
    (a_test("joined_at", "lt", "2026-13-01T00:00:00"), {"value": NO_TIME}),
    (a_test("joined_at", "lt", "yesterday"), {"value": NO_TIME}),
    (a_test("birth_date", "lt", {"ago": 101, "unit": "year"}), {
        "value": {"ago": ["Must be a whole number from 0 to 100."]}
    }),
    (a_test("birth_date", "lt", {"ago": 1}), {
        "value": {"unit": ["Missing data for required field."]}
    }),
    (a_test("birth_date", "birthday_within", 367), {
        "value": ["Must be a whole number from 0 to 366."]
    }),
    # lists
    (a_test("gender", "in", []), {"value": NO_LIST}),
    (a_test("gender", "in", "male"), {"value": NO_LIST}),
    (a_test("source", "in", ["x"] * 501), {"value": NO_LIST}),
    (a_test("gender", "in", ["male", "m"]), {
        "value": {"1": ["Must be one of: female, male, other."]}
    }),
    (a_test("age", "between", [18]), {"value": ["Must be a list of two values: from and to."]}),
    (a_test("age", "between", [26, 25]), {"value": REVERSED}),
    (a_test("birth_date", "between", ["2001-01-01", "2000-12-31"]), {"value": REVERSED}),
    (a_test("last_purchase", "between", [{"ago": 1, "unit": "day"}, {"ago": 2, "unit": "day"}]), {
        "value": REVERSED
    }),
    # purchases
    ({"purchases": []}, about_purchases(_schema=["Invalid input type."])),
    ({"purchases": {}}, about_purchases(
        agg=["Missing data for required field."], op=["Missing data for required field."]
    )),
    (spent(of="month"), about_purchases(of=["Must be one of: amount, quantity."])),
    (spent(op="missing"), about_purchases(
        op=["Must be one of: eq, ne, lt, le, gt, ge, between."]
    )),
    (spent(value=2.5), about_purchases(value=NO_MONEY)),
    (spent(having=1), about_purchases(having=["Unknown field."])),
    (within(last=0, unit="day"), about_purchases(
        within={"last": ["Must be a whole number from 1 to 36500."]}
    )),
    (within(last=101, unit="year"), about_purchases(
        within={"last": ["Must be a whole number from 1 to 100."]}
    )),
    (within(last=1, unit="hour"), about_purchases(
        within={"unit": ["Must be one of: day, week, month, year."]}
    )),
    (within(last=1, unit="day", to="2026-01-01"), about_purchases(
        within={"to": ["Unknown field."]}
    )),
    (within(**{"from": "2026-02-01", "to": "2026-01-01"}), about_purchases(
        within={"to": ["Must come after the beginning."]}
    )),
    (within(**{"from": "2026-02-01", "to": "2026-02-01"}), about_purchases(
        within={"to": ["Must come after the beginning."]}
    )),
    (within(), about_purchases(within={"_schema": ["Say from when, to when, or both."]})),
    (spent(where=[]), about_purchases(where=["Length must be between 1 and 10."])),
    (where("amount", "eq", 1), about_purchases(where={"0": {
        "field": ["Must be one of: store, channel, category, sku, hour, weekday."]
    }})),
    (where("store", "eq", "S99"), about_purchases(where={"0": {
        "value": ["There is no store with this code."]
    }})),
    (where("store", "in", ["S01", "S99"]), about_purchases(where={"0": {
        "value": ["There is no store with this code."]
    }})),
    (where("weekday", "eq", 0), about_purchases(where={"0": {
        "value": ["Must be a whole number from 1 to 7."]
    }})),
]  # fmt: skip


def test_what_cannot_be_is_refused_at_its_node(api, store):
    said = [(rule, _errors(api, rule)) for rule, _ in REFUSED]
    assert said == REFUSED


def _errors(api, rule):
    answer = api.post("/tags/preview", {"rule": rule})
    return problem(answer, 422, "invalid_request")["errors"]["rule"]


def test_every_wrong_node_is_named_at_once(api):
    wrong = {"all": [{"field": "x", "op": "eq", "value": 1}, a_test("age", "ge", "1"), ADULT]}
    assert _errors(api, wrong) == {
        "all": {"0": {"field": NO_FIELD}, "1": {"value": ["Must be a whole number from 0 to 150."]}}
    }


def nested(levels: int) -> Any:
    rule: Any = ADULT
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule


def test_a_rule_has_a_size(api):
    too_deep = [f"Nested more than {RULE_DEPTH} levels deep."]
    too_many = [f"Has more than {RULE_NODES} parts."]
    too_slow = [f"Asks for purchases more than {RULE_PURCHASE_TESTS} times."]
    assert _errors(api, nested(RULE_DEPTH + 1)) == too_deep
    assert _errors(api, nested(50)) == too_deep
    assert _errors(api, nested(120)) == too_deep
    assert _errors(api, {"any": [ADULT] * RULE_NODES}) == too_many
    assert _errors(api, {"any": [ADULT] * 10_000}) == too_many
    assert _errors(api, {"any": [{"all": [ADULT] * 100}] * 100}) == too_many
    assert _errors(api, {"any": [spent()] * (RULE_PURCHASE_TESTS + 1)}) == too_slow
    for rule in (
        nested(RULE_DEPTH),
        {"any": [ADULT] * (RULE_NODES - 1)},
        {"any": [spent()] * RULE_PURCHASE_TESTS},
        {"any": [a_test("source", "in", [f"s{n}" for n in range(500)])] * (RULE_NODES - 1)},
        {"any": [a_test("age", "in", list(range(151)))] * (RULE_NODES - 1)},
        {"any": [a_test("birth_date", "birthday_within", 366)] * (RULE_NODES - 1)},
    ):
        assert api.post("/tags/preview", {"rule": rule}).status_code == 200


KEPT: list[tuple[Any, Any]] = [
    (a_test("province", "eq", "hà nội"), a_test("province", "eq", "vn34:01")),
    (a_test("province", "in", ["vn63:02", "Bangkok"]), a_test(
        "province", "in", ["vn63:02", "th77:01"]
    )),
    (a_test("email", "eq", " An@Shop.VN "), a_test("email", "eq", "an@shop.vn")),
    (a_test("gender", "in", ["male", "male"]), a_test("gender", "in", ["male"])),
    (a_test("email", "missing", True), {"field": "email", "op": "missing"}),
    (a_test("joined_at", "lt", "2026-01-01"), a_test("joined_at", "lt", "2026-01-01")),
    (a_test("joined_at", "lt", "2026-01-01T00:00"), a_test(
        "joined_at", "lt", "2025-12-31T17:00:00Z"
    )),
    (spent(), spent(of="amount")),
    (
        {"purchases": {"agg": "avg", "of": "quantity", "op": "gt", "value": 1.5}},
        {"purchases": {"agg": "avg", "of": "quantity", "op": "gt", "value": 1.5}},
    ),
]  # fmt: skip


def test_a_rule_is_kept_in_one_way_of_writing_it(app):
    with app.app_context(), read():
        said = [(rule, to_document(read_rule(rule))) for rule, _ in KEPT]
    assert said == KEPT

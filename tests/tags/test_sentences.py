"""Every rule can be told as a sentence, in each language as its people would say it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from config import LANGUAGES
from loyalty.members.attributes import AttributeView
from loyalty.members.models import AttributeKind
from loyalty.tags.documents import from_document
from loyalty.tags.fields import CONDITION_FIELDS, CONDITION_OPS, EXPIRING_DAYS, FIELDS, REGIONS
from loyalty.tags.language import Ago, Condition, FieldTest, Op, Rule, Unit
from loyalty.tags.purchase_words import told_condition
from loyalty.tags.sentences import sentence
from tests.tags.random_rules import random_rules
from tests.tags.speaking import speaking


def view(name: str, label: str, kind: AttributeKind, *choices: str) -> AttributeView:
    return AttributeView(id=1, name=name, label=label, kind=kind, choices=choices)


ATTRIBUTES = {
    each.name: each
    for each in (
        view("vehicle", "xe riêng", AttributeKind.BOOL),
        view("distance_km", "khoảng cách (km)", AttributeKind.NUMBER),
        view("interests", "sở thích", AttributeKind.CHOICES, "cà phê", "trà"),
        view("note", "ghi chú", AttributeKind.TEXT),
        view("ends_on", "hết hợp đồng", AttributeKind.DATE),
    )
}


def told(rule: Rule | dict[str, Any], language: str = "en", *, currency: str = "VND") -> str:
    """Money comes with no-break spaces: here they are plain."""
    rule = from_document(rule) if isinstance(rule, dict) else rule
    with speaking(language, currency=currency):
        return sentence(rule, attributes=ATTRIBUTES).replace("\u00a0", " ")


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op, "value": value}


def bought(agg: str, of: str, op: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"purchases": {"agg": agg, "of": of, "op": op, "value": value, **more}}


def last(n: int, unit: str) -> dict[str, Any]:
    return {"last": n, "unit": unit}


AT_S01 = {"field": "store", "op": "eq", "value": "S01"}
SPENT = bought("sum", "amount", "ge", 2_000_000, within=last(90, "day"), where=[AT_S01])
BOUGHT = bought("count", "receipt", "ge", 1, within=last(90, "day"))

IN_VIETNAMESE = [
    (SPENT, "chi tiêu ít nhất 2.000.000 ₫ trong 90 ngày qua tại S01"),
    (BOUGHT, "có ít nhất 1 đơn trong 90 ngày qua"),
    (bought("count", "receipt", "eq", 0), "không có đơn nào"),
    (bought("distinct", "store", "ge", 2), "mua tại ít nhất 2 cửa hàng khác nhau"),
    (field("age", "between", [26, 45]), "tuổi từ 26 đến 45"),
    (field("age", "lt", 18), "dưới 18 tuổi"),
    (field("gender", "eq", "female"), "giới tính nữ"),
    (field("province", "eq", "vn34:01"), "sống ở Hà Nội"),
    (field("province", "eq", "th77:01"), "sống ở Bangkok"),
    (field("points_expiring", "gt", 0), "có ít nhất 1 điểm sắp hết hạn trong 30 ngày tới"),
    (
        field("last_purchase", "lt", {"ago": 6, "unit": "month"}),
        "mua lần cuối cách đây hơn 6 tháng",
    ),
    (field("birth_date", "birthday_within", "this_month"), "có sinh nhật trong tháng này"),
    (field("consent_zalo", "eq", True), "đồng ý nhận tiếp thị qua Zalo"),
    (field("attributes.vehicle", "eq", True), "xe riêng: có"),
    (field("attributes.distance_km", "lt", 2.5), "khoảng cách (km) dưới 2,5"),
    (field("attributes.interests", "contains", "cà phê"), "sở thích có cà phê"),
]
IN_THAI = [
    (SPENT, "ใช้จ่ายอย่างน้อย ₫2,000,000 ในช่วง 90 วันที่ผ่านมา ที่สาขา S01"),
    (BOUGHT, "ซื้ออย่างน้อย 1 ครั้ง ในช่วง 90 วันที่ผ่านมา"),
    (field("age", "between", [26, 45]), "อายุ 26 ถึง 45 ปี"),
    (field("gender", "eq", "female"), "เพศหญิง"),
    (field("province", "eq", "th77:01"), "อยู่ใน กรุงเทพมหานคร"),
    (field("urban", "eq", False), "อยู่ในชนบท"),
]
IN_ENGLISH = [
    (SPENT, "spent at least ₫2,000,000 in the last 90 days at S01"),
    (BOUGHT, "made at least 1 purchase in the last 90 days"),
    (bought("count", "receipt", "between", [2, 5]), "made 2 to 5 purchases"),
    (
        bought("count", "receipt", "lt", 1, within=last(1, "year")),
        "made no purchase in the last 1 year",
    ),
    (bought("sum", "amount", "between", [1_000, 2_000]), "spent ₫1,000 to ₫2,000"),
    (bought("sum", "quantity", "gt", 0), "bought at least 1 item"),
    (bought("avg", "quantity", "ge", 1.5), "bought at least 1.5 items per purchase on average"),
    (bought("last", "purchased_at", "missing"), "made no purchase"),
    (bought("first", "purchased_at", "ge", "2026-01-01"), "first bought on or after 01/01/2026"),
    (field("age", "in", [18, 19, 20]), "aged 18, 19 or 20"),
    (field("family_size", "eq", 1), "has a family of exactly 1 person"),
    (field("points", "ge", 1), "has at least 1 point"),
    (field("purchase_count", "eq", 0), "never bought anything"),
    (field("last_purchase", "missing"), "never bought anything"),
    (field("gender", "missing"), "gender is not known"),
    (field("country", "ne", "VN"), "lives outside Vietnam"),
    (field("joined_at", "le", {"ago": 1, "unit": "year"}), "joined at least 1 year ago"),
    (field("joined_at", "ge", {"ago": 2, "unit": "week"}), "joined in the last 2 weeks"),
    (
        field("joined_at", "between", ["2026-01-01", "2026-03-31"]),
        "joined between 01/01/2026 and 31/03/2026",
    ),
    (field("birth_date", "birthday_within", 0), "has a birthday today"),
    (field("birth_date", "birthday_within", 7), "has a birthday within 7 days"),
    (field("consent_sms", "ne", True), "did not agree to marketing by SMS"),
    (field("name", "contains", "Nguyễn"), "name contains “Nguyễn”"),
    (field("rfm_recency", "in", [4, 5]), "recency score 4 or 5"),
    (field("attributes.ends_on", "lt", "2026-12-31"), "hết hợp đồng before 31/12/2026"),
]


@pytest.mark.parametrize(
    ("language", "rule", "words"),
    [
        (language, *case)
        for language, cases in (("vi", IN_VIETNAMESE), ("th", IN_THAI), ("en", IN_ENGLISH))
        for case in cases
    ],
)
def test_a_rule_is_told_as_its_readers_say_it(language, rule, words):
    assert told(rule, language) == words


def test_money_is_told_in_the_shops_currency():
    rule = bought("sum", "amount", "ge", 150_050)
    assert told(rule, "th", currency="THB") == "ใช้จ่ายอย่างน้อย ฿1,500.50"


def test_and_within_or_stands_in_brackets():
    women, young = field("gender", "eq", "female"), field("age", "lt", 18)
    town = field("urban", "eq", True)
    either = {"any": [young, town]}
    assert told({"all": [women, either]}) == (
        "gender is female and (under 18 years old or lives in a town)"
    )
    assert told({"any": [{"all": [women, young]}, town]}) == (
        "(gender is female and under 18 years old) or lives in a town"
    )
    assert told({"all": [women, {"all": [young, town]}]}) == (
        "gender is female and under 18 years old and lives in a town"
    )


def test_not_says_what_it_is_not():
    nobody = {"not": {"all": [BOUGHT, field("age", "lt", 18)]}}
    assert told(nobody) == (
        "not (made at least 1 purchase in the last 90 days and under 18 years old)"
    )
    assert told({"not": nobody}).startswith("not (not (")


def test_not_missing_is_told_as_what_is_known():
    assert told({"not": field("gender", "missing")}) == "gender is known"
    assert told({"not": field("last_purchase", "missing")}) == "bought something before"


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ({"last": 3, "unit": "month"}, "in the last 3 months"),
        ({"from": "2026-01-01", "to": "2026-04-01"}, "between 01/01/2026 and 31/03/2026"),
        ({"from": "2026-01-01"}, "since 01/01/2026"),
        ({"to": "2026-04-01"}, "up to 31/03/2026"),
        ({"to": "2026-04-01T03:00:00Z"}, "up to 01/04/2026 10:00"),
    ],
)
def test_a_window_names_its_last_day(within, words):
    rule = bought("count", "receipt", "ge", 3, within=within)
    assert told(rule) == f"made at least 3 purchases {words}"


@pytest.mark.parametrize(
    ("name", "op", "value", "words"),
    [
        ("store", "in", ("S01", "S02"), "at S01 or S02"),
        ("store", "ne", "S01", "not at S01"),
        ("channel", "in", ("online", "self_service"), "online or by self-service"),
        ("category", "eq", "Coffee", "in the category Coffee"),
        ("sku", "ne", "A-1", "with products other than A-1"),
        ("hour", "between", (18, 21), "in the hours 18:00–21:59"),
        ("hour", "lt", 8, "in the hours 00:00–07:59"),
        ("hour", "in", (8, 12), "in the hours 08:00–08:59 or 12:00–12:59"),
        ("hour", "ne", 12, "in the hours 00:00–11:59 or 13:00–23:59"),
        ("hour", "lt", 0, "at no time"),
        ("weekday", "ge", 6, "on a Saturday or Sunday"),
    ],
)
def test_conditions_say_which_purchases_count(name, op, value, words):
    condition = Condition(field=name, op=Op(op), value=value)
    with speaking("en"):
        assert told_condition(condition) == words


def test_points_that_expire_name_the_days_that_are_looked_ahead():
    assert f"within {EXPIRING_DAYS} days" in told(field("points_expiring", "ge", 1))


def test_of_a_long_list_the_rest_is_counted():
    codes = [f"vn34:{number:02}" for number in (1, 4, 8, 11, 12, 14, 15, 19)]
    words = told(field("province", "in", codes))
    assert words.startswith("lives in Hanoi, Cao Bang, ")
    assert words.endswith(" or 3 more")


def test_an_attribute_that_is_gone_goes_by_its_name():
    assert told(field("attributes.shoe_size", "ge", 42)) == "shoe_size at least 42"
    assert told(field("attributes.pet", "eq", "cat")) == "pet is cat"
    assert told(field("attributes.member", "eq", False)) == "member: no"
    assert told(field("attributes.seen", "lt", {"ago": 1, "unit": "day"})) == (
        "seen more than 1 day ago"
    )


@pytest.mark.parametrize(
    "test",
    [
        field("attributes.distance_km", "contains", "far"),
        field("attributes.vehicle", "ge", 3),
        field("attributes.ends_on", "in", ["2026-01-01", "soon"]),
        field("attributes.note", "contains", "2026-01-01"),
        field("attributes.gone", "contains", "2026-01-01"),
        field("attributes.interests", "eq", 5),
    ],
)
def test_an_attribute_declared_again_as_something_else_is_told_all_the_same(test):
    assert "%" not in told(test)


def test_a_text_that_looks_like_a_template_is_told_as_it_is():
    assert told(field("occupation", "eq", "100%(label)s %")) == "occupation is 100%(label)s %"


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=random_rules())
def test_any_rule_has_a_sentence(language, rule):
    words = told(rule, language)
    assert words
    assert "%(" not in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operator_of_every_field_has_its_words(language):
    said = [
        told(FieldTest(field=name, op=op, value=value), language)
        for name, described in FIELDS.items()
        for op in described.ops
        for value in [_value_for(op, described)]
    ]
    assert len(said) == sum(len(described.ops) for described in FIELDS.values())
    assert all(words and "%(" not in words for words in said)


def _value_for(op: Op, described: Any) -> Any:
    one: Any = {
        "text": "x",
        "choice": next(iter(described.choices or REGIONS)),
        "bool": True,
        "date": date(2026, 11, 22),
        "time": Ago(n=2, unit=Unit.WEEK),
    }.get(described.kind, 3)
    if op is Op.BIRTHDAY_WITHIN:
        return 7
    return (one, one) if op in (Op.IN, Op.BETWEEN) else one


def test_every_condition_has_its_words():
    for name, described in CONDITION_FIELDS.items():
        for op in CONDITION_OPS[described.kind]:
            one: Any = 3 if name in ("hour", "weekday") else "store"
            value = (one, one) if op in (Op.IN, Op.BETWEEN) else one
            with speaking("en"):
                assert told_condition(Condition(field=name, op=op, value=value))

"""A tag made by a form of one or two conditions, counted while it is filled in."""

from __future__ import annotations

import re

import pytest

from loyalty.core.db import read, transaction
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.pages.manage.tags.rule_form import form
from loyalty.pages.manage.tags.rule_form.conditions import Condition
from loyalty.tags import service as tags
from loyalty.tags.documents import to_document
from loyalty.tags.fields import FIELDS
from loyalty.tags.reading import read_rule
from tests.pages.visitor import places

PAGE = "/manage/tags/new/rule"
PREVIEW = "/manage/tags/new/preview"
BOUGHT = {
    "first-subject": "purchases.count",
    "first-way": "at_least",
    "first-value": "1",
    "first-last": "3",
    "first-last_unit": "month",
}
IN_THE_SOUTH = {"second-subject": "region", "second-way": "is", "second-value": "South"}
AT_LEAST_ONE = {"agg": "count", "of": "receipt", "op": "ge", "value": 1}


@pytest.fixture
def mai(visit):
    """Marketing, in English."""
    person = visit("mai")
    person.client.set_cookie("language", "en")
    return person


@pytest.fixture
def customers(visit):
    """Two of them: one spent 1,050,000 ₫, the other 150,000 ₫."""
    han = visit("han")
    for number, amount in enumerate(("1050000", "150000")):
        phone = f"091234567{number}"
        recorded = han.ask(
            "/till/purchases", phone=phone, country="VN", receipt_no=f"HD-{number}", amount=amount
        )
        assert "outcome" in places(recorded)


def rule_of(app, slug):
    with app.test_request_context(), read():
        return tags.get(slug)["rule"]


def count(page):
    return re.findall(r'class="tag-many">([^<]+)<', page.text)[0]


def shown(page, field):
    """What stands in a field, or is chosen in it."""
    typed = re.search(rf'<input[^>]*name="{field}"[^>]* value="([^"]*)"', page.text)
    if typed:
        return typed[1]
    choices = re.search(rf'<select[^>]*name="{field}".*?</select>', page.text, re.DOTALL)
    return re.findall(r'value="([^"]*)" selected', choices[0])[0] if choices else None


# -- making --------------------------------------------------------------------------


def test_the_form_begins_with_who_bought_lately_and_counts_them(mai, customers):
    page = mai.get(PAGE)
    assert shown(page, "first-subject") == "purchases.count"
    assert count(page) == "2"
    assert "Made at least 1 purchase in the last 3 months" in page.text


def test_two_conditions_make_a_tag_with_its_rule(mai, shop_app, customers):
    made = mai.post(PAGE, name="Miền Nam còn mua", joined="all", **BOUGHT, **IN_THE_SOUTH)
    assert made.headers["Location"] == "/manage/tags/mien-nam-con-mua"
    assert rule_of(shop_app, "mien-nam-con-mua") == {
        "all": [
            {"purchases": {**AT_LEAST_ONE, "within": {"last": 3, "unit": "month"}}},
            {"field": "region", "op": "eq", "value": "South"},
        ]
    }


def test_one_of_two_is_enough_where_that_is_chosen(mai, shop_app):
    mai.post(PAGE, name="Either", joined="any", **BOUGHT, **IN_THE_SOUTH)
    assert list(rule_of(shop_app, "either")) == ["any"]


def test_purchases_of_one_store_channel_and_category_count(mai, shop_app):
    where = {"first-store": "S02", "first-channel": "online", "first-category": "Nồi chiên"}
    mai.post(PAGE, name="Fryers", **{**BOUGHT, "first-last_unit": ""}, **where)
    assert rule_of(shop_app, "fryers") == {
        "purchases": {
            **AT_LEAST_ONE,
            "where": [
                {"field": "store", "op": "eq", "value": "S02"},
                {"field": "channel", "op": "eq", "value": "online"},
                {"field": "category", "op": "eq", "value": "Nồi chiên"},
            ],
        }
    }


def test_money_is_typed_in_the_signs_of_the_language(mai, shop_app, customers):
    spent = {**BOUGHT, "first-subject": "purchases.sum", "first-value": "1,000,000"}
    assert count(mai.ask(PREVIEW, **spent)) == "1"
    mai.client.set_cookie("language", "vi")
    assert count(mai.ask(PREVIEW, **{**spent, "first-value": "1.000.000"})) == "1"
    assert count(mai.ask(PREVIEW, **{**spent, "first-value": "150.000"})) == "2"
    assert count(mai.ask(PREVIEW, **{**spent, "first-value": "1,000,000"})) == "–"


def test_another_subject_asks_for_fields_of_its_own(mai):
    page = mai.ask(PREVIEW, **{"first-subject": "gender", "first-way": "at_least"})
    assert shown(page, "first-way") == "is"
    assert 'value="female"' in page.text
    assert "first-store" not in page.text
    page = mai.ask(PREVIEW, **{"first-subject": "joined_at", "first-way": "within"})
    assert 'name="first-unit"' in page.text
    page = mai.ask(PREVIEW, **{"first-subject": "birth_date", "first-way": "since"})
    assert re.search(r'id="first-value"[^>]* type="date"', page.text)
    page = mai.ask(PREVIEW, **{"first-subject": "age", "first-way": "between"})
    assert 'name="first-upper"' in page.text


def test_what_is_being_typed_is_counted_once_it_is_whole(mai, customers):
    page = mai.ask(PREVIEW, **{**BOUGHT, "first-value": ""})
    assert page.status_code == 200
    assert count(page) == "–"
    assert "Fill in the condition, and the count stands here." in page.text
    assert 'class="error"' not in page.text


def test_what_is_wrong_stands_beside_its_condition_and_what_was_typed_stays(mai, shop_app):
    wrong = {**BOUGHT, "first-value": "many"}
    second = {**IN_THE_SOUTH, "second-value": "Nowhere"}
    refused = mai.post(PAGE, name="", **wrong, **second)
    assert refused.status_code == 422
    assert "Enter the name of the tag." in refused.text
    assert "Enter a number." in refused.text.split('id="first-error"')[1].split("</p>")[0]
    assert "Must be one of" in refused.text.split('id="second-error"')[1].split("</p>")[0]
    assert shown(refused, "first-value") == "many"
    assert shown(refused, "first-last") == "3"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"first-subject": "nothing"},
        {"first-subject": "attributes.gone", "first-value": "1"},
        {**BOUGHT, "first-last_unit": "century"},
        {**BOUGHT, "first-last": "-3"},
        {**BOUGHT, "first-last": "9" * 20},
        {**BOUGHT, "first-value": "1e9"},
        {**BOUGHT, "first-value": "٣"},
        {**BOUGHT, "first-store": "GONE"},
        {**BOUGHT, "first-category": "x" * 5_000},
        {"first-subject": "birth_date", "first-way": "since", "first-value": "2026-02-30"},
        {"first-subject": "joined_at", "first-way": "within", "first-value": "3"},
        {"first-subject": "age", "first-way": "between", "first-value": "45", "first-upper": "26"},
        {"first-subject": "name", "first-way": "contains", "first-value": "\x00"},
    ],
)
def test_what_makes_no_rule_is_refused_and_makes_no_tag(mai, shop_app, wrong):
    if wrong.get("first-subject") == "joined_at":
        wrong = {**wrong, "first-unit": "century"}
    assert mai.ask(PREVIEW, **wrong).status_code == 200
    assert mai.post(PAGE, name="Wrong", **wrong).status_code == 422
    assert mai.get("/manage/tags/wrong").status_code == 404


# -- changing --------------------------------------------------------------------------


def kept_tag(app, rule):
    with app.test_request_context(), transaction():
        return tags.create(name="Kept", rule=read_rule(rule))["slug"]


def test_the_rule_of_a_tag_is_shown_and_changed(mai, shop_app, customers):
    slug = kept_tag(
        shop_app, {"purchases": {**AT_LEAST_ONE, "within": {"last": 3, "unit": "month"}}}
    )
    assert f'href="/manage/tags/{slug}/rule"' in mai.get(f"/manage/tags/{slug}").text
    page = mai.get(f"/manage/tags/{slug}/rule")
    for field, value in BOUGHT.items():
        assert shown(page, field) == value, field
    changed = mai.post(f"/manage/tags/{slug}/rule", **{**BOUGHT, "first-last": "6"})
    assert changed.headers["Location"] == f"/manage/tags/{slug}"
    assert rule_of(shop_app, slug)["purchases"]["within"] == {"last": 6, "unit": "month"}
    assert mai.post(f"/manage/tags/{slug}/rule", **{**BOUGHT, "first-last": ""}).status_code == 422


@pytest.mark.parametrize(
    "rule",
    [
        {"all": [{"field": "age", "op": "ge", "value": 26}] * 3},
        {"not": {"field": "age", "op": "ge", "value": 26}},
        {"field": "gender", "op": "in", "value": ["female", "other"]},
        {"field": "phone_type", "op": "eq", "value": "mobile"},
        {"purchases": {"agg": "max", "of": "amount", "op": "ge", "value": 1}},
        {"purchases": {**AT_LEAST_ONE, "within": {"from": "2026-01-01"}}},
        {"purchases": {**AT_LEAST_ONE, "where": [{"field": "hour", "op": "lt", "value": 9}]}},
        {"field": "joined_at", "op": "ge", "value": "2026-01-01T10:00:00+07:00"},
    ],
)
def test_a_rule_of_more_than_the_form_shows_is_not_squeezed_into_it(mai, shop_app, rule):
    slug = kept_tag(shop_app, rule)
    assert f"/manage/tags/{slug}/rule" not in mai.get(f"/manage/tags/{slug}").text
    refused = mai.get(f"/manage/tags/{slug}/rule")
    assert refused.status_code == 422
    assert "more to it than two conditions" in refused.text


def test_a_tag_that_is_set_by_hand_has_no_rule_to_change(mai, shop_app):
    with shop_app.test_request_context(), transaction():
        slug = tags.create(name="By hand")["slug"]
    assert mai.get(f"/manage/tags/{slug}/rule").status_code == 409
    assert mai.post(f"/manage/tags/{slug}/rule", **BOUGHT).status_code == 409


def test_every_field_and_way_makes_a_rule_that_the_form_shows_again(shop_app):
    """Whatever the form can say, it can say again when it is opened."""
    with shop_app.test_request_context(), transaction():
        for kind in AttributeKind:
            choices = ["one", "two"] if "choice" in kind else None
            attributes.declare(name=f"a_{kind}", label=str(kind), kind=kind, choices=choices)
    checked = 0
    with shop_app.test_request_context(), read():
        every = form.empty().subjects
        for subject in every.values():
            for way in subject.ways:
                filled = _filled(subject, way)
                made = form.RuleForm(subjects=every, conditions=(filled,)).rule()
                again = form.of_rule(made)
                assert again is not None, (subject.name, way.name)
                assert to_document(again.rule()) == to_document(made), (subject.name, way.name)
                checked += 1
    assert checked > len(FIELDS)


def _filled(subject, way):
    value = {"number": "3", "money": "3", "points": "3", "date": "2026-01-05", "time": "2026-01-05"}
    text = subject.choices[0][0] if subject.choices else value.get(subject.kind, "Lan")
    if way.takes in ("span", "days"):
        text = "3"
    return Condition(subject=subject.name, way=way.name, value=text, upper="4")


def test_cashiers_make_no_rules(visit):
    assert visit("han").get(PAGE).status_code == 403
    assert visit("han").ask(PREVIEW).status_code == 403

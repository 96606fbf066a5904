"""Tags at the till: read on the customer's card, set and taken off by a click."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from loyalty.core.db import db, transaction
from loyalty.tags import service as tags
from loyalty.tags.reading import read_rule
from tests.core.rows import column, scalar
from tests.pages.visitor import places

PHONE = "0912 345 678"
OTHER = "0987 654 321"
EVERYBODY = {"field": "purchase_count", "op": "ge", "value": 1}
REGULARS = {"field": "purchase_count", "op": "ge", "value": 2}


@pytest.fixture
def han(visit):
    person = visit("han")
    person.client.set_cookie("language", "en")
    for number, phone in enumerate((PHONE, OTHER)):
        person.ask("/till/purchases", phone=phone, receipt_no=f"HD-{number}", amount="150000")
    return person


@pytest.fixture
def by_hand(shop_app):
    """Two tags to be set by hand."""
    with shop_app.test_request_context(), transaction():
        for name in ("Có trẻ nhỏ", "Khách VIP"):
            tags.create(name=name)


def card(person, phone=PHONE):
    return person.ask("/till/member", phone=phone).text


def member_id(person, phone=PHONE):
    found = re.search(r'name="member" value="(\d+)"', card(person, phone))
    assert found is not None
    return found[1]


def mark(person, slug, way="", *, phone=PHONE):
    return person.ask(f"/till/members/{member_id(person, phone)}/tags/{slug}{way}")


def test_card_without_tags_has_no_place_for_them(han):
    assert "tags-of-" not in card(han)


def test_tag_is_given_and_taken_off(han, by_hand, shop_app):
    assert "Add a tag" in card(han)
    assert "chip-name" not in card(han)
    given = mark(han, "khach-vip")
    assert given.status_code == 200
    assert places(given) == [f"tags-of-{member_id(han)}"]
    assert '<span class="chip-name">Khách VIP</span>' in given.text
    assert '<span class="chip-name">Khách VIP</span>' in card(han)
    assert "chip-name" not in card(han, OTHER)
    taken = mark(han, "khach-vip", "/off")
    assert "chip-name" not in taken.text
    assert "chip-name" not in card(han)
    person = scalar(shop_app, "SELECT id FROM staff_users WHERE login = 'han'")
    assert column(shop_app, "SELECT actor FROM group_builds") == [f"person:{person}"] * 2


def test_only_tags_that_the_customer_has_not_are_offered(han, by_hand):
    mark(han, "khach-vip")
    offered = re.findall(r'<button[^>]*class="menu-row"[^>]*>([^<]+)</button>', card(han))
    assert offered == ["Có trẻ nhỏ"]


def test_same_click_twice_changes_nothing_more(han, by_hand, shop_app):
    for _ in range(2):
        assert mark(han, "khach-vip").status_code == 200
    assert scalar(shop_app, "SELECT count(*) FROM group_builds") == 1


def test_manager_reads_tags_of_rules_the_rarest_first_and_the_rest_counted(han, visit, shop_app):
    han.ask("/till/purchases", phone=PHONE, receipt_no="HD-8", amount="950000")
    with shop_app.test_request_context(), transaction():
        for number in range(7):
            tags.create(name=f"Ever bought {number}", rule=read_rule(EVERYBODY))
        tags.create(name="Came again", rule=read_rule(REGULARS))
    owner = visit("tram")
    owner.client.set_cookie("language", "en")
    shown = card(owner)
    assert "Came again · Ever bought 0 · Ever bought 1" in shown
    assert "Ever bought 5" not in shown
    assert "and 2 more" in shown
    assert "chip-name" not in shown
    assert "Came again" not in card(owner, OTHER)


def test_cashier_is_not_told_what_rules_know(han, shop_app):
    with shop_app.test_request_context(), transaction():
        tags.create(name="High income", rule=read_rule(EVERYBODY))
    assert "High income" not in card(han)


def test_tag_of_a_rule_is_not_set_by_hand(han, shop_app):
    with shop_app.test_request_context(), transaction():
        tags.create(name="Regular", slug="regular", rule=read_rule(REGULARS))
    refused = mark(han, "regular")
    assert (refused.status_code, places(refused)) == (409, ["outcome"])


def test_unknown_tag_is_refused_in_words(han):
    refused = mark(han, "no-such-tag")
    assert (refused.status_code, places(refused)) == (404, ["outcome"])
    assert "There is no such tag." in refused.text


def test_unknown_customer_is_refused_in_words(han, by_hand):
    refused = han.ask("/till/members/999999/tags/khach-vip")
    assert (refused.status_code, places(refused)) == (404, ["outcome"])


def test_marketing_sets_no_tag_of_a_single_customer(han, by_hand, visit, shop_app):
    number = member_id(han)
    assert visit("mai").ask(f"/till/members/{number}/tags/khach-vip").status_code == 403
    assert scalar(shop_app, "SELECT count(*) FROM group_builds") == 0


def test_name_of_a_tag_is_shown_as_text(han, shop_app):
    with shop_app.test_request_context(), transaction():
        tags.create(name="<b>VIP</b>", slug="bold")
    assert "<b>VIP" not in card(han)
    assert "<b>VIP" not in mark(han, "bold").text


def test_tags_cost_the_card_one_statement(han, by_hand, shop_app):
    mark(han, "khach-vip")
    asked: list[str] = []
    with shop_app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    card(han)
    assert len([text for text in asked if "group_chunks" in text or "FROM tags" in text]) == 1

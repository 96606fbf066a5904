"""The public terms: the programme in words until somebody writes them, then version by version."""

from __future__ import annotations

import pytest
import time_machine

from loyalty.core.db import read, transaction
from loyalty.core.errors import Code, Problem
from loyalty.programme import policies, terms
from tests.core.rows import column
from tests.purchases.receipts import local

pytestmark = pytest.mark.usefixtures("store")


def text_of(app, language: str = "en") -> str:
    with app.app_context(), read():
        return terms.in_force(language).text


def settle(app, **policy) -> None:
    with app.app_context(), transaction():
        policies.change_policy(policy)


def publish(app, texts, **given) -> int:
    with app.app_context(), transaction():
        return terms.publish(texts, **given)


def test_programme_says_in_words_what_it_does(app, api):
    settle(app, bonuses={"birthday": 1_000}, expiry={"mode": "after_purchase", "months": 6})
    tier = {"slug": "gold", "name": "Gold", "threshold": 5_000_000, "multiplier_percent": 150}
    api.post("/tiers", tier)
    special = {"rules": [{"per": "visit", "points": 1}], "never": {"categories": ["fees"]}}
    api.post("/earning-rules", {"points": 1, "per_amount": 10_000, "special": special})
    said = text_of(app).replace("\xa0", " ").split("\n\n")
    assert said[0] == "Terms of the points programme of Store S01."
    for sentence in (
        "You get 1 point for every ₫10,000 that you pay, rounded down once per receipt.",
        "These goods bring no points: fees.",
        "Gold: from ₫5,000,000 within 12 months; points times 1.5.",
        "For your birthday you get 1,000 points each year.",
        "A point is worth ₫100 when you pay with it.",
        "Points expire 6 months after your last purchase.",
    ):
        assert sentence in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"expiry": {"mode": "never"}}, "Points do not expire."),
        (
            {"expiry": {"mode": "yearly", "month": 2, "day": 31}},
            "Points expire each year on February 29.",
        ),
        ({"expiry": {"months": 1}}, "Points expire a month after you got them."),
        ({"pending_days": 3}, "Points count 3 days after the purchase."),
        ({"redeeming": {"min_points": 50}}, "You can use points once you have 50 points."),
    ],
)
def test_each_setting_has_its_words(app, policy, sentence):
    settle(app, **policy)
    assert sentence in text_of(app).split("\n\n")


def test_published_version_is_in_force_from_its_day_and_older_ones_stay(app):
    with time_machine.travel(local("2030-05-01 12:00"), tick=False):
        assert publish(app, {"vi": "Thể lệ\r\nmột ", "en": "Terms one"}) == 1
        publish(app, {"vi": "Thể lệ hai"}, valid_from=local("2030-06-01 00:00"))
        assert text_of(app) == "Terms one"
    with time_machine.travel(local("2030-06-01 00:00"), tick=False):
        assert text_of(app) == "Thể lệ hai", "in the shop's language, where no other was written"
        with app.app_context(), read():
            assert terms.version(1, "vi").text == "Thể lệ\nmột"
            assert [each.version for each in terms.versions()] == [2, 1]
            assert terms.drafts()["vi"] == "Thể lệ hai"
    assert column(app, "SELECT action FROM audit_events WHERE object_kind = 'terms'") == [
        *("terms.publish", "terms.publish")
    ]


def test_terms_that_cannot_be_are_refused(app):
    publish(app, {"en": "Terms"}, valid_from=local("2030-06-01 00:00"))
    for texts, code in (
        ({}, Code.INVALID_REQUEST),
        ({"fr": "Conditions"}, Code.INVALID_REQUEST),
        ({"en": " "}, Code.INVALID_REQUEST),
        ({"en": "x" * 50_001}, Code.INVALID_REQUEST),
        ({"en": "Before the last"}, Code.INVALID_TIME),
    ):
        with pytest.raises(Problem) as refused:
            publish(app, texts)
        assert refused.value.code == code

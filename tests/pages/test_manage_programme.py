"""The programme at the desk: what is in force in sentences, and the forms that change it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty.core import clock
from loyalty.core.db import read, transaction
from loyalty.programme import policies, promotions, terms, tiers
from loyalty.programme import service as programme
from loyalty.staff import service as staff
from tests.pages.visitor import PASSWORD

OVERVIEW = "/manage/programme"
PAGES = (
    OVERVIEW,
    "/manage/programme/earning",
    "/manage/programme/settings/value",
    "/manage/programme/tiers/new",
    "/manage/programme/promotions/new",
    "/manage/programme/terms",
)
RATE = {"after": "1", "points": "2", "per_amount": "15000"}
TIER = {"name": "Vàng", "threshold": "6.000.000", "times": "1,25"}
PROMOTION = {"name": "Thứ Ba nhân đôi", "way": "times", "times": "2", "ends_on": "2099-12-31"}
DAY = "2099-01-05"


@pytest.fixture
def ask(shop_app):
    """`ask(f)`: what f gives, read in the shop."""

    def asked(question):
        with shop_app.app_context(), read():
            return question()

    return asked


@pytest.fixture
def act(shop_app):
    def acted(deed):
        with shop_app.app_context(), transaction():
            return deed()

    return acted


def in_english(visitor, path=OVERVIEW):
    visitor.client.set_cookie("language", "en")
    return visitor.get(path).text


def test_only_managers_of_the_whole_shop_change_the_programme(visit, act):
    act(
        lambda: staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    )
    for login in ("han", "mai", "binh"):
        visitor = visit(login)
        assert {visitor.get(path).status_code for path in PAGES} == {403}
        assert visitor.post("/manage/programme/settings/value", point_value="1").status_code == 403
    assert {visit("tram").get(path).status_code for path in PAGES} == {200}


def test_what_is_in_force_stands_there_in_sentences(visit, act):
    special = {
        "rules": [
            {"per": "item", "points": 3, "when": {"categories": ["trà"], "weekdays": [2]}},
            {"per": "visit", "points": 5, "when": {"hours": {"from": 9, "to": 11}}},
            {"per": "amount", "points": 2, "per_amount": 5_000, "when": {"channels": ["online"]}},
        ],
        "never": {"skus": ["PHI-01"]},
    }
    now = clock.now()
    act(
        lambda: programme.create_earning_rule(
            points=1, per_amount=10_000, valid_from=now, special=special
        )
    )
    in_nine_days = now + timedelta(days=9)
    act(lambda: programme.create_earning_rule(points=1, per_amount=8_000, valid_from=in_nine_days))
    page = in_english(visit("tram"))
    for said in (
        "1 point for every ₫10,000.",
        "3 points for each item · Tuesday · goods trà",
        "5 points for a visit · 09:00–11:00",
        "2 points for every ₫5,000 · online",
        "No points for PHI-01.",
        "1 point for every ₫8,000.",
        "A point is worth ₫100.",
    ):
        assert said in page


# -- earning -------------------------------------------------------------------------


def test_a_new_rate_counts_at_once(visit, ask):
    owner = visit("tram")
    answer = owner.post("/manage/programme/earning", **RATE, categories="thẻ quà, phí\nthẻ quà")
    assert answer.headers["Location"] == "/manage/programme"
    rule = ask(lambda: programme.snapshot().rule_at(clock.now()))
    assert (rule.version, rule.points, rule.per_amount) == (2, 2, 15_000)
    assert rule.special == {"never": {"categories": ["thẻ quà", "phí"]}}
    assert "2 points for every ₫15,000." in in_english(owner)


def test_a_rate_of_a_later_day_waits_for_it(visit, ask):
    visit("tram").post("/manage/programme/earning", **RATE, valid_from=DAY)
    current = ask(programme.snapshot)
    assert current.rule_at(clock.now()).version == 1
    assert current.rules[-1].valid_from.isoformat() == "2099-01-04T17:00:00+00:00"


def test_special_rules_stay_while_they_are_ticked(visit, act, ask):
    rules = [{"per": "visit", "points": 5}, {"per": "item", "points": 1}]
    act(
        lambda: programme.create_earning_rule(
            points=1, per_amount=10_000, valid_from=clock.now(), special={"rules": rules}
        )
    )
    owner = visit("tram")
    assert owner.get("/manage/programme/earning").text.count("checked") == 2
    owner.post("/manage/programme/earning", **{**RATE, "after": "2"}, keep="1")
    assert ask(lambda: programme.snapshot().rules[-1].special) == {"rules": rules[1:]}


REFUSED_RATES = (
    ({"points": ""}, "points"),
    ({"points": "1,5"}, "points"),
    ({"points": "-1"}, "points"),
    ({"points": "1000001"}, "points"),
    ({"per_amount": "0"}, "per_amount"),
    ({"per_amount": "15,5"}, "per_amount"),
    ({"per_amount": "ten"}, "per_amount"),
    ({"categories": "x" * 101}, "categories"),
    ({"valid_from": "2020-01-01"}, "valid_from"),
    ({"valid_from": "tomorrow"}, "valid_from"),
    ({"after": "7"}, "points"),
)


def test_a_refused_rate_says_why_beside_its_field(visit, ask):
    owner = visit("tram")
    for change, field in REFUSED_RATES:
        given = {**RATE, "categories": "thẻ quà", **change}
        answer = owner.post("/manage/programme/earning", **given)
        assert answer.status_code == 422, change
        assert f'id="{field}-error"' in answer.text, change
        assert ("thẻ quà" in answer.text) == ("categories" not in change)
    assert len(ask(programme.snapshot).rules) == 1


def test_no_version_begins_before_the_one_that_it_follows(visit, ask):
    owner = visit("tram")
    owner.post("/manage/programme/earning", **RATE, valid_from=DAY)
    answer = owner.post("/manage/programme/earning", **{**RATE, "after": "2"})
    assert 'id="valid_from-error"' in answer.text
    assert "05/01/2099" in answer.text
    assert len(ask(programme.snapshot).rules) == 2


# -- settings ------------------------------------------------------------------------


SETTINGS = (
    ("value", {"point_value": "250"}, {"point_value": 250}),
    (
        "bonuses",
        {"sign_up": "1.000", "first_purchase": "0", "birthday": "50"},
        {"bonuses": {"sign_up": 1_000, "first_purchase": 0, "birthday": 50}},
    ),
    (
        "expiry",
        {"pending_days": "3", "mode": "after_purchase", "months": "18"},
        {"pending_days": 3, "expiry": {"mode": "after_purchase", "months": 18}},
    ),
    (
        "expiry",
        {"pending_days": "0", "mode": "yearly", "day": "29", "month": "2"},
        {"pending_days": 0, "expiry": {"mode": "yearly", "day": 29, "month": 2}},
    ),
    ("expiry", {"pending_days": "0", "mode": "never"}, {"expiry": {"mode": "never"}}),
    (
        "tiering",
        {"basis": "points", "window_months": "6"},
        {"tiering": {"basis": "points", "window_months": 6}},
    ),
    (
        "care",
        {"cashier": "10", "manager": "500", "receipts_a_day": "5"},
        {"adjustments": {"cashier": 10, "manager": 500}, "receipts_a_day": 5},
    ),
    (
        "redeeming",
        {
            "min_points": "100",
            "min_purchases": "2",
            "spoken_phone_points": "300",
            "hold_minutes": "20",
        },
        {
            "redeeming": {
                "min_points": 100,
                "min_purchases": 2,
                "spoken_phone_points": 300,
                "hold_minutes": 20,
            }
        },
    ),
)


def test_a_setting_counts_and_stands_in_its_form(visit, ask):
    owner = visit("tram")
    for topic, typed, kept in SETTINGS:
        address = f"/manage/programme/settings/{topic}"
        assert owner.post(address, **typed).headers["Location"] == "/manage/programme"
        policy = ask(policies.see)["policy"]
        for name, value in kept.items():
            whole = {**policy[name], **value} if isinstance(value, dict) else value
            assert policy[name] == whole
        form = owner.get(address).text
        assert all(f'value="{text}"' in form for text in typed.values())


def test_saving_what_stands_there_changes_nothing(visit, ask):
    owner = visit("tram")
    before = ask(programme.snapshot).revision
    owner.post("/manage/programme/settings/value", point_value="100")
    owner.post(
        "/manage/programme/settings/expiry", pending_days="0", mode="months", months="12", day="40"
    )
    # What a point is worth was the currency's: it is the shop's own from now on.
    assert ask(policies.see)["policy"]["point_value"] == 100
    assert ask(policies.see)["policy"]["expiry"]["day"] == 31
    revision = ask(programme.snapshot).revision
    assert revision != before
    owner.post("/manage/programme/settings/value", point_value="100")
    assert ask(programme.snapshot).revision == revision


REFUSED_SETTINGS = (
    ("value", {"point_value": "0"}, "point_value"),
    ("value", {"point_value": ""}, "point_value"),
    ("bonuses", {"sign_up": "1000001", "first_purchase": "7", "birthday": "0"}, "sign_up"),
    ("expiry", {"pending_days": "0", "mode": "sometimes"}, "mode"),
    ("expiry", {"pending_days": "366", "mode": "never"}, "pending_days"),
    ("expiry", {"pending_days": "0", "mode": "months", "months": "0"}, "months"),
    ("expiry", {"pending_days": "0", "mode": "yearly", "day": "30", "month": "2"}, "day"),
    ("expiry", {"pending_days": "0", "mode": "yearly", "day": "3", "month": "13"}, "month"),
    ("tiering", {"basis": "luck", "window_months": "6"}, "basis"),
)


def test_a_refused_setting_says_why_beside_its_field(visit, ask):
    owner = visit("tram")
    before = ask(programme.snapshot).revision
    for topic, typed, field in REFUSED_SETTINGS:
        answer = owner.post(f"/manage/programme/settings/{topic}", **typed)
        assert answer.status_code == 422, typed
        assert f'id="{field}-error"' in answer.text, typed
    assert ask(programme.snapshot).revision == before


def test_there_are_no_other_settings(visit):
    owner = visit("tram")
    assert owner.get("/manage/programme/settings/luck").status_code == 404
    assert owner.post("/manage/programme/settings/luck").status_code == 404


# -- tiers ---------------------------------------------------------------------------


def test_a_tier_is_added_changed_and_ended(visit, ask):
    owner = visit("tram")
    owner.post("/manage/programme/tiers/new", **TIER)
    [tier] = ask(tiers.all_tiers)
    assert tier == {
        "slug": "vang",
        "name": "Vàng",
        "threshold": 6_000_000,
        "multiplier_percent": 125,
    }
    assert 'value="6.000.000"' in owner.get("/manage/programme/tiers/vang").text
    owner.post("/manage/programme/tiers/vang", **{**TIER, "times": "1.5", "name": "Vàng ròng"})
    assert ask(lambda: tiers.get("vang"))["multiplier_percent"] == 150
    page = owner.get("/manage/programme").text
    assert "Vàng ròng" in page
    assert "1,5" in page
    assert "Vàng ròng" in owner.get("/manage/programme/tiers/vang/end").text
    owner.post("/manage/programme/tiers/vang/end")
    assert ask(tiers.all_tiers) == []


def test_tiers_of_one_name_or_none_in_latin_letters_have_slugs_of_their_own(visit, ask):
    owner = visit("tram")
    for number, name in enumerate(("Vàng", "Vang", "ทอง", "เงิน"), start=1):
        owner.post("/manage/programme/tiers/new", name=name, threshold=str(number), times="1")
    assert [tier["slug"] for tier in ask(tiers.all_tiers)] == ["vang", "vang-2", "tier", "tier-2"]


REFUSED_TIERS = (
    ({"name": ""}, "name"),
    ({"threshold": "0"}, "threshold"),
    ({"threshold": "5.000"}, "threshold"),
    ({"times": "0,5"}, "times"),
    ({"times": "twice"}, "times"),
    ({"times": "101"}, "times"),
)


def test_a_refused_tier_says_why_beside_its_field(visit, act, ask):
    act(lambda: tiers.create(slug="bac", name="Bạc", threshold=5_000, multiplier_percent=100))
    owner = visit("tram")
    for change, field in REFUSED_TIERS:
        answer = owner.post("/manage/programme/tiers/new", **{**TIER, **change})
        assert answer.status_code in (409, 422), change
        assert f'id="{field}-error"' in answer.text, change
    assert len(ask(tiers.all_tiers)) == 1


def test_a_tier_that_a_promotion_needs_stays(visit, ask):
    owner = visit("tram")
    owner.post("/manage/programme/tiers/new", **TIER)
    owner.post("/manage/programme/promotions/new", **PROMOTION, tiers="vang")
    answer = owner.post("/manage/programme/tiers/vang/end")
    assert answer.status_code == 409
    assert "desk-notice danger" in answer.text
    assert len(ask(tiers.all_tiers)) == 1


def test_a_tier_that_is_not_there_is_a_page_that_says_so(visit):
    owner = visit("tram")
    for path in ("/manage/programme/tiers/gold", "/manage/programme/tiers/gold/end"):
        assert owner.get(path).status_code == 404
        assert owner.post(path, **TIER).status_code == 404


# -- promotions ----------------------------------------------------------------------


def test_a_promotion_is_added_with_its_days_conditions_and_caps(visit, ask):
    owner = visit("tram")
    owner.post(
        "/manage/programme/promotions/new",
        **PROMOTION,
        starts_on=DAY,
        weekdays=["2", "4"],
        stores=["S01"],
        categories="trà\nmứt",
        min_amount="100.000",
        cap_receipt="50",
        cap_member="500",
        budget="10.000",
    )
    [promotion] = ask(promotions.all_promotions)
    assert promotion["terms"] == {
        "times_percent": 200,
        "when": {
            "weekdays": [2, 4],
            "stores": ["S01"],
            "categories": ["trà", "mứt"],
            "min_amount": 100_000,
        },
        "cap_receipt": 50,
        "cap_member": 500,
    }
    assert promotion["budget"] == 10_000
    assert promotion["starts_at"].isoformat() == "2099-01-04T17:00:00+00:00"
    assert promotion["ends_at"].isoformat() == "2099-12-31T17:00:00+00:00"
    page = in_english(owner)
    assert "Lê Văn Sỹ · Tuesday, Thursday · goods mứt, trà · from ₫100,000" in page
    assert "At most 50 points a receipt, at most 500 points a customer" in page
    assert "0 of 10,000 points" in page
    assert "05/01/2099–31/12/2099" in page


def test_what_a_promotion_brought_stands_beside_it(visit, ask):
    owner = visit("tram")
    given = {**PROMOTION, "way": "points", "points": "7"}
    owner.post("/manage/programme/promotions/new", **given)
    for number in (1, 2):
        purchase = {"country": "VN", "receipt_no": f"HD-{number}", "amount": "100000"}
        owner.ask("/till/purchases", phone=f"091234567{number}", **purchase)
    page = in_english(owner)
    assert "7 points more a receipt" in page
    assert ">14<" in page
    assert "2 customers" in page


def test_a_promotion_ends_once(visit, ask):
    owner = visit("tram")
    owner.post("/manage/programme/promotions/new", **PROMOTION)
    address = f"/manage/programme/promotions/{ask(promotions.all_promotions)[0]['id']}/end"
    assert PROMOTION["name"] in owner.get(address).text
    assert owner.post(address).headers["Location"] == "/manage/programme#promotions"
    assert ask(promotions.all_promotions)[0]["state"] == "ended"
    assert owner.post(address).status_code == 409
    assert owner.post("/manage/programme/promotions/99/end").status_code == 404


REFUSED_PROMOTIONS = (
    ({"name": " "}, "name"),
    ({"way": "luck"}, "way"),
    ({"times": "1"}, "times"),
    ({"times": ""}, "times"),
    ({"way": "points", "points": "0"}, "points"),
    ({"ends_on": ""}, "ends_on"),
    ({"ends_on": "2020-01-01"}, "ends_on"),
    ({"starts_on": "2020-01-01"}, "starts_on"),
    ({"starts_on": "2099-06-01", "ends_on": "2099-05-31"}, "ends_on"),
    ({"weekdays": "8"}, "weekdays"),
    ({"stores": "S09"}, "stores"),
    ({"min_amount": "0"}, "min_amount"),
    ({"cap_member": "0"}, "cap_member"),
    ({"budget": "0"}, "budget"),
)


def test_a_refused_promotion_says_why_beside_its_field(visit, ask):
    owner = visit("tram")
    for change, field in REFUSED_PROMOTIONS:
        given = {**PROMOTION, "categories": "mứt Tết", **change}
        answer = owner.post("/manage/programme/promotions/new", **given)
        assert answer.status_code == 422, change
        assert f'id="{field}-error"' in answer.text, change
        assert "mứt Tết" in answer.text
    assert ask(promotions.all_promotions) == []


# -- terms ---------------------------------------------------------------------------


def test_terms_are_written_published_and_read_by_anyone(visit, ask):
    owner = visit("tram")
    assert "An Nhiên" in owner.get("/manage/programme/terms").text
    owner.post("/manage/programme/terms", vi="Một.\r\n\r\nHai.", en="", th="หนึ่ง")
    assert ask(lambda: terms.versions()[0].texts) == {"vi": "Một.\n\nHai.", "th": "หนึ่ง"}
    assert "Hai." in visit().get("/terms").text
    assert "/terms/1" in owner.get("/manage/programme/terms").text
    owner.post("/manage/programme/terms", vi="Ba.", valid_from=DAY)
    assert "Hai." in visit().get("/terms").text
    page = owner.get("/manage/programme/terms").text
    assert "05/01/2099" in page
    assert "Ba." in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"vi": "x" * 50_001}, "vi"),
        ({"vi": "Một.", "valid_from": "2020-01-01"}, "valid_from"),
    ],
)
def test_refused_terms_say_why_and_stay_in_the_form(visit, ask, typed, field):
    answer = visit("tram").post("/manage/programme/terms", **{"en": "Kept as typed", **typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Kept as typed" in answer.text
    assert ask(terms.versions) == []


def test_no_text_at_all_is_not_published(visit, ask):
    answer = visit("tram").post("/manage/programme/terms", vi=" ", en="", th="")
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert ask(terms.versions) == []


def test_terms_do_not_overtake_those_to_come(visit, ask):
    owner = visit("tram")
    owner.post("/manage/programme/terms", vi="Một.", valid_from=DAY)
    answer = owner.post("/manage/programme/terms", vi="Hai.")
    assert 'id="valid_from-error"' in answer.text
    assert len(ask(terms.versions)) == 1


def test_names_are_shown_as_text(visit):
    owner = visit("tram")
    owner.post("/manage/programme/tiers/new", **{**TIER, "name": "<b>Vàng</b>"})
    owner.post("/manage/programme/promotions/new", **{**PROMOTION, "name": "<b>Tết</b>"})
    owner.post("/manage/programme/earning", **RATE, categories="<b>phí</b>")
    page = owner.get("/manage/programme").text
    assert "<b>" not in page
    assert page.count("&lt;b&gt;") >= 3

"""Gifts and vouchers at the desk: offered, changed, ended; what was given in a year."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

import pytest

from loyalty.core import clock
from loyalty.core.db import read, transaction
from loyalty.programme import tiers
from loyalty.rewards import service as rewards
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from tests.pages.visitor import PASSWORD

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
GIFT = {"kind": "gift", "name": "Ly sứ", "cost": "200", "worth": "90.000", "stock": "12"}
VOUCHER = {**GIFT, "kind": "voucher", "name": "Giảm 50", "stock": "", "voucher_days": "60"}


@pytest.fixture
def every(shop_app):
    def find():
        with shop_app.app_context(), read():
            return rewards.every()

    return find


@pytest.fixture
def act(shop_app):
    def acted(deed):
        with shop_app.app_context(), transaction():
            return deed()

    return acted


def as_shown(gift, **changes):
    """What a browser sends back of the form of the first gift, with changes."""
    shown = {name: gift.get(name, "") for name in ("stock", "starts_at", "ends_at", "tier", "tag")}
    return {**gift, **{f"{name}_shown": text for name, text in shown.items()}, **changes}


def test_only_managers_of_the_whole_shop_manage_gifts(visit, act, every):
    act(
        lambda: staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    )
    for login in ("han", "mai", "binh"):
        visitor = visit(login)
        for path in ("/manage/gifts", "/manage/gifts/new", "/manage/gifts/report"):
            assert visitor.get(path).status_code == 403
        assert visitor.post("/manage/gifts/new", **GIFT).status_code == 403
    assert every() == []


def test_a_gift_is_offered_with_its_limits(visit, act, every):
    act(lambda: tiers.create(slug="vang", name="Vàng", threshold=9, multiplier_percent=100))
    owner = visit("tram")
    limits = {"per_member": "2", "tier": "vang", "starts_at": "2026-01-05", "ends_at": "2099-01-05"}
    assert owner.post("/manage/gifts/new", **GIFT, **limits).headers["Location"] == "/manage/gifts"
    [gift] = every()
    assert (gift.name, gift.cost, gift.worth, gift.stock) == ("Ly sứ", 200, 90_000, 12)
    assert (gift.per_member, gift.tier.slug, gift.voucher_days) == (2, "vang", None)
    assert gift.starts_at.isoformat() == "2026-01-04T17:00:00+00:00"
    assert gift.ends_at.isoformat() == "2099-01-05T17:00:00+00:00"
    owner.client.set_cookie("language", "en")
    page = owner.get("/manage/gifts").text
    for said in ("₫90,000", "from tier Vàng · 2 times a customer", "05/01/2026–05/01/2099"):
        assert said in page


def test_a_voucher_has_days(visit, every):
    visit("tram").post("/manage/gifts/new", **VOUCHER)
    [voucher] = every()
    assert (voucher.kind, voucher.voucher_days, voucher.stock) == ("voucher", 60, None)


REFUSED = (
    ({"kind": "money"}, "kind"),
    ({"name": ""}, "name"),
    ({"cost": "0"}, "cost"),
    ({"cost": ""}, "cost"),
    ({"cost": "1,5"}, "cost"),
    ({"worth": ""}, "worth"),
    ({"worth": "much"}, "worth"),
    ({"stock": "-1"}, "stock"),
    ({"per_member": "0"}, "per_member"),
    ({"kind": "voucher", "worth": "0"}, "worth"),
    ({"starts_at": "soon"}, "starts_at"),
    ({"ends_at": "2020-01-01"}, "ends_at"),
    ({"starts_at": "2099-02-01", "ends_at": "2099-01-01"}, "ends_at"),
    ({"tier": "gold"}, "tier"),
    ({"kind": "voucher", "voucher_days": "3651"}, "voucher_days"),
)


def test_a_refused_gift_says_why_beside_its_field(visit, every):
    owner = visit("tram")
    for change, field in REFUSED:
        answer = owner.post("/manage/gifts/new", **{**GIFT, **change})
        assert answer.status_code in (404, 422), change
        assert f'id="{field}-error"' in answer.text, change
        assert ("Ly sứ" in answer.text) == ("name" not in change)
    assert every() == []


def test_a_gift_changes_and_its_limits_are_lifted(visit, every):
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT, per_member="2")
    address = f"/manage/gifts/{every()[0].id}"
    assert 'value="90.000"' in owner.get(address).text
    owner.post(address, **as_shown(GIFT, name="Ly sứ lớn", cost="250", stock=""))
    [gift] = every()
    assert (gift.name, gift.cost, gift.stock, gift.per_member) == ("Ly sứ lớn", 250, None, None)
    refused = owner.post(address, **as_shown(GIFT, cost="0"))
    assert 'id="cost-error"' in refused.text
    assert owner.get("/manage/gifts/99").status_code == 404
    assert owner.post("/manage/gifts/99", **GIFT).status_code == 404


def test_what_was_given_while_the_form_was_open_stays_given(visit, act, every):
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT)
    reward_id = every()[0].id
    act(lambda: rewards.change(reward_id, {"stock": 11}))
    owner.post(f"/manage/gifts/{reward_id}", **as_shown(GIFT, cost="250"))
    assert (every()[0].cost, every()[0].stock) == (250, 11)


def test_days_that_nobody_touched_keep_their_hour(visit, act, every):
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT)
    reward_id = every()[0].id
    since = clock.now()
    act(lambda: rewards.change(reward_id, {"starts_at": since}))
    day = since.astimezone(ZONE).date().isoformat()
    form = {**GIFT, "starts_at": day}
    owner.post(f"/manage/gifts/{reward_id}", **as_shown(form, cost="250"))
    assert every()[0].starts_at == since


def test_a_gift_of_a_tier_that_ended_is_opened_to_nobody_by_saving(visit, act, every):
    act(lambda: tiers.create(slug="vang", name="Vàng", threshold=9, multiplier_percent=100))
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT, tier="vang")
    reward_id = every()[0].id
    owner.post(f"/manage/gifts/{reward_id}/end")
    act(lambda: tiers.delete("vang"))
    assert 'value="-" selected' in owner.get(f"/manage/gifts/{reward_id}").text
    owner.post(f"/manage/gifts/{reward_id}", **as_shown({**GIFT, "tier": "-"}, cost="250"))
    assert (every()[0].cost, every()[0].tier_id is None) == (250, False)


def test_a_gift_of_a_tag_that_is_gone_is_opened_to_nobody_by_saving(visit, act, every):
    act(lambda: tags.create(name="Bạn bè", slug="ban-be"))
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT, tag="ban-be")
    assert "Bạn bè" in owner.get("/manage/gifts").text
    act(lambda: tags.delete("ban-be"))
    address = f"/manage/gifts/{every()[0].id}"
    assert 'value="ban-be" selected' in owner.get(address).text
    owner.post(address, **as_shown({**GIFT, "tag": "ban-be"}, cost="250"))
    assert (every()[0].cost, every()[0].tag) == (250, "ban-be")


def test_a_gift_is_ended_and_offered_again(visit, every):
    owner = visit("tram")
    owner.post("/manage/gifts/new", **GIFT)
    address = f"/manage/gifts/{every()[0].id}"
    owner.post(f"{address}/end")
    assert not every()[0].active
    owner.get("/manage/gifts")  # the notice that names it
    assert "Ly sứ" not in owner.get("/manage/gifts").text
    assert "Ly sứ" in owner.get("/manage/gifts?show=all").text
    owner.post(f"{address}/offer")
    assert every()[0].active


@pytest.fixture
def given(visit, every):
    """Two mugs and a cake of which the name would run in a spreadsheet."""
    owner = visit("tram")
    owner.post("/manage/gifts/new", **{**GIFT, "cost": "2"})
    owner.post("/manage/gifts/new", **{**GIFT, "name": "=Bánh", "cost": "3", "worth": "5000"})
    owner.ask(
        "/till/purchases", phone="0912345678", country="VN", receipt_no="HD-1", amount="900000"
    )
    mug, cake = every()
    with owner.client.application.app_context():
        for reward in (mug, mug, cake):
            with transaction():
                rewards.redeem_now(1, reward_id=reward.id)
    return owner


def test_the_report_counts_what_was_given_in_a_year(given):
    year = clock.now().astimezone(ZONE).year
    page = given.get("/manage/gifts/report").text
    for figure in ("180.000\xa0₫", "5.000\xa0₫", "185.000\xa0₫", f"{year}"):
        assert figure in page
    assert ">2<" in given.get("/manage/gifts").text
    for asked in ("1890", "x"):
        assert "185.000\xa0₫" in given.get(f"/manage/gifts/report?year={asked}").text


def test_the_report_as_a_file_opens_in_a_spreadsheet(given):
    answer = given.get("/manage/gifts/report.csv")
    assert answer.mimetype == "text/csv"
    assert "gifts-" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8-sig")
    heads, *rows = list(csv.reader(io.StringIO(text)))
    assert len(heads) == 6
    month = str(clock.now().astimezone(ZONE).month)
    assert [row[0] for row in rows] == [month, month]
    assert sorted(row[1] for row in rows) == ["'=Bánh", "Ly sứ"]
    assert sorted(row[3:] for row in rows) == [["1", "3", "5000"], ["2", "4", "180000"]]


def test_an_empty_year_says_so(visit):
    page = visit("tram").get("/manage/gifts/report").text
    assert "desk-empty" in page
    assert str(clock.now().astimezone(ZONE).year) in page

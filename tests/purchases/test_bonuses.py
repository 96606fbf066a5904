"""The bonuses for signing up and for the first purchase: once a member, whatever the order in which
receipts come, go and are looked at."""

from __future__ import annotations

from functools import partial

import pytest

from tests.core.rows import column, scalar
from tests.properties.shop import broken_invariants
from tests.purchases.goods import bring_back, bring_unnamed, decide, line
from tests.purchases.receipts import E164, OTHER_PHONE, PHONE, balance, buy, phone, receipt
from tests.purchases.typing_in import flags, give_phone, type_in
from tests.staff.people import furnish, hash_quickly

FIRST = 50


@pytest.fixture(autouse=True)
def adds_up(app, monkeypatch):
    hash_quickly(monkeypatch)
    furnish(app)
    decide(app, bonuses={"first_purchase": FIRST})
    yield
    assert broken_invariants(app) == ""


def void(api, bought):
    assert api.post(f"/purchases/{bought['purchase']['id']}/void", {}).status_code == 200


def bring_all_back(api, bought):
    bring_back(api, bought["purchase"]["id"], amount=bought["purchase"]["amount"])


def move_away(api, bought):
    path = f"/purchases/{bought['purchase']['id']}/reassign"
    answer = api.post(path, {"phone": OTHER_PHONE})
    assert answer.status_code == 200, answer.json


GOES = [void, bring_all_back, move_away]


@pytest.mark.parametrize("goes", GOES)
def test_bonus_stays_with_the_next_purchase_whenever_the_first_one_goes(api, goes):
    first = buy(api)
    buy(api, receipt_no="HD-2", amount=20_000)
    buy(api, receipt_no="HD-3", amount=30_000)
    goes(api, first)
    assert balance(api, PHONE) == 2 + 3 + FIRST
    [(bought, _), *_] = bonuses_by_receipt(api)
    assert bought == "HD-2"


def bonuses_by_receipt(api):
    """(receipt, points) of the entries that a first purchase brought, newest first."""
    member_id = api.get("/members", phone=PHONE).get_json()["items"][0]["id"]
    entries = api.get(f"/members/{member_id}/entries").get_json()["items"]
    bonuses = [each for each in entries if each["kind"] == "bonus"]
    numbers = {
        each["purchase_id"]: api.get(f"/purchases/{each['purchase_id']}").get_json()["purchase"]
        for each in bonuses
    }
    return [(numbers[each["purchase_id"]]["receipt_no"], each["points"]) for each in bonuses]


@pytest.mark.parametrize("goes", GOES)
def test_bonus_goes_with_the_last_purchase_that_counts(api, goes):
    first, second = buy(api), buy(api, receipt_no="HD-2", amount=20_000)
    buy(api, receipt_no="HD-0", amount=0)
    void(api, second)
    goes(api, first)
    assert balance(api, PHONE) == 0


def test_receipt_that_goes_without_the_bonus_brings_none(app, api):
    decide(app)
    first = buy(api)
    buy(api, receipt_no="HD-2", amount=20_000)
    decide(app, bonuses={"first_purchase": FIRST})
    void(api, first)
    assert balance(api, PHONE) == 2


def test_purchases_that_come_back_at_once_leave_the_bonus_to_none_of_them(api):
    goods = [line("A", 1, 100_000)]
    for number in ("HD-1", "HD-2"):
        buy(api, receipt_no=number, amount=100_000, lines=goods)
    bring_unnamed(api, phone=PHONE, lines=[line("A", 1, 100_000), line("A", 1, 100_000)])
    assert balance(api, PHONE) == 0


def test_small_first_purchase_takes_the_bonus_along_to_another_phone(api):
    move_away(api, buy(api, amount=5_000))
    assert balance(api, OTHER_PHONE) == FIRST


def test_first_receipts_that_come_in_one_batch_bring_it_to_the_earliest(app, api):
    rows = [
        receipt(receipt_no="later", amount=20_000, purchased_at="2026-11-03T10:00:00"),
        receipt(receipt_no="earlier", amount=30_000, purchased_at="2026-11-01T10:00:00"),
        receipt(receipt_no="other", amount=30_000, phone=OTHER_PHONE),
    ]
    assert api.post("/purchases/batch", {"purchases": rows}).get_json()["recorded"] == 3
    assert (balance(api, PHONE), balance(api, OTHER_PHONE)) == (5 + FIRST, 3 + FIRST)
    assert [number for number, _ in bonuses_by_receipt(api)] == ["earlier"]


@pytest.mark.parametrize("approves", [True, False])
@pytest.mark.parametrize("decided_first", [True, False])
def test_order_of_a_decision_and_the_next_purchase_changes_nothing(
    app, api, approves, decided_first
):
    give_phone(app, "han", E164)
    type_in(app, "han", receipt_no="waits")
    [flag] = flags(api)
    decision = "approve" if approves else "refuse"
    acts = [
        partial(api.post, f"/flags/{flag['id']}/{decision}"),
        partial(buy, api, receipt_no="HD-2", amount=20_000),
    ]
    for act in acts if decided_first else reversed(acts):
        act()
    assert balance(api, PHONE) == (15 if approves else 0) + 2 + FIRST


def test_merged_account_whose_purchases_both_brought_it_keeps_one_of_them(api):
    first = buy(api)
    second = buy(api, receipt_no="HD-2", phone=OTHER_PHONE, amount=20_000)
    source, into = second["member"]["id"], first["member"]["id"]
    assert api.post(f"/members/{source}/merge", {"into": into}).status_code == 200
    void(api, first)
    assert balance(api, PHONE) == 2 + FIRST
    void(api, second)
    assert balance(api, PHONE) == 0


# -- signing up ----------------------------------------------------------------


def test_refused_row_of_a_batch_makes_no_member(app, api):
    decide(app, bonuses={"sign_up": 20})
    rows = [
        receipt(receipt_no="1", redemptions=[999]),
        receipt(receipt_no="2", phone=OTHER_PHONE),
        receipt(receipt_no="3", phone=OTHER_PHONE, redemptions=[999]),
        receipt(receipt_no="1", redemptions=[999]),
    ]
    answer = api.post("/purchases/batch", {"purchases": rows}).get_json()
    assert answer["recorded"] == 1
    assert [(each["index"], each["code"]) for each in answer["rejected"]] == [
        *((0, "unknown_redemption"), (2, "unknown_redemption"), (3, "unknown_redemption")),
    ]
    assert balance(api, PHONE) is None
    assert buy(api)["member"]["points"] == 15 + 20


def test_member_whom_a_return_makes_gets_the_bonus_for_signing_up_once(app, api):
    decide(app, bonuses={"sign_up": 20})
    assert bring_unnamed(api, phone=PHONE, amount=1)["member"]["points"] == 20
    assert buy(api)["member"]["points"] == 15 + 20


def test_history_brings_no_bonus(app, api, cli, tmp_path):
    decide(app, bonuses={"sign_up": 20, "first_purchase": FIRST})
    file = tmp_path / "history.csv"
    file.write_text(
        "receipt_no,purchased_at,phone,sku,quantity,unit_price,kind\n"
        f"1,2026-01-01,{phone(1)},TEA,1,150000,sale\n"
        f"2,2026-01-01,{phone(2)},TEA,-1,150000,return\n"
    )
    done = cli.invoke(args=["purchases", "import", str(file), "--store", "S01", "--without-points"])
    assert done.exit_code == 0, done.output
    assert scalar(app, "SELECT count(*) FROM members") == 2
    assert column(app, "SELECT points FROM point_entries") == []

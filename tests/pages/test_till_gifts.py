"""Points spent at the till: gifts given and taken back, vouchers, points that pay, a manager's
PIN. What a cashier presses twice is done once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.identity import merging
from loyalty.members import service as members
from loyalty.programme import service as programme
from loyalty.programme import tiers
from loyalty.purchases import service as purchases
from loyalty.rewards import service as rewards
from loyalty.staff import passwords
from tests.core.rows import change, column, scalar
from tests.pages.visitor import places
from tests.properties.shop import broken_invariants

PHONE = "0912 345 678"
OTHER = "0987 654 321"
STATES = "SELECT state FROM redemptions ORDER BY id"
PIN = "2580"


@pytest.fixture
def han(visit):
    person = visit("han")
    person.client.set_cookie("language", "en")
    return person


@pytest.fixture
def regular(shop_app):
    """A member with 300 points; a towel for 100, a pan for 400, 50,000 off for 50."""
    with shop_app.test_request_context():
        with transaction():
            member_id = _buys(PHONE, 3_000_000, "HD-1")
        with transaction():
            for name, kind, cost in (("Towel", "gift", 100), ("Pan", "gift", 400)):
                rewards.create({"name": name, "kind": kind, "cost": cost, "worth": 45_000})
            rewards.create(
                {"name": "50,000 off", "kind": "voucher", "cost": 50, "worth": 50_000}
                | {"voucher_days": 30}
            )
    yield member_id
    assert broken_invariants(shop_app) == ""


def _buys(phone, amount, receipt_no):
    bought = {"phone": PhoneNumber.parse(phone, "VN"), "store": "S01"}
    given = {**bought, "receipt_no": receipt_no, "amount": amount}
    return purchases.record(given).member["id"]


def card(person, phone=PHONE):
    return person.ask("/till/member", phone=phone).text


def reward_id(app, name):
    return scalar(app, f"SELECT id FROM rewards WHERE name = '{name}'")


def give(person, member_id, app, name="Towel", **form):
    address = f"/till/members/{member_id}/gifts/{reward_id(app, name)}"
    return person.ask(address, phone=PHONE, member=str(member_id), **form)


def points_of(app, member_id):
    with app.test_request_context():
        return members.get(member_id)["points"]


def use_points(person, member_id, points="100", amount="150000", **form):
    given = {"amount": amount, "points": points, "member": str(member_id), **form}
    return person.ask(f"/till/members/{member_id}/points", **given)


def chosen(answer):
    return re.findall(r'name="redemption" value="(\d+)"', answer.text)


def record(person, member_id, *redemptions, amount="150000", receipt_no="HD-2"):
    given = {"phone": PHONE, "receipt_no": receipt_no, "amount": amount}
    return person.ask(
        "/till/purchases", **given, member=str(member_id), redemption=list(redemptions)
    )


# -- gifts -------------------------------------------------------------------------


def test_gifts_within_reach_come_first_and_the_rest_says_what_is_missing(han, regular):
    shown = card(han)
    assert shown.index("50,000 off") < shown.index("Towel") < shown.index("Pan")
    assert "100 points missing" in shown
    assert "2 gifts" in shown


def test_new_customer_has_no_gifts(han, regular):
    assert "Towel" not in card(han, OTHER)


def test_gift_is_given_in_one_press_and_taken_back(han, regular, shop_app):
    given = give(han, regular, shop_app)
    assert given.status_code == 200
    assert "Towel" in given.text
    assert points_of(shop_app, regular) == 200
    address = re.search(r'hx-post="([^"]+/undo)"', given.text)
    assert address is not None
    for _ in range(2):
        assert han.ask(address[1]).status_code == 200
    assert points_of(shop_app, regular) == 300
    assert column(shop_app, STATES) == ["reversed"]


def test_gift_just_given_has_no_button_to_give_it_again(han, regular, shop_app):
    given = give(han, regular, shop_app).text
    assert "Given just now" in given
    assert f"/gifts/{reward_id(shop_app, 'Towel')}" not in given


def test_second_press_asks_and_gives_nothing(han, regular, shop_app):
    give(han, regular, shop_app)
    again = give(han, regular, shop_app)
    assert places(again) == ["ask"]
    assert "was given to this customer" in again.text
    assert points_of(shop_app, regular) == 200
    assert give(han, regular, shop_app, confirmed=confirmed(again)).status_code == 200
    assert points_of(shop_app, regular) == 100


def test_one_more_pressed_twice_gives_one_more(han, regular, shop_app):
    give(han, regular, shop_app)
    yes = confirmed(give(han, regular, shop_app))
    give(han, regular, shop_app, confirmed=yes)
    asked = give(han, regular, shop_app, confirmed=yes)
    assert places(asked) == ["ask"]
    assert points_of(shop_app, regular) == 100


def confirmed(asked):
    """What the button that says yes sends."""
    found = re.search(r'"confirmed": "([^"]+)"', asked.text)
    assert found is not None
    return found[1]


def test_gift_out_of_reach_is_refused_in_words(han, regular, shop_app):
    change(shop_app, "UPDATE rewards SET stock = 0")
    refused = give(han, regular, shop_app)
    assert (refused.status_code, places(refused)) == (409, ["outcome"])
    assert "None of this gift is left." in refused.text
    assert points_of(shop_app, regular) == 300


def test_another_cashier_does_not_take_a_gift_back(han, regular, shop_app, visit):
    address = re.search(r'hx-post="([^"]+/undo)"', give(han, regular, shop_app).text)
    assert address is not None
    assert visit("cuc").ask(address[1], store="S02").status_code in (403, 409)
    assert points_of(shop_app, regular) == 200


def test_marketing_gives_nothing(regular, shop_app, visit):
    assert give(visit("mai"), regular, shop_app).status_code == 403


# -- points and vouchers that pay ----------------------------------------------------


def test_points_are_offered_as_far_as_they_pay(han, regular):
    asked = use_points(han, regular, "", amount="25000")
    assert places(asked) == ["ask"]
    assert "250 points" in asked.text
    assert "200 points" in asked.text
    assert "300 points" not in asked.text


def test_more_points_than_there_is_to_pay_are_refused_beside_the_field(han, regular, shop_app):
    asked = use_points(han, regular, "251", amount="25000")
    assert "At most 250 points for this receipt." in asked.text
    assert column(shop_app, STATES) == []


def test_points_need_an_amount_first(han, regular):
    asked = use_points(han, regular, "", amount="")
    assert (asked.status_code, places(asked)) == (422, ["amount-error"])


def test_points_pay_a_part_and_the_rest_earns(han, regular, shop_app):
    held = use_points(han, regular)
    assert column(shop_app, STATES) == ["held"]
    preview = han.get(
        f"/till/preview?amount=150000&member={regular}&store=S01&redemption={chosen(held)[0]}"
    ).text
    assert "to pay ₫140,000" in preview
    assert "afterwards: 214" in preview
    done = record(han, regular, *chosen(held))
    assert "₫140,000" in done.text
    assert column(shop_app, "SELECT amount FROM purchases ORDER BY id") == [3_000_000, 140_000]
    assert column(shop_app, STATES) == ["captured"]
    assert points_of(shop_app, regular) == 214


def test_receipt_pressed_twice_uses_its_points_once(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    record(han, regular, held)
    again = record(han, regular, held)
    assert "it earned nothing more" in again.text
    assert points_of(shop_app, regular) == 214


def test_undo_of_the_receipt_gives_its_points_back(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    address = re.search(r'hx-post="([^"]+/void)"', record(han, regular, held).text)
    assert address is not None
    assert han.ask(address[1]).status_code == 200
    assert points_of(shop_app, regular) == 300


def test_points_taken_off_are_free_again(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    for _ in range(2):
        dropped = han.ask(f"/till/redemptions/{held}/drop", redemption=[held])
        assert chosen(dropped) == []
    assert column(shop_app, STATES) == ["voided"]
    assert use_points(han, regular, "300").status_code == 200


def test_points_of_an_answer_that_got_lost_are_freed_by_the_next_press(han, regular, shop_app):
    use_points(han, regular, "200")
    use_points(han, regular, "300")
    assert column(shop_app, STATES) == ["voided", "held"]


def test_amount_lowered_below_the_points_is_refused_beside_it(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    refused = record(han, regular, held, amount="9000")
    assert (refused.status_code, places(refused)) == (422, ["amount-error"])
    assert column(shop_app, STATES) == ["held"]


def test_points_held_too_long_are_said_and_nothing_is_recorded(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    change(shop_app, "UPDATE redemptions SET expires_at = :then", then=a_minute_ago())
    refused = record(han, regular, held)
    assert refused.status_code == 409
    assert "on hold for too long" in refused.text
    assert scalar(shop_app, "SELECT count(*) FROM purchases") == 1


def test_points_of_one_customer_do_not_pay_for_another(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    looked = han.ask("/till/member", phone=OTHER, redemption=[held])
    assert chosen(looked) == []


def test_voucher_pays_once(han, regular, shop_app):
    got = give(han, regular, shop_app, "50,000 off")
    assert "the customer&#39;s, until" in got.text
    voucher = scalar(shop_app, "SELECT id FROM redemptions")
    used = han.ask(f"/till/vouchers/{voucher}/use", member=str(regular))
    assert chosen(used) == [str(voucher)]
    assert "In use" in used.text
    record(han, regular, voucher)
    assert column(shop_app, "SELECT amount FROM purchases ORDER BY id") == [3_000_000, 100_000]
    refused = record(han, regular, voucher, receipt_no="HD-3")
    assert refused.status_code == 409
    assert scalar(shop_app, "SELECT count(*) FROM purchases") == 2


def test_voucher_worth_more_than_the_receipt_pays_all_of_it(han, regular, shop_app):
    give(han, regular, shop_app, "50,000 off")
    voucher = scalar(shop_app, "SELECT id FROM redemptions")
    assert record(han, regular, voucher, amount="30000").status_code == 200
    assert column(shop_app, "SELECT amount FROM purchases ORDER BY id") == [3_000_000, 0]


def test_code_finds_its_voucher_and_its_customer(han, regular, shop_app):
    give(han, regular, shop_app, "50,000 off")
    code = scalar(shop_app, "SELECT code FROM redemptions")
    typed = f"{code[:4]}-{code[4:]}".lower()
    assert chosen(han.ask("/till/codes", code=typed, member=str(regular))) != []
    scanned = han.ask("/till/member", phone=code)
    assert 'data-national="0912 345 678"' in scanned.text
    assert chosen(scanned) != []


def test_voucher_that_was_taken_back_pays_no_more(han, regular, shop_app):
    got = give(han, regular, shop_app, "50,000 off")
    [address] = re.findall(r'hx-post="([^"]+/undo)"', got.text)
    voucher = scalar(shop_app, "SELECT id FROM redemptions")
    assert "−₫50,000" in han.ask("/till/member", phone=PHONE, redemption=[voucher]).text
    han.ask(address)
    looked = han.ask("/till/member", phone=PHONE, redemption=[voucher])
    assert chosen(looked) == []
    assert "−₫50,000" not in looked.text
    preview = han.get(f"/till/preview?{TYPED}&member={regular}&redemption={voucher}")
    assert "₫150,000 → " in preview.text
    assert "to pay" not in preview.text


TYPED = "amount=150000&store=S01"


def test_points_on_hold_for_too_long_pay_no_more_and_are_offered_again(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    change(shop_app, "UPDATE redemptions SET expires_at = :then", then=a_minute_ago())
    preview = han.get(f"/till/preview?{TYPED}&member={regular}&redemption={held}")
    assert "to pay" not in preview.text
    assert "till-changed" in preview.headers["HX-Trigger-After-Swap"]
    looked = han.ask("/till/member", phone=PHONE, redemption=[held])
    assert chosen(looked) == []
    assert "use-points" in looked.text


def test_preview_of_what_still_pays_leaves_the_page_alone(han, regular):
    [held] = chosen(use_points(han, regular))
    preview = han.get(f"/till/preview?{TYPED}&member={regular}&redemption={held}")
    assert "HX-Trigger-After-Swap" not in preview.headers


def test_refusal_about_a_payment_has_the_page_looked_up_again(han, regular, shop_app):
    [held] = chosen(use_points(han, regular))
    change(shop_app, "UPDATE redemptions SET expires_at = :then", then=a_minute_ago())
    refused = record(han, regular, held)
    assert (refused.status_code, places(refused)) == (409, ["outcome"])
    assert "till-changed" in refused.headers["HX-Trigger-After-Swap"]


def a_minute_ago():
    return (clock.now() - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f")


def use_voucher(person, member_id, redemption_id):
    return person.ask(f"/till/vouchers/{redemption_id}/use", member=str(member_id))


def test_voucher_pressed_on_a_page_that_is_behind_is_refused(han, regular, shop_app):
    give(han, regular, shop_app, "50,000 off")
    voucher = scalar(shop_app, "SELECT id FROM redemptions")
    assert chosen(use_voucher(han, regular, voucher)) == [str(voucher)]
    assert use_voucher(han, 999, voucher).status_code == 404
    record(han, regular, voucher)
    refused = use_voucher(han, regular, voucher)
    assert (refused.status_code, places(refused)) == (409, ["outcome"])
    assert "till-changed" in refused.headers["HX-Trigger-After-Swap"]


def test_used_voucher_scanned_for_its_customer_is_said_at_the_phone(han, regular, shop_app):
    give(han, regular, shop_app, "50,000 off")
    record(han, regular, scalar(shop_app, "SELECT id FROM redemptions"))
    refused = han.ask("/till/member", phone=scalar(shop_app, "SELECT code FROM redemptions"))
    assert refused.status_code == 409
    assert 'data-state="refused"' in refused.text


def test_gift_pays_for_nothing(han, regular, shop_app):
    give(han, regular, shop_app)
    gift = scalar(shop_app, "SELECT id FROM redemptions")
    assert use_voucher(han, regular, gift).status_code == 409
    with shop_app.test_request_context(), transaction():
        held = rewards.hold(regular, reward_id=reward_id(shop_app, "Towel"))["id"]
    for number, redemption in enumerate((gift, held)):
        record(han, regular, redemption, receipt_no=f"HD-2{number}", amount=f"15000{number}")
    amounts = column(shop_app, "SELECT amount FROM purchases ORDER BY id")
    assert amounts == [3_000_000, 150_000, 150_001]
    assert column(shop_app, STATES) == ["captured", "held"]


def test_payment_of_an_account_that_was_merged_since_pays_for_the_survivor(han, regular, shop_app):
    with shop_app.test_request_context(), transaction():
        other = _buys(OTHER, 10_000, "HD-9")
    [held] = chosen(use_points(han, regular))
    with shop_app.test_request_context(), transaction():
        merging.merge(regular, into=other, via="desk")
    done = record(han, regular, held)
    assert done.status_code == 200
    assert "₫140,000" in done.text
    assert points_of(shop_app, other) == 301 - 100 + 14


@pytest.mark.parametrize("code", ["", "ABCD", "x" * 500])
def test_code_that_is_none_is_said_beside_the_field(han, regular, code):
    refused = han.ask("/till/codes", code=code, member=str(regular))
    assert (refused.status_code, places(refused)) == (404, ["code-error"])


def test_code_of_another_customer_is_said_beside_the_field(han, regular, shop_app):
    give(han, regular, shop_app, "50,000 off")
    code = scalar(shop_app, "SELECT code FROM redemptions")
    refused = han.ask("/till/codes", code=code, member="999")
    assert places(refused) == ["code-error"]
    assert "another customer" in refused.text


@pytest.mark.parametrize("written", ["x", "-1", "9" * 30, "1 2 3"])
def test_redemptions_that_are_none_pay_nothing(han, regular, shop_app, written):
    assert record(han, regular, written).status_code == 200
    assert column(shop_app, "SELECT amount FROM purchases ORDER BY id") == [3_000_000, 150_000]


# -- a manager's PIN -----------------------------------------------------------------


@pytest.fixture
def rich(regular, shop_app):
    """1,300 points, and an owner with a PIN."""
    change(shop_app, f"UPDATE staff_users SET pin_hash = '{passwords.hashed(PIN)}' WHERE id = 1")
    with shop_app.test_request_context(), transaction():
        _buys(PHONE, 10_000_000, "HD-10")
    return regular


def test_many_points_on_a_spoken_number_need_a_manager(han, rich, shop_app):
    asked = use_points(han, rich, "600", amount="2000000")
    assert (asked.status_code, places(asked)) == (403, ["ask"])
    assert "Bảo Trâm" in asked.text
    assert 'name="points" value="600"' in asked.text
    assert column(shop_app, STATES) == []
    wrong = use_points(han, rich, "600", amount="2000000", manager="1", manager_pin="1111")
    assert "Wrong PIN." in wrong.text
    assert column(shop_app, STATES) == []
    held = use_points(han, rich, "600", amount="2000000", manager="1", manager_pin=PIN)
    assert column(shop_app, STATES) == ["held"]
    assert chosen(held) != []
    assert PIN not in str(column(shop_app, "SELECT details FROM audit_events"))


def test_manager_needs_no_other_manager(visit, rich, shop_app):
    owner = visit("tram")
    assert use_points(owner, rich, "600", amount="2000000").status_code == 200
    assert column(shop_app, STATES) == ["held"]


# -- the card ------------------------------------------------------------------------


def test_card_shows_the_tier_and_the_way_to_the_next(han, shop_app):
    with shop_app.test_request_context():
        with transaction():
            tiers.create(slug="silver", name="Silver", threshold=1_000_000, multiplier_percent=200)
            tiers.create(slug="gold", name="Gold", threshold=5_000_000, multiplier_percent=300)
        with transaction():
            _buys(PHONE, 3_000_000, "HD-1")
    shown = card(han)
    assert "Silver tier" in shown
    assert "To Gold" in shown
    assert "₫2,000,000 to go" in shown
    assert 'value="3000000" max="5000000"' in shown
    member_id = scalar(shop_app, "SELECT id FROM members")
    preview = han.get(f"/till/preview?amount=150000&member={member_id}&store=S01").text
    assert "30 points" in preview


def test_points_to_come_are_said_plainly(han, shop_app):
    for number in range(4):
        said = han.ask(
            "/till/purchases", phone=PHONE, receipt_no=f"HD-{number}", amount=f"{100_000 + number}"
        ).text
    assert "10 points to come" in said
    assert "once a manager has looked" in said
    shown = card(han)
    assert "10 points to come" in shown


def test_number_that_was_anothers_is_said(han, regular, shop_app):
    change(shop_app, "UPDATE member_phones SET active_until = active_from")
    assert "another customer" in card(han)


def test_points_are_worth_what_the_programme_says(han, regular, shop_app):
    with shop_app.test_request_context():
        assert programme.snapshot().point_value("VND") == 100
    assert "worth ₫30,000" in card(han)


@pytest.mark.parametrize("way", ["gifts/99999999999999999999", "points"])
def test_ids_that_nobody_has_are_refused_in_words(han, regular, way):
    refused = han.ask(f"/till/members/2000000000/{way}", amount="150000", points="1")
    assert refused.status_code == 404

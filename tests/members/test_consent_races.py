"""Consents while others write: one change is one change, and nothing survives an erasure."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty.core import clock
from loyalty.core.db import in_transaction, transaction
from loyalty.members import service
from loyalty.staff import service as staff
from tests.core.rows import column, scalar
from tests.pages.visitor import PASSWORD, Visitor
from tests.purchases.race import at_once
from tests.purchases.receipts import PHONE, buy

shop = pytest.mark.usefixtures("store")

PROVED = {"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form 118"}


@shop
def test_same_yes_at_once_is_one_change(app, api, api_key):
    member_id = buy(api)["member"]["id"]

    def say(caller):
        return caller.put(f"/members/{member_id}/consents", PROVED).status_code

    assert at_once(app, api_key("manager"), [say] * 6) == [200] * 6
    assert scalar(app, "SELECT count(*) FROM consents") == 1
    assert scalar(app, "SELECT count(*) FROM consent_changes") == 1
    logged = "SELECT count(*) FROM audit_events WHERE action = 'consent.change'"
    assert scalar(app, logged) == 1


@shop
def test_yes_and_no_at_once_end_as_the_last_of_them(app, api, api_key):
    member_id = buy(api)["member"]["id"]

    def say(granted):
        body = {**PROVED, "granted": granted}
        return lambda caller: caller.put(f"/members/{member_id}/consents", body).status_code

    at_once(app, api_key("manager"), [say(n % 2 == 0) for n in range(6)])
    lines = column(app, "SELECT granted FROM consent_changes ORDER BY id")
    # Each line is a change: yes and no take turns, and the last is what stands.
    assert all(before != after for before, after in zip(lines, lines[1:], strict=False))
    assert lines[-1] == scalar(app, "SELECT granted FROM consents")


@shop
@pytest.mark.parametrize("attempt", range(3))
def test_nothing_said_at_once_with_an_erasure_is_left(app, api, api_key, attempt):
    member_id = buy(api)["member"]["id"]

    def say(channel):
        body = {**PROVED, "channel": channel}
        return lambda caller: caller.put(f"/members/{member_id}/consents", body).status_code

    def erase(_):
        with app.app_context():
            in_transaction(lambda: service.forget(member_id, now=clock.now()))
        return 200

    acts = [say("sms"), say("zalo"), erase, say("email"), say("call")]
    assert set(at_once(app, api_key("manager"), acts)) <= {200, 404}
    for table in ("consents", "consent_changes", "member_phones"):
        assert scalar(app, f"SELECT count(*) FROM {table}") == 0


@shop
def test_purchase_at_once_with_an_erasure_belongs_to_the_old_or_a_new_member(app, api, api_key):
    old = buy(api)["member"]["id"]

    def erase(_):
        with app.app_context():
            in_transaction(lambda: service.forget(old, now=clock.now()))
        return old

    def purchase(number):
        return lambda caller: buy(caller, receipt_no=f"HD-{number}")["member"]["id"]

    owners = at_once(app, api_key("manager"), [purchase(2), erase, purchase(3)])
    assert len(set(owners) - {old}) <= 1
    alive = column(app, "SELECT member_id FROM member_phones")
    assert alive == sorted(set(owners) - {old})


def test_two_tills_that_meet_the_same_new_customer_make_one_member(app):
    with app.app_context(), transaction():
        staff.create_owner(
            shop_name="An Nhiên",
            name="Bảo Trâm",
            login="tram",
            password=PASSWORD,
            first_store_name="Lê Văn Sỹ",
        )
        for login in ("han", "cuc"):
            staff.create_staff(
                login=login, name=login, password=PASSWORD, role="cashier", store_codes=["S01"]
            )
    line = threading.Barrier(2)

    def sell(login, channel):
        till = Visitor(app.test_client())
        till.sign_in(login)
        form = {"phone": PHONE, "receipt_no": f"HD-{login}", "amount": "150000"}
        line.wait(60)
        return till.ask("/till/purchases", **form, **{f"agreed_{channel}": "yes"}).status_code

    with ThreadPoolExecutor(2) as threads:
        sold = [threads.submit(sell, *who) for who in (("han", "sms"), ("cuc", "zalo"))]
        assert [one.result(60) for one in sold] == [200, 200]
    assert scalar(app, "SELECT count(*) FROM members") == 1
    assert column(app, "SELECT channel FROM consents ORDER BY channel") == ["sms", "zalo"]
    assert column(app, "SELECT via FROM consent_changes") == ["till", "till"]

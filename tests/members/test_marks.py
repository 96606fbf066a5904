"""Whoever changes is marked for the tags by the database itself, whichever way it came about;
whoever is looked at is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask

from loyalty.core.db import read, transaction
from loyalty.members import dirty
from tests.api import Api
from tests.core.rows import change, column
from tests.members.attributes import declare
from tests.points.spending import spend
from tests.purchases.receipts import buy, phone, receipt

HERS, HIS, NEW = phone(1), phone(2), phone(3)
YES = {"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form 118"}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Two members, each with a receipt, and one attribute."""

    app: Flask
    api: Api
    her: int
    him: int
    her_purchase: int

    def post(self, path: str, **body: object) -> None:
        assert self.api.post(path, body).status_code < 300

    def put(self, what: str, **body: object) -> None:
        assert self.api.put(f"/members/{self.her}/{what}", body).status_code == 200

    def patch(self, **body: object) -> None:
        assert self.api.patch(f"/members/{self.her}", body).status_code == 200

    def sql(self, statement: str) -> None:
        change(self.app, statement.format(her=self.her, him=self.him))


@pytest.fixture
def shop(app, api, store) -> Shop:
    declare(api, "has_pet", "bool")
    hers, his = buy(api, phone=HERS, receipt_no="A"), buy(api, phone=HIS, receipt_no="B")
    made = Shop(
        app=app,
        api=api,
        her=hers["member"]["id"],
        him=his["member"]["id"],
        her_purchase=hers["purchase"]["id"],
    )
    forget_marks(app)
    return made


def marked(app) -> list[int]:
    return sorted(set(column(app, "SELECT member_id FROM dirty")))


def forget_marks(app) -> None:
    change(app, "DELETE FROM dirty")


def new_member(shop: Shop) -> int:
    return shop.api.post("/members", {"phone": NEW}).get_json()["id"]


def batch(shop: Shop) -> None:
    rows = [receipt(phone=each, receipt_no=f"C-{each}") for each in (HERS, HIS)]
    shop.post("/purchases/batch", purchases=rows)


HER_WAYS: dict[str, Callable[[Shop], object]] = {
    "purchase": lambda shop: buy(shop.api, phone=HERS, receipt_no="D"),
    "purchase that earns nothing": lambda s: buy(s.api, phone=HERS, receipt_no="E", amount=0),
    "profile": lambda shop: shop.patch(name="Hằng"),
    "profile cleared": lambda shop: shop.patch(name=None),
    "profile sent with a purchase": lambda shop: buy(
        shop.api, phone=HERS, receipt_no="F", member={"name": "Hằng"}
    ),
    "attribute": lambda shop: shop.patch(attributes={"has_pet": True}),
    "attribute changed": lambda shop: shop.patch(attributes={"has_pet": False}),
    "attribute cleared": lambda shop: shop.patch(attributes={"has_pet": None}),
    "consent": lambda shop: shop.put("consents", **YES),
    "consent withdrawn": lambda shop: shop.put("consents", **{**YES, "granted": False}),
    "restriction": lambda shop: shop.put("restriction", restricted=True, reason="asked"),
    "restriction lifted": lambda shop: shop.put("restriction", restricted=False, reason="asked"),
    "objection by hand": lambda shop: shop.sql(
        "UPDATE members SET objected_at = joined_at WHERE id = {her}"
    ),
    "on the do-not-call list": lambda s: s.post("/do-not-call", add=[HERS, NEW], source="list"),
    "off the do-not-call list": lambda s: s.post("/do-not-call", remove=[HERS], source="list"),
    "points without a purchase": lambda shop: spend(shop.app, shop.her, 1),
    "void": lambda shop: shop.post(f"/purchases/{shop.her_purchase}/void"),
    "phone taken by hand": lambda shop: shop.sql(
        "UPDATE member_phones SET active_until = active_from WHERE member_id = {her}"
    ),
    "profile by hand": lambda shop: shop.sql(
        "UPDATE members SET occupation = 'bác sĩ' WHERE id = {her}"
    ),
    "return by hand": lambda shop: shop.sql(
        "UPDATE purchases SET amount_returned = amount WHERE member_id = {her}"
    ),
    "attribute by hand": lambda shop: shop.sql(
        "INSERT INTO member_attributes (member_id, attribute_id, place, number)"
        " SELECT {her}, id, 0, 1 FROM attributes"
    ),
    "attribute no longer kept": lambda shop: shop.api.delete("/attributes/has_pet"),
    "erasure": lambda shop: shop.post(f"/members/{shop.her}/erasure", reason="asked"),
}


def test_every_way_of_changing_a_member_marks_that_member(shop):
    for way, act in HER_WAYS.items():
        act(shop)
        assert marked(shop.app) == [shop.her], way
        forget_marks(shop.app)


def test_new_member_is_marked(shop):
    made = new_member(shop)
    assert marked(shop.app) == [made]


def test_batch_marks_everybody_in_it(shop):
    batch(shop)
    assert marked(shop.app) == [shop.her, shop.him]


def test_receipt_that_moves_marks_both(shop):
    shop.post(f"/purchases/{shop.her_purchase}/reassign", phone=HIS, reason="misheard")
    assert marked(shop.app) == [shop.her, shop.him]


def test_receipt_that_is_given_to_somebody_by_hand_marks_both(shop):
    shop.sql("UPDATE purchases SET member_id = {him} WHERE member_id = {her}")
    assert marked(shop.app) == [shop.her, shop.him]


def test_phone_that_is_given_to_somebody_by_hand_marks_both(shop):
    shop.sql("UPDATE member_phones SET member_id = {him} WHERE member_id = {her}")
    assert marked(shop.app) == [shop.her, shop.him]


def test_looking_and_saying_the_same_again_mark_nobody(shop):
    api = shop.api
    again = receipt(phone=HERS, receipt_no="A")
    acts = [
        api.get("/members", phone=HERS),
        *(api.get(f"/members/{shop.her}{path}") for path in ("", "/points", "/entries", "/data")),
        api.get(f"/members/{shop.her}/consents"),
        api.get("/attributes"),
        api.get("/do-not-call", phone=HERS),
        api.post("/purchases", again),
        api.patch(f"/members/{shop.her}", {"name": None, "attributes": {"has_pet": None}}),
        api.post("/do-not-call", {"add": [NEW], "source": "list"}),
        api.post("/do-not-call", {"remove": [HERS], "source": "list"}),
    ]
    assert [act.status_code for act in acts] == [200] * len(acts)
    assert marked(shop.app) == []


def test_member_that_is_locked_for_a_receipt_is_marked_once_for_it(shop):
    """A purchase writes a receipt, an entry, a lot and the balance: one mark is enough."""
    buy(shop.api, phone=HERS, receipt_no="D")
    assert column(shop.app, "SELECT member_id FROM dirty") == [shop.her]


def test_refusal_marks_nobody(shop):
    assert shop.api.post("/purchases", receipt(phone=HERS, amount=-1)).status_code == 422
    assert shop.api.patch(f"/members/{shop.her}", {"name": "A", "email": "a"}).status_code == 422
    assert marked(shop.app) == []


def test_mark_that_comes_meanwhile_stays(shop):
    batch(shop)
    with shop.app.app_context():
        with read():
            seen = dirty.oldest(100)
        assert seen.member_ids == [shop.her, shop.him]
        shop.patch(name="Hằng")
        with transaction():
            dirty.unmark(seen.ids)
    assert marked(shop.app) == [shop.her]

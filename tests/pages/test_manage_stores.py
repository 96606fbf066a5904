"""Stores at the desk: added and renamed; what names them elsewhere stays."""

from __future__ import annotations

import pytest

from loyalty.core.db import read, transaction
from loyalty.programme import service as programme
from loyalty.staff import service as staff
from tests.pages.visitor import PASSWORD

NEW = {"name": "Cầu Giấy, Hà Nội", "code": "HN1", "receipts": "required", "receipt_period": "day"}


@pytest.fixture
def stores(shop_app):
    """All stores as they are now, by code."""

    def find():
        with shop_app.app_context(), read():
            return dict(programme.snapshot().stores)

    return find


@pytest.mark.parametrize("login", ["han", "mai"])
@pytest.mark.parametrize("path", ["/manage/stores", "/manage/stores/new", "/manage/stores/1"])
def test_only_managers_of_the_whole_shop_see_stores(visit, login, path):
    assert visit(login).get(path).status_code == 403


def test_a_manager_of_some_stores_opens_none(visit, shop_app, stores):
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    manager = visit("binh")
    assert "/manage/stores" not in manager.get("/manage/today").text
    assert manager.post("/manage/stores/new", **NEW).status_code == 403
    assert manager.post("/manage/stores/1", name="Mine").status_code == 403
    assert stores()["S01"].name == "Lê Văn Sỹ"


def test_a_new_store_is_there_at_once(visit, stores):
    owner = visit("tram")
    assert owner.post("/manage/stores/new", **NEW).headers["Location"] == "/manage/stores"
    added = stores()["HN1"]
    assert (added.name, added.receipt_period, added.prints_receipts) == (NEW["name"], "day", True)
    assert NEW["name"] in owner.get("/manage/stores").text
    assert NEW["name"] in owner.get("/manage/staff/new").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"code": ""}, "code"),
        ({"code": "Hà Nội"}, "code"),
        ({"code": "../etc"}, "code"),
        ({"code": "x" * 33}, "code"),
        ({"code": "S01"}, "code"),
        ({"receipts": "sometimes"}, "receipts"),
        ({"receipt_period": ""}, "receipt_period"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(visit, stores, change, field):
    answer = visit("tram").post("/manage/stores/new", **{**NEW, **change})
    assert answer.status_code in (409, 422)
    assert f'id="{field}-error"' in answer.text
    assert ("Cầu Giấy" in answer.text) == ("name" not in change)
    assert set(stores()) == {"S01", "S02"}


def test_only_the_name_of_a_store_changes(visit, stores):
    before = stores()["S02"]
    owner = visit("tram")
    assert "Nguyễn Trãi" in owner.get(f"/manage/stores/{before.id}").text
    owner.post(f"/manage/stores/{before.id}", name="Nguyễn Trãi, Q.5", code="S09")
    after = stores()["S02"]
    assert (after.id, after.code, after.name) == (before.id, "S02", "Nguyễn Trãi, Q.5")
    assert owner.post(f"/manage/stores/{before.id}", name=" ").status_code == 422
    events = owner.get("/manage/audit?action=store.rename").text
    assert events.count("S02") == 1


def test_a_store_that_is_not_there_is_a_page_that_says_so(visit):
    owner = visit("tram")
    assert owner.get("/manage/stores/99").status_code == 404
    assert owner.post("/manage/stores/99", name="x").status_code == 404


def test_a_name_is_shown_as_text(visit):
    owner = visit("tram")
    owner.post("/manage/stores/new", **{**NEW, "name": "<b>Hà Nội</b>"})
    for path in ("/manage/stores", "/manage/stores/3", "/manage/today"):
        assert "<b>Hà Nội" not in owner.get(path).text
        assert "&lt;b&gt;Hà Nội" in owner.get(path).text

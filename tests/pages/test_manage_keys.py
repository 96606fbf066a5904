"""API keys at the desk: made, renewed and revoked; each text is shown once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.db import read, transaction
from loyalty.staff import service as staff
from loyalty.staff.models import ApiKey
from tests.pages.visitor import PASSWORD

NEW = {"name": "Quầy 2", "role": "cashier", "store": "S01", "life": "365"}
_SECRET = re.compile(r"data-secret>(loy_[^<]+)</textarea>")


@pytest.fixture
def keys(shop_app):
    """All keys as they are now, oldest first."""

    def find() -> list[ApiKey]:
        with shop_app.app_context(), read() as session:
            found = list(session.scalars(select(ApiKey).order_by(ApiKey.id)))
            session.expunge_all()
            return found

    return find


@pytest.fixture
def opens(shop_app):
    """Whether a key opens the API."""

    def ask(key: str) -> bool:
        headers = {"Authorization": f"Bearer {key}"}
        answer = shop_app.test_client().get("/api/v1/members?phone=0912345678", headers=headers)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    return ask


def secret_of(answer) -> str:
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    found = _SECRET.search(answer.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("login", ["han", "mai"])
@pytest.mark.parametrize("path", ["/manage/keys", "/manage/keys/new", "/manage/keys/1/rotate"])
def test_only_managers_see_keys(visit, login, path):
    assert visit(login).get(path).status_code == 403


def test_without_keys_the_page_says_how_to_get_one(visit):
    page = visit("tram").get("/manage/keys").text
    assert "desk-empty" in page
    assert 'href="/manage/keys/new"' in page


def test_a_new_key_works_and_is_shown_once(visit, keys, opens):
    manager = visit("tram")
    secret = secret_of(manager.post("/manage/keys/new", **NEW))
    assert opens(secret)
    [key] = keys()
    assert (key.name, key.role) == ("Quầy 2", "cashier")
    assert key.store_id is not None
    listed = manager.get("/manage/keys").text
    assert secret not in listed
    assert key.prefix in listed


@pytest.mark.parametrize(("life", "days"), [("30", 30), ("90", 90), ("365", 365), ("never", None)])
def test_a_key_ends_when_it_was_chosen_to(visit, keys, life, days):
    visit("tram").post("/manage/keys/new", **{**NEW, "life": life})
    ends = keys()[0].expires_at
    if days is None:
        assert ends is None
    else:
        assert abs(ends - clock.now() - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "owner"}, "role"),
        ({"role": ""}, "role"),
        ({"store": "S99"}, "store"),
        ({"life": "1000000"}, "life"),
    ],
)
def test_a_refusal_stands_beside_its_field(visit, keys, change, field):
    answer = visit("tram").post("/manage/keys/new", **{**NEW, **change})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert keys() == []


@pytest.mark.parametrize(
    ("overlap", "length"),
    [("1h", timedelta(hours=1)), ("1d", timedelta(days=1)), ("7d", timedelta(days=7))],
)
def test_a_renewed_key_takes_over_and_the_old_one_ends_later(visit, keys, opens, overlap, length):
    manager = visit("tram")
    old = secret_of(manager.post("/manage/keys/new", **NEW))
    assert manager.get("/manage/keys/1/rotate").status_code == 200
    new = secret_of(manager.post("/manage/keys/1/rotate", overlap=overlap))
    assert opens(old)
    assert opens(new)
    first, second = keys()
    assert abs(first.expires_at - clock.now() - length) < timedelta(minutes=1)
    assert (second.name, second.role, second.store_id) == (first.name, first.role, first.store_id)


@pytest.mark.parametrize("life", ["30", "never"])
def test_a_key_that_ends_soon_is_marked(visit, life):
    manager = visit("tram")
    manager.post("/manage/keys/new", **{**NEW, "life": life})
    assert manager.get("/manage/keys").text.count("badge-soft warn") == 0
    manager.post("/manage/keys/1/rotate", overlap="7d")
    assert manager.get("/manage/keys").text.count("badge-soft warn") == 1


def test_an_overlap_that_is_not_offered_is_refused(visit, keys):
    manager = visit("tram")
    manager.post("/manage/keys/new", **NEW)
    answer = manager.post("/manage/keys/1/rotate", overlap="10y")
    assert answer.status_code == 422
    assert 'id="overlap-error"' in answer.text
    assert len(keys()) == 1


def test_a_revoked_key_opens_nothing_at_once(visit, opens):
    manager = visit("tram")
    secret = secret_of(manager.post("/manage/keys/new", **NEW))
    assert opens(secret)
    assert manager.get("/manage/keys/1/revoke").status_code == 200
    assert opens(secret)
    assert manager.post("/manage/keys/1/revoke").headers["Location"] == "/manage/keys"
    assert not opens(secret)
    assert (
        "Quầy 2"
        not in manager.get("/manage/keys").text.partition("<main")[2].partition("<table")[2]
    )
    listed = manager.get("/manage/keys?show=all").text
    assert "Quầy 2" in listed
    assert "/manage/keys/1/rotate" not in listed


def test_a_revoked_key_is_neither_renewed_nor_revoked_again(visit, keys):
    manager = visit("tram")
    manager.post("/manage/keys/new", **NEW)
    manager.post("/manage/keys/1/revoke")
    assert manager.post("/manage/keys/1/rotate", overlap="1d").status_code == 409
    assert len(keys()) == 1


def test_a_manager_of_some_stores_makes_and_sees_their_keys_only(visit, shop_app, keys):
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    owner, manager = visit("tram"), visit("binh")
    owner.post("/manage/keys/new", **{**NEW, "name": "Whole shop", "store": ""})
    owner.post("/manage/keys/new", **{**NEW, "name": "Other store", "store": "S02"})
    listed = manager.get("/manage/keys?show=all").text
    assert "Whole shop" not in listed
    assert "Other store" not in listed
    form = manager.get("/manage/keys/new").text
    assert 'value="S02"' not in form
    assert '<option value=""' not in form
    for store in ("", "S02"):
        refused = manager.post("/manage/keys/new", **{**NEW, "store": store})
        assert 400 <= refused.status_code < 500
    for key_id in (1, 2):
        for act in ("rotate", "revoke"):
            answer = manager.post(f"/manage/keys/{key_id}/{act}", overlap="1d")
            assert answer.status_code in (403, 404)
    assert all(key.revoked_at is None for key in keys())
    assert secret_of(manager.post("/manage/keys/new", **NEW))


def test_a_name_is_shown_as_text(visit):
    manager = visit("tram")
    name = '"><img src=x onerror=alert(1)>'
    made = manager.post("/manage/keys/new", **{**NEW, "name": name}).text
    pages = [made, *(manager.get(f"/manage/keys{path}").text for path in ("", "/1/rotate"))]
    for page in [*pages, manager.get("/manage/keys/1/revoke").text]:
        assert "<img" not in page
        assert "&lt;img" in page


def test_an_unknown_key_is_a_page_that_says_so(visit):
    for act in ("rotate", "revoke"):
        assert visit("tram").get(f"/manage/keys/99/{act}").status_code == 404

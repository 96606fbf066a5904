"""Who may add, change and end whom."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from loyalty.core.errors import Problem
from loyalty.staff import passwords, service
from tests.core.rows import column, scalar
from tests.pages.visitor import PASSWORD, Visitor
from tests.staff.people import acting, furnish, give_pin, hash_quickly

PERSON: dict[str, Any] = {
    "login": "new.one",
    "name": "New",
    "role": "cashier",
    "password": PASSWORD,
}


@pytest.fixture
def ids(app, monkeypatch):
    hash_quickly(monkeypatch)
    return furnish(app)


ACTS = {
    "change": lambda staff_id: service.change_staff(
        staff_id, name="X", role="cashier", store_codes=["S01"]
    ),
    "reset": service.reset_password,
    "end": lambda staff_id: service.set_active(staff_id, active=False),
    "sign out": service.sign_out_everywhere,
    "pin": service.clear_pin,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(
    ("actor", "whom", "code"),
    [
        ("quan", "cuc", "outside_your_stores"),
        ("quan", "kim", "outside_your_stores"),
        ("quan", "mai", "outside_your_stores"),
        ("quan", "tram", "owner_stays"),
        ("kim", "tram", "owner_stays"),
    ],
)
def test_a_manager_touches_nobody_wider(app, ids, act, actor, whom, code):
    with pytest.raises(Problem, match=code), acting(app, actor):
        act(ids[whom])


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(("actor", "whom"), [("quan", "han"), ("kim", "quan"), ("tram", "kim")])
def test_a_manager_manages_the_own_people(app, ids, act, actor, whom):
    with acting(app, actor):
        act(ids[whom])


@pytest.mark.parametrize("actor", ["quan", "kim", "tram"])
def test_nobody_changes_the_own_role_stores_access_or_password_so(app, ids, actor):
    stores = ["S01"] if actor == "quan" else []
    for act in (
        lambda me: service.change_staff(me, name="X", role="cashier", store_codes=stores),
        lambda me: service.change_staff(me, name="X", role="manager", store_codes=["S01", "S02"]),
        lambda me: service.set_active(me, active=False),
        lambda me: service.reset_password(me),
    ):
        with pytest.raises(Problem, match="not_for_yourself"), acting(app, actor):
            act(ids[actor])


def test_the_own_name_may_be_changed(app, ids):
    with acting(app, "tram"):
        service.change_staff(ids["tram"], name="Trâm", role="manager", store_codes=[])
    assert scalar(app, "SELECT name FROM staff_users WHERE is_owner") == "Trâm"


@pytest.mark.parametrize("stores", [[], ["S02"], ["S01", "S02"]])
@pytest.mark.parametrize("role", ["cashier", "manager"])
def test_a_bounded_manager_gives_only_what_is_the_own(app, ids, stores, role):
    with pytest.raises(Problem, match="outside_your_stores"), acting(app, "quan"):
        service.create_staff(**{**PERSON, "role": role}, store_codes=stores)
    with pytest.raises(Problem, match="outside_your_stores"), acting(app, "quan"):
        service.change_staff(ids["han"], name="Han", role=role, store_codes=stores)
    with acting(app, "quan"):
        service.create_staff(**{**PERSON, "role": role}, store_codes=["S01"])


def test_each_manager_sees_the_own_people(app, ids):
    for actor, seen in (("quan", {"han", "quan"}), ("kim", set(ids)), ("tram", set(ids))):
        with acting(app, actor):
            assert {person.login for person in service.list_staff()} == seen
    with acting(app, "quan"):
        assert service.get_staff(ids["han"]).store_codes == ("S01",)
        for whom, code in (("cuc", "outside_your_stores"), ("tram", "outside_your_stores")):
            with pytest.raises(Problem, match=code):
                service.get_staff(ids[whom])
        with pytest.raises(Problem, match="unknown_staff"):
            service.get_staff(999)


def test_what_is_wrong_is_refused_and_writes_nothing(app, ids):
    for change, code in (
        ({"login": "HAN"}, "staff_exists"),
        ({"login": "ｈａｎ"}, "staff_exists"),
        ({"login": "hаn"}, "invalid_login"),
        ({"login": "x"}, "invalid_login"),
        ({"password": "new.one1"}, "weak_password"),
        ({"password": "short"}, "weak_password"),
        ({"store_codes": ["S99"]}, "unknown_store"),
    ):
        with pytest.raises(Problem, match=code), acting(app, "tram"):
            service.create_staff(**{**PERSON, **change})
    assert scalar(app, "SELECT count(*) FROM staff_users") == len(ids)


def test_a_person_without_a_password_cannot_sign_in(app, ids, client):
    with acting(app, "tram"):
        service.create_staff(**{**PERSON, "password": None})
    for typed in ("", passwords.UNUSABLE):
        assert Visitor(client).sign_in("new.one", typed).status_code == 401


def test_changes_are_in_the_log_by_the_names_of_fields_alone(app, ids):
    give_pin(app, "han")
    with acting(app, "tram"):
        service.change_staff(ids["han"], name="Secret", role="manager", store_codes=["S02"])
        service.clear_pin(ids["han"])
        password = service.reset_password(ids["han"])
        service.set_active(ids["han"], active=False)
        service.set_active(ids["han"], active=True)
    rows = column(
        app,
        "SELECT action || ' ' || COALESCE(CAST(details AS TEXT), '') FROM audit_events "
        f"WHERE object_id = '{ids['han']}' AND actor = 'person:{ids['tram']}' ORDER BY id",
    )
    assert [row.split()[0] for row in rows] == [
        "staff.role",
        "staff.change",
        "staff.clear_pin",
        "staff.reset_password",
        "staff.deactivate",
        "staff.activate",
    ]
    assert not any("Secret" in row or password in row for row in rows)


def test_two_browsers_at_the_first_page_make_one_owner(app, monkeypatch):
    hash_quickly(monkeypatch)
    form = {
        "shop_name": "An",
        "first_store_name": "Here",
        "name": "Tram",
        "password": PASSWORD,
        "password_again": PASSWORD,
    }
    codes = []
    start = threading.Barrier(4)

    def press(number: int) -> None:
        visitor = Visitor(app.test_client())
        token = visitor.token("/setup")
        start.wait()
        answer = visitor.client.post(
            "/setup", data={**form, "login": f"owner{number}", "csrf_token": token}
        )
        codes.append(answer.status_code)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [302, 409, 409, 409]
    assert scalar(app, "SELECT count(*) FROM staff_users") == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"login": "chủ"}, "login"), ({"password": "matkhau123"}, "password")],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_page_says_beside_the_field_what_is_wrong(app, change, field):
    form = {"shop_name": "An", "first_store_name": "S", "name": "T", "login": "tram"}
    given = {**form, "password": PASSWORD, **change}
    answer = Visitor(app.test_client()).client.get("/setup")
    visitor = Visitor(app.test_client())
    token = visitor.token("/setup")
    answer = visitor.client.post(
        "/setup", data={**given, "password_again": given["password"], "csrf_token": token}
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text

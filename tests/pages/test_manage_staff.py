"""The desk and its page of the staff: who gets in, what is offered, what is shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from loyalty.core.db import db, read, transaction
from loyalty.staff import service as staff
from loyalty.staff.models import StaffUser
from tests.pages.visitor import PASSWORD

NEW = {
    "name": "Nguyễn Thị Thu Hằng",
    "login": "hang",
    "role": "cashier",
    "stores": ["S01"],
    "password_by": "service",
}
_SECRET = re.compile(r"data-secret>([^<]+)</textarea>")


@pytest.fixture
def person(shop_app):
    """`person("han")`: the row of somebody as it is now."""

    def find(login: str) -> StaffUser:
        with shop_app.app_context(), read() as session:
            user = session.scalars(select(StaffUser).filter_by(login=login)).one()
            session.expunge(user)
            return user

    return find


@pytest.fixture
def bounded(shop_app):
    """A manager of the first store alone, by login."""
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    return "binh"


def secret_of(answer) -> str:
    found = _SECRET.search(answer.text)
    assert found is not None
    return found[1]


def address(person) -> str:
    return f"/manage/staff/{person.id}"


# -- the desk --------------------------------------------------------------------


def test_everyone_begins_where_their_work_is(visit):
    assert visit("han").get("/").headers["Location"] == "/till"
    assert visit("tram").get("/").headers["Location"] == "/manage/today"
    assert visit("mai").get("/").headers["Location"].startswith("/manage/")
    assert visit().get("/").headers["Location"] == "/login"


def test_the_desk_leads_on_to_the_first_place_that_is_the_actors(visit):
    assert visit("tram").get("/manage").headers["Location"].startswith("/manage/")
    assert visit("mai").get("/manage").headers["Location"] == "/manage/tags"
    assert visit("han").get("/manage").headers["Location"] == "/till"
    assert visit().get("/manage").headers["Location"] == "/login"


def test_the_way_to_the_desk_is_shown_to_those_who_have_a_place_there(visit):
    assert 'href="/manage/' not in visit("han").get("/till").text
    manager = visit("tram")
    manager.post("/till/stores", store="S01")
    assert 'href="/manage/' in manager.get("/till").text


@pytest.mark.parametrize("login", ["han", "mai"])
@pytest.mark.parametrize("path", ["/manage/staff", "/manage/staff/new", "/manage/staff/1"])
def test_only_managers_see_the_staff(visit, login, path):
    assert visit(login).get(path).status_code == 403


def test_tabs_are_those_that_the_actor_may_use(visit):
    manager = visit("tram").get("/manage/staff").text
    assert 'href="/manage/keys"' in manager
    assert 'href="/till"' in manager
    page = visit("mai").client.get("/manage", follow_redirects=True).text
    assert 'href="/manage/staff"' not in page
    assert 'href="/till"' not in page


# -- the list ----------------------------------------------------------------------


def test_the_list_names_everyone_with_access_and_all_on_demand(visit, person):
    manager = visit("tram")
    manager.post(f"{address(person('cuc'))}/access", active="no")
    assert ">cuc<" not in manager.get("/manage/staff").text
    assert ">cuc<" in manager.get("/manage/staff?show=all").text


def test_a_manager_of_some_stores_sees_only_their_people(visit, bounded):
    listed = visit(bounded).get("/manage/staff").text
    assert ">han<" in listed
    assert ">cuc<" not in listed


def test_a_name_is_shown_as_text(visit, person):
    manager = visit("tram")
    name = '<script>alert("x")</script>'
    manager.post("/manage/staff/new", **{**NEW, "name": name})
    pages = [
        manager.get("/manage/staff").text,
        manager.get(address(person("hang"))).text,
        manager.get(f"{address(person('hang'))}/access").text,
        manager.post(f"{address(person('hang'))}/password").text,
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


# -- a new person --------------------------------------------------------------------


def test_a_new_persons_password_is_shown_once_and_must_be_changed(visit, person):
    manager = visit("tram")
    answer = manager.post("/manage/staff/new", **NEW)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    secret = secret_of(answer)
    assert secret not in manager.get(address(person("hang"))).text
    assert secret not in manager.get("/manage/staff").text
    assert person("hang").must_change_password
    assert visit().sign_in("hang", secret).status_code == 302
    assert visit().sign_in("hang", PASSWORD).status_code == 401


def test_a_password_typed_by_the_manager_is_not_shown_and_must_be_changed_too(visit, person):
    manager = visit("tram")
    answer = manager.post(
        "/manage/staff/new", **{**NEW, "password_by": "hand", "password": PASSWORD}
    )
    assert answer.headers["Location"] == address(person("hang"))
    page = manager.get(address(person("hang"))).text
    assert "Nguyễn Thị Thu Hằng" in page
    assert PASSWORD not in page
    assert person("hang").must_change_password


@pytest.mark.parametrize(
    ("change", "field", "status"),
    [
        ({"name": " "}, "name", 422),
        ({"name": "x" * 201}, "name", 422),
        ({"name": "two\nlines"}, "name", 422),
        ({"login": ""}, "login", 422),
        ({"login": "two words"}, "login", 422),
        ({"login": "HAN"}, "login", 409),
        ({"login": "hаng"}, "login", 422),  # a Cyrillic а
        ({"role": ""}, "role", 422),
        ({"role": "owner"}, "role", 422),
        ({"stores": ["S99"]}, "stores", 422),
        ({"password_by": "hand", "password": ""}, "password", 422),
        ({"password_by": "hand", "password": "12345678"}, "password", 422),
        ({"password_by": "hand", "password": "x" * 201}, "password", 422),
        ({"password_by": "neither"}, "password_by", 422),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(visit, change, field, status):
    manager = visit("tram")
    answer = manager.post("/manage/staff/new", **{**NEW, **change})
    assert answer.status_code == status
    assert f'id="{field}-error"' in answer.text
    kept = {**NEW, **change}["login"]
    assert f'value="{kept.strip()}"' in answer.text or not kept.strip()
    assert ">hang<" not in manager.get("/manage/staff?show=all").text


def test_a_form_cannot_make_an_owner(visit, person):
    visit("tram").post("/manage/staff/new", **NEW, is_owner="1", active="0", id="1")
    assert not person("hang").is_owner
    assert person("hang").active


# -- one person ------------------------------------------------------------------------


def test_name_role_and_stores_are_changed(visit, person):
    manager = visit("tram")
    answer = manager.post(
        address(person("han")), name="Ngọc Hân", role="marketing", stores=["S01", "S02"]
    )
    assert answer.headers["Location"] == address(person("han"))
    page = manager.get(address(person("han"))).text
    assert "Đã lưu" in page or "Saved." in page
    assert person("han").name == "Ngọc Hân"
    assert person("han").role == "marketing"
    assert re.findall(r'value="(S\d+)" checked', page) == ["S01", "S02"]


def test_the_own_number_of_a_person_is_kept_and_taken_away(visit, person):
    manager = visit("tram")
    manager.post("/manage/staff/new", **NEW, phone="0912.345.678")
    given = {name: NEW[name] for name in ("name", "role", "stores")}
    assert person("hang").phone == "+84912345678"
    assert 'value="0912 345 678"' in manager.get(address(person("hang"))).text
    refused = manager.post(address(person("hang")), **given, phone="0912 345")
    assert refused.status_code == 422
    assert 'id="phone-error"' in refused.text
    assert person("hang").phone == "+84912345678"
    manager.post(address(person("hang")), **given, phone=" ")
    assert person("hang").phone is None


def test_a_change_that_is_refused_changes_nothing(visit, person):
    manager = visit("tram")
    before = person("han").name
    answer = manager.post(address(person("han")), name="Other", role="cashier", stores=["S99"])
    assert answer.status_code == 422
    assert 'value="Other"' in answer.text
    assert person("han").name == before


def test_a_reset_shows_the_new_password_once_and_ends_the_sessions(visit, person):
    cashier, manager = visit("han"), visit("tram")
    answer = manager.post(f"{address(person('han'))}/password")
    secret = secret_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert cashier.get("/till").headers["Location"] == "/login"
    assert secret not in manager.get(address(person("han"))).text
    assert visit().sign_in("han", PASSWORD).status_code == 401
    assert visit().sign_in("han", secret).status_code == 302


def test_signing_out_everywhere_ends_every_session(visit, person):
    cashier, manager = visit("han"), visit("tram")
    assert manager.post(f"{address(person('han'))}/sign-out").status_code == 302
    assert cashier.get("/till").headers["Location"] == "/login"


def test_clearing_a_pin_is_offered_only_where_there_is_one(visit, person, shop_app):
    manager = visit("tram")
    assert f"{address(person('han'))}/pin" not in manager.get(address(person("han"))).text
    with shop_app.app_context(), transaction():
        db.session.get_one(StaffUser, person("han").id).pin_hash = "a hash"
    assert f"{address(person('han'))}/pin" in manager.get(address(person("han"))).text
    manager.post(f"{address(person('han'))}/pin")
    assert person("han").pin_hash is None


def test_access_ends_after_a_question_and_may_be_given_again(visit, person):
    cashier, manager = visit("han"), visit("tram")
    page = address(person("han"))
    assert f"{page}/access" in manager.get(page).text
    assert person("han").active
    assert 'value="no"' in manager.get(f"{page}/access").text
    assert manager.post(f"{page}/access", active="no").headers["Location"] == page
    assert cashier.get("/till").headers["Location"] == "/login"
    assert visit().sign_in("han").status_code == 401
    assert 'value="yes"' in manager.get(f"{page}/access").text
    manager.post(f"{page}/access", active="yes")
    assert visit().sign_in("han").status_code == 302


# -- what is not offered, and refused -----------------------------------------------------

ACTS: list[tuple[str, dict[str, Any]]] = [
    ("", {"name": "x", "role": "cashier", "stores": ["S01"]}),
    ("/password", {}),
    ("/sign-out", {}),
    ("/pin", {}),
    ("/access", {"active": "no"}),
]


def offered(page: str) -> list[str]:
    """The acts on one person that a page has forms or links for."""
    return re.findall(r"/manage/staff/\d+/(?:password|sign-out|pin|access)|name=\"role\"", page)


def test_nobody_is_offered_the_own_role_or_the_own_end(visit, person):
    manager = visit("tram")
    assert offered(manager.get(address(person("tram"))).text) == []
    answer = manager.post(f"{address(person('tram'))}/access", active="no")
    assert answer.status_code == 409
    assert person("tram").active
    refused = manager.post(address(person("tram")), name="Trâm", role="cashier")
    assert refused.status_code == 409
    assert person("tram").role == "manager"


def test_another_manager_leaves_the_owner_alone(visit, person, shop_app):
    with shop_app.app_context(), transaction():
        staff.create_staff(login="lan", name="Lan", password=PASSWORD, role="manager")
    manager = visit("lan")
    assert offered(manager.get(address(person("tram"))).text) == []
    before = kept_of(person("tram"))
    for act, form in ACTS:
        assert manager.post(address(person("tram")) + act, **form).status_code == 409, act
    assert kept_of(person("tram")) == before


@pytest.mark.parametrize("login", ["cuc", "mai", "tram"])
def test_a_manager_of_some_stores_stays_in_them(visit, person, bounded, login):
    before, manager = kept_of(person(login)), visit(bounded)
    for act, form in ACTS:
        answer = manager.post(address(person(login)) + act, **form)
        assert answer.status_code in (403, 409), act
    assert kept_of(person(login)) == before


def test_a_manager_of_some_stores_adds_people_there_only(visit, bounded):
    manager = visit(bounded)
    form = manager.get("/manage/staff/new").text
    assert 'value="S01"' in form
    assert 'value="S02"' not in form
    for stores in ([], ["S02"], ["S01", "S02"]):
        answer = manager.post("/manage/staff/new", **{**NEW, "stores": stores})
        assert 400 <= answer.status_code < 500, stores
    assert manager.post("/manage/staff/new", **NEW).status_code == 200


def test_a_form_without_its_token_changes_nothing(visit, person):
    manager = visit("tram")
    for act, form in ACTS:
        refused = manager.client.post(address(person("han")) + act, data=form)
        assert refused.status_code == 400
    assert person("han").active


@pytest.mark.parametrize("path", ["/manage/staff/99", "/manage/staff/99/access"])
def test_an_unknown_person_is_a_page_that_says_so(visit, path):
    assert visit("tram").get(path).status_code == 404


def kept_of(user: StaffUser) -> tuple[object, ...]:
    return (user.name, user.role, user.password_hash, user.active, user.pin_hash)

"""A customer's page at the desk: one person at a time, and each right by a button."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from loyalty.audit.models import AuditEvent
from loyalty.core import clock
from loyalty.core.db import db, read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes, consents
from loyalty.members import service as members
from loyalty.members.models import AttributeKind, ConsentChange
from loyalty.privacy import service as privacy
from loyalty.purchases import service as purchases
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from tests.pages.visitor import PASSWORD

PHONE = "+84912345678"
WHOLE = re.compile(r"(?:\+84|0)\s?912\s?345\s?678")
NAME = "Nguyễn Thị Thu Hằng"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def customer(shop_app):
    """The id of a customer with one purchase of 125 points."""
    with shop_app.app_context(), transaction():
        return purchases.record(
            {
                "phone": PhoneNumber(PHONE),
                "store": "S01",
                "receipt_no": "HD-1",
                "amount": 1_250_000,
                "member": {"name": NAME},
            }
        ).member["id"]


@pytest.fixture
def bounded(shop_app):
    """A manager of the first store alone, by login."""
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="binh", name="Bình", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    return "binh"


@pytest.fixture
def desk(visit):
    """The owner's browser, in English."""
    visitor = visit("tram")
    visitor.client.set_cookie("language", "en")
    return visitor


@pytest.fixture
def member(shop_app, customer):
    """`member()`: the customer as the service knows them now."""

    def look():
        with shop_app.app_context(), read():
            return members.get(customer)

    return look


@pytest.fixture
def logged(shop_app):
    """`logged("member.reveal")`: the reasons of these events in the log."""

    def look(action: str) -> list[str | None]:
        with shop_app.app_context(), read() as session:
            return list(session.scalars(select(AuditEvent.reason).filter_by(action=action)))

    return look


@pytest.fixture
def said(shop_app, customer):
    """`said("sms", "marketing")`: that consent as it stands."""

    def look(channel: str, purpose: str) -> dict:
        with shop_app.app_context(), read():
            [pair] = [
                one
                for one in consents.current(customer)
                if (one["channel"], one["purpose"]) == (channel, purpose)
            ]
            return pair

    return look


def page(customer: int, *parts: str) -> str:
    return "/".join(["/manage/customers", str(customer), *parts])


def born(shop_app, customer: int, day: date) -> None:
    with shop_app.app_context(), transaction():
        members.change_profile(customer, {"birth_date": day})


def error_of(answer, field: str) -> str:
    """The sentence beside a field."""
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return found[1]


# -- finding -----------------------------------------------------------------


@pytest.mark.parametrize("written", ["0912345678", "+84 912 345 678", "SĐT: 0912.345.678"])
def test_a_customer_is_found_by_the_phone_however_it_is_written(desk, customer, written):
    answer = desk.post("/manage/customers", phone=written)
    assert answer.headers["Location"] == page(customer)


def test_an_unknown_phone_is_said_to_be_unknown(desk, customer):
    answer = desk.post("/manage/customers", phone="0912 345 600")
    assert answer.status_code == 404
    assert error_of(answer, "find-phone") == "No customer has this number."
    assert 'value="0912 345 600"' in answer.text


@pytest.mark.parametrize("written", ["", "0912", "Hằng", "0912xxx678", "0912345678 0912345679"])
def test_what_is_no_phone_finds_nobody(desk, customer, written):
    answer = desk.post("/manage/customers", phone=written)
    assert answer.status_code == 422
    assert error_of(answer, "find-phone")


def test_a_phone_never_stands_in_an_address(desk, customer):
    assert desk.get("/manage/customers?phone=0912345678").status_code == 422


@pytest.mark.parametrize("login", ["han", "mai"])
def test_the_pages_are_for_managers(visit, customer, login):
    visitor = visit(login)
    for path in ("/manage/customers", page(customer), page(customer, "data")):
        assert visitor.get(path).status_code == 403
    assert visitor.post("/manage/customers", phone="0912345678").status_code == 403
    assert visitor.post(page(customer, "number"), reason="why").status_code == 403


# -- the page ----------------------------------------------------------------


def test_the_page_shows_who_it_is_and_masks_the_number(desk, customer, logged):
    answer = desk.get(page(customer))
    for shown in (NAME, "••• 678", "125 points"):
        assert shown in answer.text
    assert not WHOLE.search(answer.text)
    assert answer.cache_control.no_store
    assert logged("member.view") == [None]


def test_the_title_of_the_page_names_nobody(desk, customer):
    """It stays in the browser's history."""
    titles = [
        re.search(r"<title>(.*?)</title>", desk.get(path).text)
        for path in (page(customer), page(customer, "data"), page(customer, "erase"))
    ]
    assert all(title is not None and NAME not in title[1] for title in titles)


def test_the_whole_number_is_shown_once_and_for_a_reason(desk, customer, logged):
    answer = desk.post(page(customer, "number"), reason="The customer asks which it is")
    assert answer.text.count("0912 345 678") == 1
    assert answer.cache_control.no_store
    assert logged("member.reveal") == ["The customer asks which it is"]
    assert not WHOLE.search(desk.get(page(customer)).text)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines"])
def test_without_a_reason_the_number_stays_masked(desk, customer, logged, reason):
    answer = desk.post(page(customer, "number"), reason=reason)
    assert answer.status_code == 422
    assert error_of(answer, "reveal-reason")
    assert not WHOLE.search(answer.text)
    assert logged("member.reveal") == []


@pytest.mark.parametrize(
    "parts", [(), ("data",), ("data.json",), ("profile",), ("erase",), ("erased",)]
)
def test_nobody_is_not_found(desk, customer, parts):
    assert desk.get(page(customer + 1, *parts)).status_code == 404


def test_every_form_carries_its_token(desk, customer):
    """Also when a session is there: a post without it changes nothing."""
    for path in ("number", "profile", "consents", "restrict", "object", "requests", "erase"):
        assert desk.client.post(page(customer, path), data={"reason": "x"}).status_code == 400


# -- the profile -------------------------------------------------------------


def test_a_profile_is_corrected(desk, customer, member):
    form = {
        "name": "Nguyễn Thu Hằng",
        "email": " Hang@Example.com ",
        "birth_date": "26/11/1990",
        "gender": "female",
        "country": "VN",
        "province": "Hà Nội",
        "family_size": "4",
    }
    answer = desk.post(page(customer, "profile"), **form)
    assert answer.headers["Location"] == page(customer)
    assert "Saved." in desk.get(page(customer)).text
    kept = member()
    assert (kept["name"], kept["email"]) == ("Nguyễn Thu Hằng", "hang@example.com")
    assert kept["birth_date"] == date(1990, 11, 26)
    assert (kept["province_list"], kept["province"], kept["family_size"]) == ("vn34", "01", 4)


def test_a_correction_that_is_wrong_says_so_beside_each_field(desk, customer, member):
    form = {"name": "x" * 201, "email": "x@", "birth_date": "31/02/1990", "family_size": "0"}
    answer = desk.post(page(customer, "profile"), **form)
    assert answer.status_code == 422
    assert error_of(answer, "profile-email") == "This is not an e-mail address."
    assert error_of(answer, "profile-birth_date") == "No such date: day, month, year."
    assert error_of(answer, "profile-family_size") == "A whole number from 1 to 50."
    assert error_of(answer, "profile-name")
    assert 'value="31/02/1990"' in answer.text
    assert member()["name"] == NAME


@pytest.mark.parametrize("field", ["gender", "country", "income_band"])
def test_what_is_chosen_is_one_of_the_offered(desk, customer, field):
    answer = desk.post(page(customer, "profile"), **{field: "xx"})
    assert answer.status_code == 422
    assert error_of(answer, f"profile-{field}") == "Choose one."


def test_an_unknown_province_is_refused(desk, customer):
    answer = desk.post(page(customer, "profile"), country="VN", province="Atlantis")
    assert answer.status_code == 422
    assert "no province" in error_of(answer, "profile-province")


def test_saving_leaves_a_province_of_the_old_list_as_it_is(desk, shop_app, customer, member):
    """`vn63:02` was Hà Giang, which today's list has no more."""
    old = {"country": "VN", "province_list": "vn63", "province": "02"}
    with shop_app.app_context(), transaction():
        members.change_profile(customer, old)
    form = dict(
        re.findall(
            r'name="(\w+)" type="\w+" value="([^"]*)"', desk.get(page(customer, "profile")).text
        )
    )
    desk.post(page(customer, "profile"), **form | {"occupation": "Teacher", "country": "VN"})
    assert member()["occupation"] == "Teacher"
    assert (member()["province_list"], member()["province"]) == ("vn63", "02")


def test_an_empty_field_is_cleared(desk, customer, member):
    desk.post(page(customer, "profile"), name="")
    assert member()["name"] is None
    assert "No name yet" in desk.get(page(customer)).text


def test_the_form_changes_no_more_than_the_profile(desk, customer, member):
    before = member()
    desk.post(page(customer, "profile"), name=NAME, points="999999", id="7", source="api")
    assert member() == before


def test_the_provinces_offered_are_those_of_the_customers_country(desk, shop_app, customer):
    assert 'value="Hanoi"' in desk.get(page(customer, "profile")).text
    with shop_app.app_context(), transaction():
        members.change_profile(customer, {"country": "TH"})
    text = desk.get(page(customer, "profile")).text
    assert 'value="Bangkok"' in text
    assert 'value="Hanoi"' not in text


# -- consents ----------------------------------------------------------------


def test_a_consent_typed_here_counts_by_its_proof(desk, customer, said):
    form = {"channel": "sms", "purpose": "marketing", "granted": "yes"}
    desk.post(page(customer, "consents"), **form)
    assert not said("sms", "marketing")["counts"]
    assert "Waits for confirmation" in desk.get(page(customer)).text
    desk.post(page(customer, "consents"), **form, proof="Signed form, folder 12")
    assert said("sms", "marketing")["counts"]
    text = desk.get(page(customer)).text
    assert "Waits for confirmation" not in text
    assert "Signed form, folder 12" in text
    assert "SMS · Marketing: yes" in text


def test_the_door_of_a_consent_is_kept(desk, shop_app, customer):
    desk.post(page(customer, "consents"), channel="call", purpose="service", granted="yes")
    with shop_app.app_context(), read() as session:
        assert session.scalars(select(ConsentChange.via)).all() == ["desk"]


def test_all_marketing_is_withdrawn_by_one_button(desk, customer, said):
    assert "Withdraw all marketing" not in desk.get(page(customer)).text
    for channel in ("sms", "zalo"):
        form = {"channel": channel, "purpose": "marketing", "granted": "yes", "proof": "Form 1"}
        desk.post(page(customer, "consents"), **form)
    assert "Withdraw all marketing" in desk.get(page(customer)).text
    desk.post(page(customer, "consents", "withdraw"))
    assert not said("sms", "marketing")["granted"]
    assert not said("zalo", "marketing")["granted"]


def test_under_sixteen_a_guardian_is_asked_for(desk, shop_app, customer, said):
    born(shop_app, customer, clock.now().date() - timedelta(days=365 * 12))
    form = {"channel": "sms", "purpose": "marketing", "granted": "yes", "proof": "Form 1"}
    answer = desk.post(page(customer, "consents"), **form)
    assert answer.status_code == 422
    assert "guardian" in error_of(answer, "consent-guardian")
    assert 'value="Form 1"' in answer.text
    desk.post(page(customer, "consents"), **form, guardian="Mother, form 2")
    assert said("sms", "marketing")["counts"]
    ads = desk.post(page(customer, "consents"), **form | {"channel": "ads"}, guardian="Mother")
    assert ads.status_code == 422
    assert "under 16" in error_of(ads, "consent-channel")


@pytest.mark.parametrize(
    ("field", "value"),
    [("channel", "fax"), ("purpose", "all"), ("granted", "maybe"), ("granted", "")],
)
def test_a_consent_is_one_of_the_offered(desk, customer, field, value):
    form = {"channel": "sms", "purpose": "service", "granted": "yes", field: value}
    answer = desk.post(page(customer, "consents"), **form)
    assert answer.status_code == 422
    assert error_of(answer, f"consent-{field}") == "Choose one."


# -- rights ------------------------------------------------------------------


def test_the_copy_holds_everything_in_words(desk, customer, logged):
    text = desk.get(page(customer, "data")).text
    for shown in (NAME, "0912 345 678", "HD-1", "Lê Văn Sỹ", "₫1,250,000", "125", ">Purchase<"):
        assert shown in text
    assert len(logged("rights.copy")) == 1


def test_the_copy_tells_tags_and_what_the_shop_keeps_beside_the_profile(shop_app, desk, customer):
    kept = {
        "has_pet": (AttributeKind.BOOL, "Has a pet", True),
        "wedding": (AttributeKind.DATE, "Wedding", "2019-05-18"),
        "distance_km": (AttributeKind.NUMBER, "Distance", 1234.5),
    }
    with shop_app.app_context(), transaction():
        for name, (kind, label, _) in kept.items():
            attributes.declare(name=name, label=label, kind=kind)
        attributes.set_values(customer, {name: value for name, (*_, value) in kept.items()})
        members.change_profile(customer, {"district": "Quận 3"})
        tags.create(name="Regulars", slug="regulars")
        tags.mark(customer, "regulars", on=True)
    text = desk.get(page(customer, "data")).text
    for shown in ("Has a pet", "Yes", "18/05/2019", "1,234.5", "Lives in a town", "Regulars"):
        assert shown in text, shown
    assert "set by hand" in text


def test_the_file_is_handed_out_and_kept_nowhere(desk, customer, logged):
    answer = desk.get(page(customer, "data.json"))
    assert answer.headers["Content-Disposition"] == f"attachment; filename=customer-{customer}.json"
    assert answer.mimetype == "application/json"
    assert answer.cache_control.no_store
    assert answer.json["profile"]["name"] == NAME
    assert [one["e164"] for one in answer.json["phones"]] == [PHONE]
    assert [one["receipt_no"] for one in answer.json["purchases"]] == ["HD-1"]
    assert len(logged("rights.copy")) == 1


def test_a_restriction_is_set_and_lifted_for_a_reason(desk, customer, logged):
    refused = desk.post(page(customer, "restrict"), reason="")
    assert refused.status_code == 422
    assert error_of(refused, "restrict-reason")
    desk.post(page(customer, "restrict"), reason="Disputed")
    assert "Restricted" in desk.get(page(customer)).text
    assert error_of(desk.post(page(customer, "lift"), reason=""), "lift-reason")
    desk.post(page(customer, "lift"), reason="Settled")
    assert logged("rights.restrict") == ["Disputed", "Settled"]


def test_all_marketing_is_stopped(desk, customer, said):
    form = {"channel": "sms", "purpose": "marketing", "granted": "yes", "proof": "Form 1"}
    desk.post(page(customer, "consents"), **form)
    desk.post(page(customer, "object"))
    assert not said("sms", "marketing")["counts"]
    text = desk.get(page(customer)).text
    assert "Refuses marketing" in text
    assert "Stop all marketing" not in text


# -- erasure -----------------------------------------------------------------


def test_before_an_erasure_it_is_said_what_goes(desk, customer):
    text = desk.get(page(customer, "erase")).text
    for said in ("Beyond recovery", "What goes", "What stays", "125 points"):
        assert said in text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"reason": "", "digits": "678"}, "reason"),
        ({"reason": "Asked", "digits": "677"}, "digits"),
        ({"reason": "Asked", "digits": ""}, "digits"),
        ({"reason": "Asked", "digits": "345678"}, "digits"),
    ],
)
def test_an_erasure_needs_a_reason_and_the_last_digits(desk, customer, member, form, field):
    answer = desk.post(page(customer, "erase"), **form)
    assert answer.status_code == 422
    assert error_of(answer, f"erase-{field}")
    assert member()["name"] == NAME


def test_an_erased_customer_is_gone(desk, shop_app, customer, logged):
    answer = desk.post(page(customer, "erase"), reason="Asked by letter", digits="678")
    assert answer.headers["Location"] == page(customer, "erased")
    assert "It is done" in desk.get(page(customer, "erased")).text
    shown = desk.get(page(customer))
    assert shown.status_code == 404
    assert (
        f"erased on {clock.now().astimezone(shop_app.extensions['settings'].time_zone):%d/%m/%Y}"
        in shown.text
    )
    assert desk.post("/manage/customers", phone="0912345678").status_code == 404
    assert logged("rights.erase") == ["Asked by letter"]
    for part in ("data.json", "data", "profile", "erase"):
        assert desk.get(page(customer, part)).status_code in (404, 409)


def test_a_manager_of_some_stores_erases_nobody(visit, bounded, customer, member):
    visitor = visit(bounded)
    text = visitor.get(page(customer)).text
    assert page(customer, "erase") not in text
    assert visitor.get(page(customer, "erase")).status_code == 403
    assert visitor.post(page(customer, "erase"), reason="x", digits="678").status_code == 403
    assert member()["name"] == NAME


def test_a_closed_customer_is_nobody(desk, shop_app, customer):
    """One that only a mistake made: nothing was erased, so nothing is said of it."""
    with shop_app.app_context(), transaction():
        members.close(customer, now=clock.now())
    answer = desk.get(page(customer))
    assert answer.status_code == 404
    assert "erased" not in answer.text


# -- hostile words -----------------------------------------------------------


def test_what_was_typed_is_shown_as_text(desk, shop_app, customer):
    desk.post(page(customer, "profile"), name=HOSTILE, occupation=HOSTILE)
    desk.post(
        page(customer, "consents"), channel="sms", purpose="service", granted="yes", proof=HOSTILE
    )
    with shop_app.app_context(), transaction():
        privacy.receive(customer, kind="copy", via="mail", note=HOSTILE)
    for path in (
        *(page(customer), page(customer, "profile"), page(customer, "data")),
        *(page(customer, "erase"), "/manage/requests"),
    ):
        text = desk.get(path).text
        assert "&lt;script&gt;alert" in text, path
        assert HOSTILE not in text, path
    typed = desk.post("/manage/customers", phone=HOSTILE)
    assert HOSTILE not in typed.text


def test_a_refused_write_leaves_nothing(desk, shop_app, customer):
    """The transaction is rolled back before the form is shown again."""
    desk.post(page(customer, "requests"), kind="copy", via="mail", received_on="32/01/2026")
    with shop_app.app_context(), read():
        assert privacy.requests_of(customer) == []
        assert db.session.scalar(select(AuditEvent.id).filter_by(action="rights.handle")) is None

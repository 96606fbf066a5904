"""Requests about people's own data: recorded, shown when due, answered, ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from loyalty.audit.models import AuditEvent
from loyalty.core import clock
from loyalty.core.db import db, read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.pages import formats
from loyalty.pages.manage import request_lines
from loyalty.privacy import service as privacy
from loyalty.purchases import service as purchases

LIST = "/manage/requests"


@pytest.fixture
def customers(shop_app):
    """The ids of two customers."""
    with shop_app.app_context(), transaction():
        return [
            purchases.record(
                {
                    "phone": PhoneNumber(phone),
                    "store": "S01",
                    "receipt_no": phone,
                    "amount": 100_000,
                    "member": {"name": name},
                }
            ).member["id"]
            for phone, name in (("+84912345678", "Thu Hằng"), ("+84987654321", "Văn Bình"))
        ]


@pytest.fixture
def receive(shop_app):
    """`receive(member_id, "copy", days_ago=9)`: the id of a request."""

    def record(member_id: int, kind: str, *, days_ago: int = 0) -> int:
        with shop_app.app_context(), transaction():
            received_at = clock.now() - timedelta(days=days_ago)
            request = privacy.receive(member_id, kind=kind, via="mail", received_at=received_at)
            return request["id"]

    return record


@pytest.fixture
def state(shop_app):
    def look(request_id: int) -> str:
        with shop_app.app_context(), read():
            return privacy.get_request(request_id)["state"]

    return look


@pytest.fixture
def desk(visit):
    visitor = visit("tram")
    visitor.client.set_cookie("language", "en")
    return visitor


def rows(text: str) -> list[str]:
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in body.split("<tr>")[1:]]


# -- the list ----------------------------------------------------------------


def test_the_soonest_due_stands_first(desk, customers, receive):
    first, second = customers
    receive(first, "erase")
    receive(second, "copy", days_ago=12)
    shown = rows(desk.get(LIST).text)
    assert ["Văn Bình" in row for row in shown] == [True, False]
    assert "2 days late" in shown[0]
    assert "in 20 days" in shown[1]
    assert "••• 321" in shown[0]


def test_whoever_asked_is_one_tap_away(desk, customers, receive):
    receive(customers[0], "copy")
    assert f'href="/manage/customers/{customers[0]}"' in desk.get(LIST).text


def test_an_empty_list_says_what_to_do(desk):
    text = desk.get(LIST).text
    assert "No request is open." in text
    assert 'href="/manage/customers"' in text
    assert "No request has ended yet." in desk.get(f"{LIST}/ended").text


def test_what_has_ended_stands_apart(desk, customers, receive):
    request_id = receive(customers[0], "correct")
    desk.post(f"{LIST}/{request_id}/finish")
    assert rows(desk.get(LIST).text) == []
    [shown] = rows(desk.get(f"{LIST}/ended").text)
    assert "Carried out" in shown


def test_an_erased_customer_is_named_no_more(desk, shop_app, customers, receive):
    receive(customers[0], "erase")
    with shop_app.app_context(), transaction():
        privacy.erase(customers[0], reason="Asked")
    [shown] = rows(desk.get(f"{LIST}/ended").text)
    assert "Erased customer" in shown
    assert "Hằng" not in shown
    assert f'href="/manage/customers/{customers[0]}"' not in desk.get(f"{LIST}/ended").text


@pytest.mark.parametrize("login", ["han", "mai"])
def test_the_list_is_for_managers(visit, customers, receive, login):
    request_id = receive(customers[0], "copy")
    visitor = visit(login)
    assert visitor.get(LIST).status_code == 403
    assert visitor.post(f"{LIST}/{request_id}/finish").status_code == 403


# -- the days ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "words", "tone"),
    [
        (-25, "2 days late", "danger"),
        (-1, "1 day late", "danger"),
        (1, "today", "warn"),
        (25, "in 1 day", "warn"),
        (73, "in 3 days", "quiet"),
    ],
)
def test_a_deadline_is_said_in_words(shop_app, hours, words, tone):
    """`hours` from 23:00 of a local day to the due instant, the end of a local day."""
    with shop_app.test_request_context(headers={"Cookie": "language=en"}):
        zone = formats.settings().time_zone
        tonight = clock.end_of_day(formats.local(clock.now()).date(), zone)
        now = tonight - timedelta(hours=1) if hours > 0 else tonight + timedelta(hours=1)
        due = now + timedelta(hours=hours)
        shown = request_lines.deadline(due, now, runs=True)
        assert (shown.words, shown.tone) == (words, tone)


def test_what_is_due_is_counted_in_the_navigation(desk, customers, receive):
    receive(customers[0], "erase")
    badge = re.compile(r'Requests<span class="badge-soft warn">(\d+)')
    assert badge.search(desk.get("/manage/customers").text) is None
    receive(customers[1], "copy", days_ago=12)
    found = badge.search(desk.get("/manage/customers").text)
    assert found is not None
    assert found[1] == "1"


# -- recording ---------------------------------------------------------------


def test_a_request_is_recorded_with_both_dates(desk, shop_app, customers):
    with shop_app.test_request_context():
        today = formats.local(clock.now()).date()
    form = {
        "kind": "copy",
        "via": "phone",
        "received_on": formats.full_date(today - timedelta(days=1)),
        "note": "By e-mail, please",
    }
    answer = desk.post(f"/manage/customers/{customers[0]}/requests", **form)
    assert answer.headers["Location"] == f"/manage/customers/{customers[0]}#requests"
    [shown] = rows(desk.get(LIST).text)
    assert "By phone" in shown
    assert "By e-mail, please" in shown
    assert formats.full_date(today + timedelta(days=9)) in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""),
        ("kind", "sell"),
        ("via", "pigeon"),
        ("received_on", ""),
        ("received_on", "31/02/2026"),
        ("received_on", "01/01/2200"),
        ("received_on", "01/01/1999"),
        ("note", "x" * 501),
    ],
)
def test_a_request_that_is_wrong_says_so_beside_the_field(desk, shop_app, customers, field, value):
    with shop_app.test_request_context():
        today = formats.full_date(formats.local(clock.now()).date())
    form = {"kind": "copy", "via": "phone", "received_on": today, "note": "x", field: value}
    answer = desk.post(f"/manage/customers/{customers[0]}/requests", **form)
    assert answer.status_code == 422
    assert f'id="request-{field}-error"' in answer.text
    assert rows(desk.get(LIST).text) == []


# -- going on ----------------------------------------------------------------


def test_a_request_is_answered_and_then_carried_out(desk, customers, receive, state):
    request_id = receive(customers[0], "copy")
    desk.post(f"{LIST}/{request_id}/answer")
    assert state(request_id) == "answered"
    assert "Marked as answered." in desk.get(LIST).text
    answer = desk.post(f"{LIST}/{request_id}/finish", back="customer")
    assert answer.headers["Location"] == f"/manage/customers/{customers[0]}#requests"
    assert state(request_id) == "done"


def test_a_refusal_needs_its_reason(desk, shop_app, customers, receive, state):
    request_id = receive(customers[0], "copy")
    desk.post(f"{LIST}/{request_id}/refuse", reason=" ")
    assert state(request_id) == "open"
    assert "Say why" in desk.get(LIST).text
    desk.post(f"{LIST}/{request_id}/refuse", reason="Not this person")
    assert state(request_id) == "refused"
    with shop_app.app_context(), read():
        reasons = db.session.scalars(select(AuditEvent.reason).filter_by(action="rights.handle"))
        assert "Not this person" in reasons.all()


def test_what_has_ended_is_not_ended_otherwise(desk, customers, receive, state):
    request_id = receive(customers[0], "copy")
    desk.post(f"{LIST}/{request_id}/finish")
    desk.post(f"{LIST}/{request_id}/refuse", reason="Too late")
    assert state(request_id) == "done"
    assert "carried out or refused already" in desk.get(LIST).text


def test_nobodys_request_is_not_found(desk):
    assert desk.post(f"{LIST}/99/finish").status_code == 404


@pytest.mark.parametrize(
    ("kind", "way"), [("erase", "/erase"), ("restrict", "#rights"), ("object", "#rights")]
)
def test_what_ends_by_its_act_leads_there(desk, customers, receive, kind, way):
    """Nobody marks as carried out what was not."""
    request_id = receive(customers[0], kind)
    text = desk.get(LIST).text
    assert f'href="/manage/customers/{customers[0]}{way}"' in text
    assert f"{LIST}/{request_id}/finish" not in text

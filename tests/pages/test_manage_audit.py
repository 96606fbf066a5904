"""The page of the log: found by who, what, on what and when, and readable by who may alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.audit.events import event, write
from tests.doors import Shop, sign_in, standing_open

LATE = datetime(2026, 11, 1, 16, 59, tzinfo=UTC)
"""One minute to midnight in the shop."""


@pytest.fixture(scope="module")
def shop(sqlite_databases, tmp_path_factory) -> Iterator[Shop]:
    """Five events on three local days, and what opening the shop left."""
    with standing_open(sqlite_databases, tmp_path_factory.mktemp("log")) as shop:
        write(
            shop.app,
            event(at=LATE, object_id="12", actor="person:1", reason="asked by letter"),
            event(at=LATE + timedelta(minutes=1), object_id="13", address="192.0.2.7", store_id=1),
            event(
                at=LATE + timedelta(hours=24),
                action="purchase.void",
                object_kind="purchase",
                object_id="12",
                actor="key:99",
                store_id=2,
            ),
            event(
                at=LATE + timedelta(hours=25),
                action="member.change",
                object_id="12",
                details={"fields": ["name", "email"]},
            ),
            event(at=LATE + timedelta(hours=26), action="of.old", object_kind="thing", actor="x:1"),
        )
        yield shop


@pytest.fixture
def visit(shop):
    """`visit("cashier")`: a browser where this person is signed in."""

    def begin(login="owner"):
        client = shop.app.test_client()
        sign_in(shop.app, client, login)
        client.set_cookie("language", "en")
        return client

    return begin


def rows(page) -> list[list[str]]:
    """The texts of the table, cell by cell."""
    found = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)[1:]
    return [
        [
            html.unescape(re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        ]
        for row in found
    ]


def in_november(visitor, query=""):
    page = visitor.get(f"/manage/audit?from=2026-11-01&until=2026-11-03&{query}")
    assert page.status_code == 200
    return rows(page)


def test_a_line_says_who_what_on_what_from_where_and_why(visit):
    lines = in_november(visit())
    assert [line[0] for line in lines] == [
        "03/11/2026 01:59",
        "03/11/2026 00:59",
        "02/11/2026 23:59",
        "02/11/2026 00:00",
        "01/11/2026 23:59",
    ]
    assert lines[0][1:4] == ["x:1", "of.old", "thing 1"]
    assert lines[1][2] == "Corrected a customer's profile Changed: Name, E-mail"
    assert lines[2] == ["02/11/2026 23:59", "key:99", "Cancelled a receipt", "Receipt 12"] + [
        "Nguyễn Trãi",
        "",
        "",
    ]
    assert lines[3][4:6] == ["Lê Văn Sỹ", "192.0.2.7"]
    assert lines[4][1:3] == ["Bảo Trâm", "Opened a customer's profile"]
    assert lines[4][6] == "asked by letter"


WAYS_TO_ASK = [
    ("actor=person:1", ["23:59"]),
    ("action=purchase.void", ["23:59"]),
    ("object_kind=member", ["00:59", "00:00", "23:59"]),
    ("object_kind=member&object_id=12", ["00:59", "23:59"]),
    ("object_kind=member&object_id=%2012%20", ["00:59", "23:59"]),
    ("actor=person:4711", []),
]


@pytest.mark.parametrize(("query", "times"), WAYS_TO_ASK)
def test_the_address_holds_what_is_asked(visit, query, times):
    assert [line[0][-5:] for line in in_november(visit(), query)] == times


@pytest.mark.parametrize(
    ("days", "count"),
    [
        ("from=2026-11-01&until=2026-11-01", 1),
        ("from=2026-11-02&until=2026-11-02", 2),
        ("until=2026-11-02", 3),
        ("from=2026-11-03&until=2026-11-03", 2),
    ],
)
def test_days_are_the_shops_and_the_last_one_is_within(visit, days, count):
    assert len(rows(visit().get(f"/manage/audit?{days}"))) == count


def test_what_was_asked_stays_in_the_form(visit):
    text = visit().get("/manage/audit?object_kind=member&object_id=12&from=2026-11-01").text
    assert re.search(r'<option value="member" selected>', text)
    assert re.search(r'name="object_id" value="12"', text)
    assert re.search(r'name="from" type="date" value="2026-11-01"', text)
    unknown = visit().get("/manage/audit?actor=person:4711&action=of.old").text
    assert re.search(r'<option value="person:4711" selected>', unknown)
    assert re.search(r'<option value="of.old" selected>', unknown)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-02-30", "from"),
        ("until=gestern", "until"),
        ("until=9999-12-31", "until"),
        ("object_id=12", "object_kind"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(visit, query, field):
    page = visit().get(f"/manage/audit?{query}")
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert rows(page) == []


@pytest.mark.parametrize(
    "query", ["actor=a%00b", "object_kind=%FF", "before=x", "before=9e9", "x=1"]
)
def test_strange_questions_are_no_crash(visit, query):
    assert visit().get(f"/manage/audit?{query}&before=-1").status_code == 200


def test_older_events_are_a_page_away_and_keep_the_question(shop, visit):
    many = (event(number, object_kind="many", object_id=str(number)) for number in range(120))
    write(shop.app, *many)
    visitor, address, seen = visit(), "/manage/audit?object_kind=many", []
    for _ in range(3):
        page = visitor.get(address)
        seen += [int(row[3].rpartition(" ")[2]) for row in rows(page)]
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = html.unescape(following[1]) if following else ""
    assert seen == list(range(119, -1, -1))
    assert address == ""
    assert 'href="/manage/audit?object_kind=many"' in page.text


def test_nothing_found_offers_the_whole_log(visit):
    text = visit().get("/manage/audit?object_kind=member&object_id=4711").text
    assert "desk-empty" in text
    assert 'href="/manage/audit"' in text


def test_a_customer_in_the_log_is_one_tap_away(visit):
    text = visit().get("/manage/audit?object_kind=member&object_id=12").text
    assert 'href="/manage/customers/12"' in text


def test_a_manager_of_a_store_reads_that_stores_log_and_chooses_among_its_people(visit):
    page = visit("bounded-manager").get("/manage/audit")
    stores = {row[4] for row in rows(page)}
    assert "Lê Văn Sỹ" in stores
    assert "Nguyễn Trãi" not in stores
    people = re.search(r'id="actor".*?</select>', page.text, re.DOTALL)
    assert people is not None
    shown = set(re.findall(r">([^<>]+)</option>", people[0]))
    assert {"cashier", "bounded manager", "A colleague"} <= shown
    assert not {"marketing", "manager", "Bảo Trâm"} & shown


@pytest.mark.parametrize("login", ["cashier", "marketing"])
def test_the_log_is_for_managers(visit, login):
    assert visit(login).get("/manage/audit").status_code == 403


@pytest.mark.parametrize("language", ["vi", "en", "th"])
def test_every_action_is_a_sentence_in_every_language(visit, language):
    visitor = visit()
    visitor.set_cookie("language", language)
    options = re.findall(
        r'<option value="([a-z_]+\.[a-z_]+)">([^<]+)<', visitor.get("/manage/audit").text
    )
    assert len(options) > 10
    assert [name for name, sentence in options if name == sentence] == []

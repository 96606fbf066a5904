"""Exports at the desk: the subtraction before a file is made, the file while it is written and
after, and who may have which."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.exports import service as exports
from loyalty.exports.rules import Order
from loyalty.jobs import worker
from loyalty.members import consents
from loyalty.members.service import create as create_member
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from tests.core.rows import column, scalar
from tests.pages.visitor import PASSWORD

GROUP = "/manage/groups/regulars"
NEW = f"{GROUP}/export"
LIST = "/manage/exports"
FIRST = f"{LIST}/1"
PURPOSE = "The new air fryer"
PHONES = ("0912345678", "0987654321", "0387654321")
OFFERED = re.compile(r'<option value="(\d+)">')
LINES = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")


@pytest.fixture
def regulars(shop_app):
    """A customer group of three: two agreed to SMS, one of them to Zalo too; their ids."""
    with shop_app.test_request_context(), transaction():
        tag = tags.create(name="Regular", slug="regular")["slug"]
        members = [_member(phone, tag) for phone in PHONES]
        audiences.create(name="Our regulars", slug="regulars", expression={"tag": tag})
        for member, channel in ((0, "sms"), (0, "zalo"), (1, "sms")):
            say(members[member], channel, granted=True)
    return members


def _member(phone, tag):
    member_id = create_member(
        PhoneNumber.parse(phone, "VN"), {"name": f"Lan {phone[-3:]}"}, source="test"
    )
    tags.mark(member_id, tag, on=True)
    return member_id


def say(member_id, channel, *, granted):
    consents.change(
        member_id,
        channel=channel,
        purpose="marketing",
        granted=granted,
        via="import",
        proof="folder 3",
    )


@pytest.fixture
def english(visit):
    """`english("tram")`: signed in, in English."""

    def begin(login):
        person = visit(login)
        person.client.set_cookie("language", "en")
        return person

    return begin


@pytest.fixture
def mai(english, regulars):
    """Marketing, with a group to export."""
    return english("mai")


@pytest.fixture
def tram(english, regulars):
    """The owner, with the same group."""
    return english("tram")


def order(person, **form):
    return person.post(NEW, **{"format": "sms", "reach": "sms", "purpose": PURPOSE, **form})


def order_internal(person):
    """As a browser does, which sends the form on to where it is led."""
    form = {"format": "csv", "reach": "internal", "purpose": PURPOSE}
    led = person.post(NEW, **form)
    assert (led.status_code, led.headers["Location"]) == (307, f"{NEW}/internal")
    return person.post(f"{NEW}/internal", **form)


def do_jobs(app):
    with app.app_context():
        worker.run_waiting(worker="test")


def subtraction(page):
    """The lines of the subtraction, from the group to the last row."""
    return [(unescape(label), number) for label, number in LINES.findall(page.text)]


# -- before a file is made ---------------------------------------------------------


def test_page_shows_whom_the_first_choice_takes_out(mai):
    page = mai.get(NEW)
    assert page.status_code == 200
    assert subtraction(page) == [
        ("Customers in the group", "3"),
        ("Have not agreed to SMS", "−1"),
        ("Rows in the file", "2"),
    ]
    assert "Make the file of 2 rows" in page.text


def test_subtraction_follows_the_choices(mai):
    zalo = mai.ask(f"{NEW}/count", format="zalo", columns=["name", "points"])
    assert subtraction(zalo)[1:] == [("Have not agreed to Zalo", "−2"), ("Rows in the file", "1")]
    assert "In this order: name, points." in zalo.text
    assert 'id="make-label" hx-swap-oob="true">Make the file of 1 row<' in zalo.text
    limited = mai.ask(f"{NEW}/count", format="csv", reach="sms", limit="1")
    assert subtraction(limited)[2:] == [
        ("Over the most you asked for", "−1"),
        ("Rows in the file", "1"),
    ]


def test_a_reach_of_nobody_says_what_to_do_and_makes_no_file(mai, shop_app):
    asked = mai.ask(f"{NEW}/count", format="meta")
    assert subtraction(asked)[-1] == ("Rows in the file", "0")
    assert "Ask for consent at" in asked.text
    order(mai, format="meta")
    do_jobs(shop_app)
    failed = mai.get(FIRST)
    assert "Nobody is left for this file" in failed.text
    assert "Ask for consent at" in failed.text
    assert "/files/" not in failed.text


def test_platform_that_takes_no_small_file_is_named(mai, shop_app, regulars):
    with shop_app.test_request_context(), transaction():
        say(regulars[0], "ads", granted=True)
    asked = mai.ask(f"{NEW}/count", format="tiktok")
    assert "Fewer than 1,000 rows" in asked.text


BAD_CHOICES = [
    ({"format": "fax"}, "Choose one."),
    ({"format": "csv", "reach": "pigeon"}, "Choose one."),
    ({"limit": "0"}, "A whole number from 1"),
    ({"limit": "many"}, "A whole number from 1"),
    ({"limit": "9" * 30}, "A whole number from 1"),
    ({"limit": "2.5"}, "A whole number from 1"),
    ({"limit": "1,00"}, "A whole number from 1"),
    ({"limit": "\u0663"}, "A whole number from 1"),
    ({"since_export": "0" * 19 + "1" + "9" * 30}, "A whole number from 1"),
    ({"since_export": "0" * 5_000 + "9" * 5_000}, "A whole number from 1"),
    ({"rows_per_file": "1000001"}, "A whole number from 1 to 1,000,000."),
    ({"since_export": "99"}, "There is no such export."),
    ({"since_export": "x"}, "A whole number from 1"),
    ({"columns": "nonsense"}, "One of these columns is not there any more."),
    ({"purpose": " "}, "Say what the file is for"),
    ({"purpose": "x" * 501}, "At most 500 characters"),
]


def test_refusal_stands_beside_its_field_and_makes_nothing(mai, shop_app):
    for form, sentence in BAD_CHOICES:
        refused = order(mai, **form)
        assert refused.status_code in (404, 422), form
        assert sentence in refused.text, form
        assert mai.ask(f"{NEW}/count", **{"format": "sms", **form}).status_code == 200, form
    assert scalar(shop_app, "SELECT count(*) FROM exports") == 0


def test_a_group_that_is_not_there_has_no_page(mai):
    assert mai.get("/manage/groups/nobody/export").status_code == 404
    assert mai.ask("/manage/groups/nobody/export/count", format="sms").status_code == 404


# -- while it is written and after ---------------------------------------------------


def test_export_waits_is_written_and_is_downloaded(mai, shop_app):
    assert order(mai).headers["Location"] == FIRST
    waiting = mai.get(FIRST)
    assert "Waiting for its turn" in waiting.text
    assert f'hx-get="{FIRST}/progress"' in waiting.text
    assert 'hx-trigger="every 1s"' in mai.get(f"{FIRST}/progress").text
    do_jobs(shop_app)
    done = mai.get(f"{FIRST}/progress")
    assert "hx-trigger" not in done.text
    assert subtraction(done)[-1] == ("Rows in the file", "2")
    files = re.findall(rf'href="({FIRST}/files/[^"]+)"', done.text)
    assert files == re.findall(rf'href="({FIRST}/files/[^"]+)"', mai.get(FIRST).text)
    assert files[-1].endswith("/manifest.json")
    answer = mai.get(files[0])
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(answer.text.splitlines()) == 3
    assert scalar(shop_app, "SELECT count(*) FROM audit_events WHERE action = 'export.fetch'") == 1


def test_the_purpose_is_kept_in_the_log_without_people_and_shown_as_text(mai, shop_app):
    order(mai, purpose="For <b>Tết</b>, ask 0912345678")
    [reason] = column(shop_app, "SELECT reason FROM audit_events WHERE action = 'export.create'")
    assert "0912345678" not in reason
    assert "<b>Tết" not in mai.get(FIRST).text
    assert "&lt;b&gt;Tết" in mai.get(LIST).text


def test_cancelled_export_can_be_tried_again(mai, shop_app):
    order(mai)
    assert mai.post(f"{FIRST}/retry").status_code == 409
    assert mai.post(f"{FIRST}/cancel").status_code == 302
    cancelled = mai.get(FIRST)
    assert "The export was cancelled; no file was kept." in cancelled.text
    assert mai.post(f"{FIRST}/cancel").status_code == 409
    assert mai.post(f"{FIRST}/retry").status_code == 302
    do_jobs(shop_app)
    assert "/files/sms-" in mai.get(FIRST).text


def test_whoever_takes_a_consent_back_while_it_waits_is_not_in_it(mai, shop_app, regulars):
    order(mai)
    with shop_app.test_request_context(), transaction():
        say(regulars[1], "sms", granted=False)
    do_jobs(shop_app)
    assert subtraction(mai.get(f"{FIRST}/progress"))[1:] == [
        ("Have not agreed to SMS", "−2"),
        ("Rows in the file", "1"),
    ]


def test_what_changed_since_an_earlier_file_comes_alone(mai, shop_app, regulars):
    order(mai)
    do_jobs(shop_app)
    with shop_app.test_request_context(), transaction():
        say(regulars[1], "sms", granted=False)
        say(regulars[2], "sms", granted=True)
    assert '<option value="1">' in mai.get(NEW).text
    asked = mai.ask(f"{NEW}/count", format="sms", since_export="1")
    assert ("Were in the earlier file", "−1") in subtraction(asked)
    assert "1 who were in the earlier file" in asked.text
    assert "export the whole group from time to time" in asked.text
    assert mai.ask(f"{NEW}/count", format="zalo", since_export="1").status_code == 200
    order(mai, since_export="1")
    do_jobs(shop_app)
    names = re.findall(r"/files/([^\"]+)", mai.get(f"{LIST}/2").text)
    assert [name.rpartition("-")[2] for name in names[:2]] == ["added.csv", "removed.csv"]


def test_earlier_files_of_the_group_are_offered_however_many_others_there_are(
    mai, tram, shop_app, monkeypatch
):
    order(mai)
    assert order_internal(tram).status_code == 302
    do_jobs(shop_app)
    order(mai, purpose="waits")
    with shop_app.test_request_context(), transaction():
        audiences.create(name="Others", slug="others", expression={"tag": "regular"})
        for number in (1, 2):
            wanted = Order(format="zalo", reach="zalo", limit=number)
            exports.create("others", wanted, purpose="x")
    monkeypatch.setattr("loyalty.exports.service.PAGE_ROWS", 3)
    assert OFFERED.findall(mai.get(NEW).text) == ["1"]
    assert OFFERED.findall(tram.get(NEW).text) == ["2", "1"]
    assert OFFERED.findall(mai.get("/manage/groups/others/export").text) == []


def test_earlier_files_are_set_apart_by_where_they_went(mai, shop_app):
    for chosen in ("sms", "zalo"):
        order(mai, format=chosen, reach=chosen)
    do_jobs(shop_app)
    page = mai.get(NEW).text
    assert re.findall(r'<optgroup label="([^"]+)">\s*<option value="(\d+)"', page) == [
        ("Zalo", "2"),
        ("SMS", "1"),
    ]


def test_files_are_gone_when_their_days_are_over(mai, shop_app):
    order(mai)
    do_jobs(shop_app)
    with shop_app.app_context(), transaction():
        exports.delete_old(clock.now() + timedelta(days=8))
    gone = mai.get(FIRST)
    assert "The files of this export are not here any more." in gone.text
    assert mai.get(f"{FIRST}/files/manifest.json").status_code == 410
    assert "Files deleted" in mai.get(LIST).text


def test_only_the_files_of_the_manifest_are_handed_out(mai, shop_app):
    order(mai)
    do_jobs(shop_app)
    for name in ("..%2f..%2fdemo.txt", "nothing.csv", "%2fetc%2fpasswd", "a%00b"):
        assert mai.get(f"{FIRST}/files/{name}").status_code == 404, name


# -- the list ------------------------------------------------------------------------


def test_list_says_who_made_what_why_and_until_when(mai, shop_app):
    assert "No file has been made yet." in mai.get(LIST).text
    order(mai)
    do_jobs(shop_app)
    page = mai.get(LIST).text
    for said in ("Our regulars", "SMS", PURPOSE, "mai", "Ready"):
        assert said in page
    assert re.search(r'data-label="Rows">2<', page)
    assert re.search(r'data-label="Kept until">\d\d/\d\d', page)


def test_long_list_is_shown_in_parts(mai, shop_app, monkeypatch):
    monkeypatch.setattr("loyalty.exports.service.EXPORTS_WAITING", 200)
    with shop_app.test_request_context(), transaction():
        for number in range(1, 102):
            exports.create("regulars", Order(format="sms", reach="sms", limit=number), purpose="x")
    first = mai.get(LIST).text
    assert first.count('class="row-name"') == 100
    [older] = re.findall(r'href="(/manage/exports\?after=[^"]+)"', first)
    assert mai.get(older).text.count('class="row-name"') == 1
    assert mai.get(f"{LIST}?after=nonsense").text.count('class="row-name"') == 100


# -- who may -------------------------------------------------------------------------


def test_files_for_use_within_the_shop_are_for_managers(mai, tram, shop_app):
    assert "For use within the shop" not in mai.get(NEW).text
    assert order_internal(mai).status_code == 403
    assert scalar(shop_app, "SELECT count(*) FROM exports") == 0
    assert "For use within the shop" in tram.get(NEW).text
    assert order_internal(tram).headers["Location"] == FIRST
    do_jobs(shop_app)
    assert subtraction(tram.get(f"{FIRST}/progress")) == [
        ("Customers in the group", "3"),
        ("Rows in the file", "3"),
    ]
    for address in (FIRST, f"{FIRST}/progress", f"{FIRST}/files/manifest.json"):
        assert mai.get(address).status_code == 404
    assert "Our regulars" not in mai.get(LIST).text


def test_cashiers_and_bounded_managers_export_nothing(english, mai, shop_app):
    order(mai)
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="bound", name="Bound", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    for login in ("han", "bound"):
        person = english(login)
        for address in (NEW, LIST, FIRST, f"{FIRST}/progress", f"{FIRST}/files/manifest.json"):
            assert person.get(address).status_code == 403
        for refused in (order(person), person.post(f"{FIRST}/cancel")):
            assert refused.status_code == 403
    assert scalar(shop_app, "SELECT count(*) FROM exports") == 1

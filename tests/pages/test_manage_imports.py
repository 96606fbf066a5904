"""Customers from a file, at the desk: what its columns are, what would come of it, what came of
it, and taking it back."""

from __future__ import annotations

import errno
import io
import re

import pytest

from loyalty.core.db import transaction
from loyalty.jobs import worker
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from tests.core.rows import column, row_counts, scalar
from tests.pages.visitor import PASSWORD

LIST = "/manage/imports"
FIRST = f"{LIST}/1"
BALANCES = f"{LIST}/balances"
PEOPLE = (
    "Điện thoại,Tên khách hàng,Email,Nhóm\n"
    "0912345678,Nguyễn Thị Thu Hằng,hang@example.com,Khách sỉ\n"
    "0987654321,Trần Văn Nam,,\n"
    "098765432,Lê Hoa,,\n"
    "0912345678,Nguyễn T Hằng,,\n"
)
CHOSEN = {
    "column.0": "phone",
    "column.1": "name",
    "column.2": "email",
    "column.3": "tags",
    "on_duplicate": "fill",
    "make_tags": "1",
}
FIGURES = re.compile(r'<th scope="row">([^<]+)(?:<small>[^<]*</small>)?</th><td class="num">(\d+)')
CHOSEN_FIELDS = re.compile(r'name="(column\.\d+)".*?</select>', re.DOTALL)


@pytest.fixture
def english(visit):
    """`english("tram")`: signed in, in English."""

    def begin(login):
        person = visit(login)
        person.client.set_cookie("language", "en")
        return person

    return begin


@pytest.fixture
def mai(english):
    """Marketing."""
    return english("mai")


def upload(person, content=PEOPLE, *, name="customers.csv", to=f"{LIST}/new"):
    sent = content if isinstance(content, bytes) else content.encode()
    return person.post(to, file=(io.BytesIO(sent), name))


def check(person, **form):
    return person.post(f"{FIRST}/check", **{**CHOSEN, **form})


def do_jobs(app):
    with app.app_context():
        worker.run_waiting(worker="test")


def checked(person, app, **form):
    """A file that was sent, set up and read once; returns its page."""
    upload(person)
    assert check(person, **form).headers["Location"] == FIRST
    do_jobs(app)
    return person.get(FIRST).text


def imported(person, app, **form):
    """The same, and brought in."""
    checked(person, app, **form)
    assert person.post(f"{FIRST}/start").status_code == 302
    do_jobs(app)
    return person.get(FIRST).text


def figures(page):
    return dict(FIGURES.findall(page))


# -- sending it --------------------------------------------------------------------


def test_page_without_files_says_what_to_do(mai):
    page = mai.get(LIST)
    assert "No file has come in yet." in page.text
    assert f'href="{LIST}/new"' in page.text


def test_sent_file_is_shown_with_its_columns_guessed(mai, shop_app):
    before = row_counts(shop_app)["members"]
    assert upload(mai).headers["Location"] == FIRST
    page = mai.get(FIRST).text
    chosen = re.findall(r'<option value="(\w*)" selected', page)
    assert chosen[:4] == ["phone", "name", "email", "tags"]
    assert "Nguyễn Thị Thu Hằng" in page
    assert 'class="import-by-column"' not in page
    assert "customers.csv" in mai.get(LIST).text
    assert row_counts(shop_app)["members"] == before


BAD_FILES = [
    (b"", "Choose"),
    (b"\x1f\x8brest", "The file is packed"),
    (b"PK\x03\x04rest", "damaged or cut short"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
    (b"phone\n\0\n", "NUL"),
    (b"x" * 7_500_001, "The file is larger than"),
]


def test_bad_file_is_refused_with_what_to_do(mai, shop_app):
    for content, sentence in BAD_FILES:
        refused = upload(mai, content)
        assert refused.status_code == 422, sentence
        assert sentence in refused.text
    assert scalar(shop_app, "SELECT count(*) FROM member_imports") == 0


def test_name_of_the_file_leads_nowhere_and_is_shown_as_text(mai, shop_app):
    folder = shop_app.extensions["settings"].data_dir
    names = ["../../x.csv", "C:\\lists\\Khách 0912345678.csv", "<b>.csv", "\u202e.csv", "x" * 300]
    for name in names:
        assert upload(mai, name=name).status_code == 302
    shown = column(shop_app, "SELECT file_name FROM member_imports ORDER BY id")
    assert shown[0] == "x.csv"
    assert "0912345678" not in shown[1]
    assert len(shown[4]) == 200
    assert "<b>.csv" not in mai.get(LIST).text
    stored = {path.name for path in (folder / "imports").rglob("*") if path.is_file()}
    assert stored == {"upload.csv", "about.json"}


# -- setting it up -----------------------------------------------------------------


def test_what_is_missing_is_said_beside_its_field(mai, shop_app):
    upload(mai)
    bad = [
        ({"column.0": ""}, "Say which column holds the phone."),
        ({"column.1": "phone"}, "Another column is chosen for this already."),
        ({"column.1": "password_hash"}, "There is no field of this name."),
        ({"consent_channels": "sms"}, "Say when they agreed."),
        ({"consent_channels": "sms"}, "Say where the proof is kept."),
        ({"consent_proof": "folder 3"}, "Choose what they agreed to."),
        ({"column.2": "consent_sms"}, "Say where the proof is kept."),
        ({"tags": "Not A Slug"}, "error"),
        ({"on_duplicate": "burn"}, "error"),
    ]
    for form, sentence in bad:
        refused = check(mai, **form)
        assert refused.status_code == 422, form
        assert sentence in refused.text, form
    assert scalar(shop_app, "SELECT count(*) FROM jobs WHERE kind = 'imports.check'") == 0


def test_what_was_typed_stays_when_it_is_refused(mai):
    upload(mai)
    refused = check(mai, **{"column.1": "", "consent_channels": "zalo", "consent_proof": "box 7"})
    assert 'value="box 7"' in refused.text
    assert 'value="zalo" checked' in refused.text
    assert re.findall(r'<option value="(\w*)" selected', refused.text)[:2] == ["phone", "email"]


def test_another_system_brings_its_own_words_for_columns(mai):
    upload(mai)
    page = mai.get(f"{FIRST}?system=nonsense")
    assert page.status_code == 200
    for address in re.findall(rf'href="({FIRST}\?system=[^"]*)"', page.text):
        assert mai.get(address).status_code == 200


# -- checking and importing ----------------------------------------------------------


def test_check_says_what_would_come_of_it_and_writes_nothing(mai, shop_app):
    before = row_counts(shop_app)["members"]
    page = checked(mai, shop_app)
    assert figures(page) == {
        "New customers": "2",
        "Customers that change": "0",
        "Known already, and nothing new": "0",
        "The same phone again in the file": "1",
        "Refused rows": "1",
        "The phone cannot be read": "1",
    }
    assert "line 4" in page
    assert "Tags new to the shop: Khách sỉ." in page
    assert "Import: 2 new, 0 changed" in page
    assert row_counts(shop_app)["members"] == before


def test_while_it_is_read_the_page_asks_again_and_then_is_another(mai, shop_app):
    upload(mai)
    check(mai)
    waiting = mai.get(FIRST).text
    assert "Reading every row: nothing is written yet" in waiting
    assert f'hx-get="{FIRST}/progress"' in waiting
    assert 'hx-trigger="every 1s"' in mai.get(f"{FIRST}/progress").text
    do_jobs(shop_app)
    assert mai.get(f"{FIRST}/progress").headers["HX-Refresh"] == "true"


def test_import_brings_them_in_and_hands_out_the_refused_rows(mai, shop_app):
    page = imported(
        mai,
        shop_app,
        consent_channels="sms",
        consent_given_on="2026-01-05",
        consent_proof="folder 3",
    )
    assert "What came of it: 4 rows" in page
    assert figures(page)["New customers"] == "2"
    assert "2 consents are noted." in page
    assert scalar(shop_app, "SELECT count(*) FROM members WHERE source = 'import'") == 2
    refused = mai.get(f"{FIRST}/refused.csv")
    assert refused.headers["Content-Disposition"] == "attachment; filename=refused-1.csv"
    assert "no-store" in refused.headers["Cache-Control"]
    assert "Lê Hoa" in refused.text
    assert "Hằng" not in refused.text
    fetched = "SELECT object_id FROM audit_events WHERE action = 'import.fetch'"
    assert column(shop_app, fetched) == ["1"]
    assert re.search(r'data-label="New">2<', mai.get(LIST).text)


def test_full_disk_is_a_sentence(mai, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("loyalty.imports.storing.os.fsync", fail)
    refused = upload(mai)
    assert refused.status_code == 507
    assert "disk" in refused.text


def test_same_file_again_is_told(mai, shop_app):
    imported(mai, shop_app)
    upload(mai)
    page = mai.get(f"{LIST}/2").text
    assert "The very same file came in before." in page
    assert f'href="{FIRST}"' in page


def test_work_is_cancelled_and_only_what_goes_on_can_be(mai, shop_app):
    upload(mai)
    check(mai)
    assert mai.post(f"{FIRST}/start").status_code == 409
    assert mai.post(f"{FIRST}/cancel").status_code == 302
    assert mai.post(f"{FIRST}/cancel").status_code == 409
    page = mai.get(FIRST).text
    assert "Cancelled" in page
    assert f'action="{FIRST}/check"' in page


def test_whole_import_is_taken_back(mai, shop_app):
    page = imported(mai, shop_app)
    assert f'href="{FIRST}/undo"' in page
    question = mai.get(f"{FIRST}/undo").text
    assert "2 customers that it made are closed" in question
    assert "that it changed" not in question
    assert mai.post(f"{FIRST}/undo").headers["Location"] == FIRST
    do_jobs(shop_app)
    assert "It was undone; this is what it had done" in mai.get(FIRST).text
    assert "cannot be undone any more" in mai.get(f"{FIRST}/undo").text
    assert mai.post(f"{FIRST}/undo").status_code == 409
    assert scalar(shop_app, "SELECT count(*) FROM member_phones WHERE active_until IS NULL") == 0


def test_an_import_that_was_built_on_says_why_it_stays(mai, english, shop_app):
    imported(mai, shop_app)
    form = {"phone": "0912345678", "receipt_no": "HD-1", "amount": "150000"}
    english("han").ask("/till/purchases", **form)
    mai.post(f"{FIRST}/undo")
    do_jobs(shop_app)
    page = mai.get(FIRST).text
    assert "Something was built on this import since" in page
    assert "What came of it" in page


# -- tags and points -----------------------------------------------------------------


def test_everybody_of_the_file_gets_a_tag(mai, shop_app):
    with shop_app.test_request_context(), transaction():
        tags.create(name="Card file", slug="card-file")
    imported(mai, shop_app, tags="card-file")
    with shop_app.test_request_context(), transaction():
        assert tags.get("card-file")["count"] == 2


def test_points_are_brought_along_by_managers_alone(mai, english, shop_app):
    points = "phone,points\n0912345678,120\n"
    upload(mai, points)
    assert 'name="opening_points"' not in mai.get(FIRST).text
    refused = check(
        mai, **{"column.1": "points", "column.2": "", "column.3": "", "opening_points": "1"}
    )
    assert refused.status_code == 403
    assert mai.get(BALANCES).status_code == 403
    assert upload(mai, points, to=BALANCES).status_code == 403
    assert 'name="opening_points"' in english("tram").get(FIRST).text


def test_opening_balances_are_added_once_and_told(english, shop_app):
    tram = english("tram")
    english("han").ask("/till/purchases", phone="0912345678", receipt_no="HD-1", amount="150000")
    file = "phone,points\n0912345678,120\n0987654321,5\n"
    told = upload(tram, file, to=BALANCES)
    assert told.status_code == 200
    assert "1 opening balances of 120 points in all, 0 were there before, 1 lines" in told.text
    again = upload(tram, file, to=BALANCES)
    assert "0 opening balances of 0 points in all, 1 were there before, 1 lines" in again.text
    assert scalar(shop_app, "SELECT points FROM members WHERE id = 1") == 135
    assert upload(tram, "name\nLan\n", to=BALANCES).status_code == 422


# -- who may -------------------------------------------------------------------------


def test_cashiers_and_bounded_managers_import_nobody(english, mai, shop_app):
    upload(mai)
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="bound", name="Bound", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    for login in ("han", "bound"):
        person = english(login)
        for address in (LIST, f"{LIST}/new", FIRST, f"{FIRST}/undo", BALANCES):
            assert person.get(address).status_code == 403
        for refused in (upload(person), check(person), person.post(f"{FIRST}/start")):
            assert refused.status_code == 403
    assert scalar(shop_app, "SELECT count(*) FROM member_imports") == 1


def test_an_import_that_is_not_there_has_no_page(mai):
    assert mai.get(FIRST).status_code == 404
    assert mai.get(f"{FIRST}/progress").status_code == 404
    assert check(mai).status_code == 404

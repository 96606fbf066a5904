"""The do-not-call list at the desk: a file, one number, and who may keep it."""

from __future__ import annotations

import io

import pytest

from loyalty.core.db import transaction
from loyalty.pages.manage.uploads import UPLOAD_BYTES
from loyalty.staff import service as staff
from tests.core.rows import column, scalar
from tests.imports.sheets import workbook
from tests.pages.visitor import PASSWORD

PAGE = "/manage/do-not-call"
PHONE = "0912 345 678"
COUNT = "SELECT count(*) FROM do_not_call"


@pytest.fixture
def mai(visit):
    """Marketing, in English."""
    person = visit("mai")
    person.client.set_cookie("language", "en")
    return person


def upload(person, text, source="carrier's list", name="numbers.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return person.post(f"{PAGE}/file", file=(io.BytesIO(content), name), source=source)


def add(person, phone=PHONE, reason="asked at the till"):
    return person.post(f"{PAGE}/add", phone=phone, reason=reason)


def remove(person, phone=PHONE, reason="asked for offers again"):
    return person.post(f"{PAGE}/remove", phone=phone, reason=reason)


def test_empty_list_says_what_to_do(mai):
    page = mai.get(PAGE)
    assert page.status_code == 200
    assert "There is no number on the list yet" in page.text


def test_file_is_added_and_told_line_by_line(mai, shop_app):
    page = upload(mai, "Name,Phone\nLan,0912345678\nHa,x\nMai,0987654321\nBa,\n")
    assert page.status_code == 200
    assert "2 numbers added, 0 were on the list before, 2 lines refused." in page.text
    assert ['<td class="num">3</td>' in page.text, '<td class="num">5</td>' in page.text] == [
        True,
        True,
    ]
    assert "0912345678" not in page.text
    assert scalar(shop_app, COUNT) == 2
    assert "carrier&#39;s list" in page.text
    assert "2 numbers on the list" in page.text


def test_numbers_of_a_workbook_go_on_the_list(mai, shop_app):
    page = upload(mai, workbook([("Danh sách",), ("SĐT", "note"), (912345678, "x")]), name="a.xlsx")
    assert "1 numbers added, 0 were on the list before, 0 lines refused." in page.text
    assert scalar(shop_app, COUNT) == 1


def test_same_file_again_adds_nothing(mai, shop_app):
    for _ in range(2):
        page = upload(mai, "sdt\n0912345678\n")
    assert "0 numbers added, 1 were on the list before, 0 lines refused." in page.text
    assert scalar(shop_app, COUNT) == 1


def test_long_list_of_refused_lines_is_cut(mai):
    page = upload(mai, "phone\n" + "x\n" * 60)
    assert page.text.count("There is no phone number here.") == 50
    assert "And 10 more lines." in page.text


def test_number_is_checked_added_and_taken_off(mai, shop_app):
    asked = mai.post(f"{PAGE}/check", phone=PHONE)
    assert "••• 678 is not on the list." in asked.text
    assert add(mai).status_code == 302
    assert "••• 678 is on the list now." in mai.get(PAGE).text
    asked = mai.post(f"{PAGE}/check", phone="+84 912 345 678")
    assert "••• 678 is on the list." in asked.text
    assert remove(mai).status_code == 302
    assert scalar(shop_app, COUNT) == 0
    reasons = column(shop_app, "SELECT reason FROM audit_events WHERE reason IS NOT NULL")
    assert reasons == ["asked for offers again"]


@pytest.mark.parametrize(
    ("way", "form", "sentence"),
    [
        ("check", {"phone": "0912xxxxxx"}, "Letters or masked digits"),
        ("check", {}, "There is no phone number here."),
        ("add", {"phone": PHONE}, "Say where the wish comes from."),
        ("add", {"phone": PHONE, "reason": "x" * 201}, "At most 200 characters"),
        ("add", {"phone": "1900 1234", "reason": "x"}, "This is a service number"),
        ("remove", {"phone": PHONE, "reason": " "}, "Say"),
        ("file", {"source": "x"}, "Choose an Excel or CSV file."),
    ],
)
def test_refusal_stands_beside_its_field(mai, shop_app, way, form, sentence):
    refused = mai.post(f"{PAGE}/{way}", **form)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert scalar(shop_app, COUNT) == 0


BAD_FILES = [
    ("", "Choose an Excel or CSV file."),
    ("name\nLan\n", "The file has no column phone"),
    (b"PK\x03\x04rest", "The Excel file is damaged or cut short"),
    (b"\x1f\x8brest", "The file is packed: unpack it first"),
    ("phone\n\0\n", "Line 2 holds a NUL byte"),
    ("phone\n" + "0912345678\n" * (UPLOAD_BYTES // 10), "The file is larger than 2 MB"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_FILES, ids=[said for _, said in BAD_FILES])
def test_bad_file_is_refused_with_what_to_do(mai, shop_app, text, sentence):
    refused = upload(mai, text)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert scalar(shop_app, COUNT) == 0


def test_source_of_a_file_is_needed_and_both_mistakes_are_named(mai, shop_app):
    refused = upload(mai, "", source="")
    assert "Say where the numbers come from." in refused.text
    assert "Choose an Excel or CSV file." in refused.text
    assert upload(mai, "phone\n0912345678\n", source="").status_code == 422
    assert scalar(shop_app, COUNT) == 0


def test_name_of_the_file_leads_nowhere(mai, shop_app):
    for name in ("../../x.csv", "/etc/passwd", "a\0b.csv", "x.csv.gz"):
        assert upload(mai, "phone\n0912345678\n", name=name).status_code == 200
    assert scalar(shop_app, COUNT) == 1


def test_markup_in_a_source_is_shown_as_text(mai):
    page = upload(mai, "phone\n0912345678\n", source="<script>alert(1)</script>")
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_cashiers_and_bounded_managers_do_not_keep_it(visit, shop_app):
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="bound", name="Bound", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    for login in ("han", "bound"):
        person = visit(login)
        assert person.get(PAGE).status_code == 403
        for refused in (add(person), remove(person), upload(person, "phone\n0912345678\n")):
            assert refused.status_code == 403
    assert scalar(shop_app, COUNT) == 0


def test_form_without_its_token_changes_nothing(mai, shop_app):
    sent = {"file": (io.BytesIO(b"phone\n0912345678\n"), "n.csv"), "source": "x"}
    assert mai.client.post(f"{PAGE}/file", data=sent).status_code == 400
    assert scalar(shop_app, COUNT) == 0

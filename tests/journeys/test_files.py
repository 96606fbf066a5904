"""Files in a real browser: a customer group that goes out, and customers that come in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from loyalty.audiences import service as audiences
from loyalty.core.db import transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import consents
from loyalty.members.service import create as create_member
from loyalty.tags import service as tags
from tests.databases import running_app
from tests.journeys.shop import Shop, new_phone
from tests.journeys.test_desk import SCREENS, fits
from tests.journeys.test_rights import unfold
from tests.journeys.test_screens import is_accessible

GROUP = "/manage/groups/tasting/export"
AGREED = 3
MEMBERS = 4


@pytest.fixture(scope="module")
def tasting(shop: Shop) -> Shop:
    """A customer group of four, of whom three agreed to SMS on paper."""
    with running_app(shop.environ) as app, app.test_request_context(), transaction():
        tag = tags.create(name="Đã nếm thử", slug="tasted")["slug"]
        for number in range(MEMBERS):
            phone = PhoneNumber.parse(new_phone(), "VN")
            member_id = create_member(phone, {"name": f"Nguyễn Thị Lan {number}"}, source="test")
            tags.mark(member_id, tag, on=True)
            if number < AGREED:
                consents.change(
                    member_id,
                    channel="sms",
                    purpose="marketing",
                    granted=True,
                    via="import",
                    proof="bìa 3",
                )
        audiences.create(name="Khách nếm thử", slug="tasting", expression={"tag": tag})
    return shop


@pytest.fixture
def open_desk(
    tasting: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Page]:
    """`open_desk("/manage/exports", language="en")`: the owner, signed in, at that page."""

    def open_one(address: str, *, language: str = "en", **options: object) -> Page:
        page = open_page(tasting.url, session=session_of("tram"), language=language, **options)
        page.goto(address)
        return page

    return open_one


@pytest.fixture
def list_of_customers(tmp_path: Path) -> Path:
    """Two new customers and a row whose phone is too short."""
    file = tmp_path / "khach-cu.csv"
    lines = ["Số điện thoại,Họ tên,Nhóm", f"{new_phone()},Lê Văn Bình,Khách sỉ"]
    lines += [f"{new_phone()},Trần Thị Cúc,", "0912,Phạm Minh,"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def export(page: Page, *, purpose: str) -> None:
    page.get_by_label("Purpose (kept in the log)").fill(purpose)
    page.get_by_role("button", name="Make the file").click()
    expect(page.get_by_role("button", name="Cancel the export")).to_be_visible()


def send(page: Page, file: Path) -> None:
    page.goto("/manage/imports/new")
    page.locator("#file").set_input_files(file)
    page.locator("main .btn-primary").click()
    page.wait_for_url("**/manage/imports/*")


# -- out ---------------------------------------------------------------------------


def test_the_rows_are_counted_while_the_choices_change(open_desk):
    page = open_desk(GROUP)
    counted = page.locator("#counted")
    expect(counted.locator(".subtraction-rows")).to_contain_text(str(AGREED))
    expect(page.get_by_text("Columns of the file").first).to_be_visible()
    page.get_by_label("Zalo", exact=False).first.check()
    expect(counted.locator(".subtraction-rows")).to_contain_text("0")
    expect(counted).to_contain_text("Ask for consent at the till")
    page.get_by_label("Meta").check()
    expect(page.locator(".export-columns")).to_be_hidden()
    page.locator("[name=format][value=csv]").check()
    expect(page.get_by_role("group", name="Who may be in it")).to_be_visible()
    expect(page.get_by_role("button", name=f"Make the file of {MEMBERS} rows")).to_be_visible()


def test_a_file_is_made_watched_and_downloaded(open_desk, tasting):
    page = open_desk(GROUP)
    export(page, purpose="A tasting in December")
    expect(page.locator(".files-progress")).to_contain_text("Waiting for its turn")
    expect(page.get_by_role("button", name="Download")).to_be_disabled()
    address = page.url
    page.goto("/manage/tags")
    tasting.do_jobs()
    page.goto(address)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download sms-").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == AGREED
    assert all(row["phone"].startswith("84938") for row in rows)


def test_the_page_itself_tells_that_the_file_is_there(open_desk, tasting):
    page = open_desk(GROUP)
    page.locator("[name=format][value=csv]").check()
    export(page, purpose="For the shop itself")
    tasting.do_jobs()
    expect(page.get_by_role("link", name="Download manifest.json")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the export")).to_have_count(0)
    expect(page.locator("#told")).to_have_text("Ready")
    expect(page.locator(".subtraction-rows")).to_contain_text(str(MEMBERS))


def test_an_export_is_cancelled_and_begun_again(open_desk, tasting):
    page = open_desk(GROUP)
    export(page, purpose="Another tasting")
    page.get_by_role("button", name="Cancel the export").click()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".files-progress")).to_be_visible()
    tasting.do_jobs()
    expect(page.get_by_role("link", name="Download manifest.json")).to_be_visible()


# -- in ----------------------------------------------------------------------------


def test_customers_come_in_from_a_file_and_are_taken_back(open_desk, tasting, list_of_customers):
    page = open_desk("/manage/imports")
    send(page, list_of_customers)
    expect(page.get_by_role("combobox", name="Số điện thoại")).to_have_value("phone")
    expect(page.get_by_role("combobox", name="Họ tên")).to_have_value("name")
    page.get_by_role("button", name="Check: nothing is written yet").click()
    expect(page.locator(".files-progress")).to_be_visible()
    tasting.do_jobs()
    page.get_by_role("button", name="Import: 2 new, 0 changed").click()
    expect(page.locator(".files-progress")).to_contain_text("Bringing the customers in")
    tasting.do_jobs()
    expect(page.get_by_text("What came of it: 3 rows")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused rows").click()
    assert "Phạm Minh" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="Undo the import").click()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.locator(".files-progress")).to_be_visible()
    tasting.do_jobs()
    expect(page.get_by_text("It was undone")).to_be_visible()


def test_dates_and_proof_are_asked_for_where_a_column_says_who_agreed(open_desk, tmp_path):
    file = tmp_path / "agreed.csv"
    file.write_text("phone,agreed\n0938999888,yes\n", encoding="utf-8")
    page = open_desk("/manage/imports")
    send(page, file)
    asked = page.get_by_text("Columns say who agreed")
    expect(asked).to_be_hidden()
    page.get_by_role("combobox", name="agreed").select_option("consent_sms")
    expect(asked).to_be_visible()


# -- on every screen ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("screen", "theme", "language"),
    [("desk", "light", "en"), ("phone", "dark", "vi"), ("phone", "light", "th")],
)
def test_pages_of_files_fit_and_are_accessible(
    open_desk, tasting, list_of_customers, screen, theme, language
):
    page = open_desk(GROUP, viewport=SCREENS[screen], theme=theme, language=language)
    whole(page)
    page.locator("#purpose").fill("Screens")
    page.locator(".export-making .btn-primary").click()
    expect(page.locator(".files-progress")).to_be_visible()
    whole(page)
    tasting.do_jobs()
    expect(page.locator(".files-list")).to_be_visible()
    whole(page)
    send(page, list_of_customers)
    whole(page)
    page.locator(".import-choices .files-buttons .btn").click()
    expect(page.locator(".files-progress")).to_be_visible()
    whole(page)
    tasting.do_jobs()
    expect(page.locator(".tally")).to_be_visible()
    for address in (page.url, "/manage/exports", "/manage/imports", "/manage/imports/balances"):
        page.goto(address)
        whole(page)


def whole(page: Page) -> None:
    """With all that is folded away open."""
    unfold(page)
    fits(page)
    is_accessible(page)

"""Which column of a list of customers holds what: guessed in three languages, and known of other
systems."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from flask_babel import force_locale, gettext

from loyalty.imports import member_cells, member_columns, spreadsheets
from loyalty.imports.columns import plain
from loyalty.imports.member_columns import MEMBER_COLUMNS, PRESETS, guess, presets, recognise
from loyalty.members.attribute_rules import AttributeView
from loyalty.members.models import AttributeKind
from loyalty.tags import fields
from tests.imports.sheets import upload, workbook


def split(header):
    return header.split("|")


KIOTVIET = split(
    "Loại khách|Chi nhánh tạo|Mã khách hàng|Tên khách hàng|Điện thoại|Địa chỉ|Khu vực giao hàng"
    "|Phường/Xã|Công ty|Mã số thuế|Số CMND/CCCD|Ngày sinh|Giới tính|Email|Facebook"
    "|Nhóm khách hàng|Ghi chú|Điểm hiện tại|Tổng điểm|Người tạo|Ngày tạo|Ngày giao dịch cuối"
    "|Số ngày nợ|Nợ cần thu hiện tại|Tổng bán|Tổng bán trừ trả hàng|Trạng thái"
)
SAPO = split("First Name|Last Name|Email|Company|Address 1|City|Country|Country Code|Phone")
NHANH = split("Loại khách|Nhóm khách hàng|Họ tên khách hàng|Điện thoại|Email|Facebook|Ngày sinh")
MISA = split("Số điện thoại|Thẻ|Điểm đầu kỳ|Chi tiêu đầu kỳ")
HEADERS = {"kiotviet": KIOTVIET, "sapo": SAPO, "nhanh": NHANH, "misa": MISA}


def named(header, *, preset=None, **attributes):
    """Field -> the header it was found under."""
    views = {name: view(name, label) for name, label in attributes.items()}
    return {
        field: header[place]
        for field, place in guess(header, attributes=views, preset=preset).items()
    }


def view(name, label):
    return AttributeView(id=1, name=name, label=label, kind=AttributeKind.TEXT)


GUESSED = {
    "English": (
        ["Full Name", "Mobile Phone", "E-mail", "Birthday", "Sex", "City", "Customer Group"],
        ["name", "phone", "email", "birth_date", "gender", "province", "tags"],
    ),
    "Vietnamese": (
        ["Họ và tên", "SĐT", "Email", "Ngày sinh", "Giới tính", "Tỉnh/Thành phố", "Quận/Huyện"],
        ["name", "phone", "email", "birth_date", "gender", "province", "district"],
    ),
    "Vietnamese without marks": (
        ["ho ten", "so dien thoai", "ngay tao", "diem", "nhom khach hang", "nghe nghiep"],
        ["name", "phone", "joined_at", "points", "tags", "occupation"],
    ),
    "Thai": (
        ["ชื่อ-นามสกุล", "เบอร์โทรศัพท์", "อีเมล", "วันเกิด", "เพศ", "จังหวัด", "คะแนน"],
        ["name", "phone", "email", "birth_date", "gender", "province", "points"],
    ),
    "names in two parts": (["ชื่อ", "นามสกุล", "มือถือ"], ["name", "family_name", "phone"]),
    "with notes": (
        ["Số điện thoại (*)", "Ngày sinh (dd/mm/yyyy)", "EMAIL *", "Tên:"],
        ["phone", "birth_date", "email", "name"],
    ),
}


@pytest.mark.parametrize("what", GUESSED)
def test_header_is_guessed(what):
    header, found = GUESSED[what]
    assert named(header) == dict(zip(found, header, strict=True))


def test_of_two_columns_the_better_word_wins_and_then_the_first():
    assert named(["Điện thoại", "Di động"])["phone"] == "Di động"
    assert guess(["SĐT", "x", "sdt"], attributes={}) == {"phone": 0}


@pytest.mark.parametrize("referrer", ["Số điện thoại (người giới thiệu)", "Mobile [referrer]"])
def test_column_with_a_note_comes_after_one_without(referrer):
    assert named([referrer, "Điện thoại"]) == {"phone": "Điện thoại"}
    assert named([referrer, "Điện thoại (*)"]) == {"phone": "Điện thoại (*)"}
    assert named([referrer]) == {"phone": referrer}


FULL_NAMES = (
    ["Full Name", "Last Name"],
    ["Họ và tên", "Họ"],
    ["ชื่อ-นามสกุล", "นามสกุล"],
    ["Full Name", "First Name", "Last Name"],
    ["Customer Name *", "Surname"],
)
GIVEN_NAMES = (
    ["First Name", "Last Name"],
    ["Tên", "Họ", "Họ và tên"],
    ["ชื่อ", "นามสกุล"],
    ["Given name (*)", "Surname"],
    ["Tên (bắt buộc)", "Họ đệm"],
)


@pytest.mark.parametrize("header", FULL_NAMES)
def test_family_name_is_left_where_the_name_is_whole(header):
    assert named(header) == {"name": header[0]}


@pytest.mark.parametrize("header", GIVEN_NAMES)
def test_family_name_is_taken_beside_a_given_name(header):
    assert named(header) == {"name": header[0], "family_name": header[1]}


def test_header_in_which_nothing_is_known_is_no_mistake():
    assert guess([], attributes={}) == {}
    assert guess(["", "x", "(*)", "[]"], attributes={}) == {}


@pytest.mark.parametrize("header", ["attributes.vehicle", "Vehicle", "Xe đang đi", "xe dang di *"])
def test_attribute_is_found_by_its_name_or_label(header):
    assert named([header, "phone"], vehicle="Xe đang đi")["attributes.vehicle"] == header


def test_attribute_named_like_a_field_takes_what_is_left():
    found = named(["Nhóm", "attributes.group"], group="Nhóm")
    assert found == {"tags": "Nhóm", "attributes.group": "attributes.group"}
    assert named(["Nhóm"], group="Nhóm") == {"tags": "Nhóm"}


def test_no_word_means_two_fields():
    words = Counter(word for words in MEMBER_COLUMNS.values() for word in set(map(plain, words)))
    assert not [word for word, count in words.items() if count > 1]


@pytest.mark.parametrize("language", ["en", "vi", "th"])
def test_what_exports_write_is_recognised(app, language):
    from loyalty.exports.columns import FIXED

    with app.app_context(), force_locale(language):
        labels = {name: str(one.label) for name, one in FIXED.items() if one.in_import}
        others = [str(one.label) for one in FIXED.values() if not one.in_import]
    assert named([*labels.values(), *others]) == labels


@pytest.mark.parametrize("language", ["en", "vi", "th"])
def test_words_that_exports_write_are_read_back(app, language):
    with app.app_context(), force_locale(language):
        for words, codes in (
            (fields.GENDERS, member_cells.GENDERS),
            (fields.INCOMES, member_cells.INCOMES),
        ):
            written = {code: str(word) for code, word in words.items()}
            assert all(member_cells.code_of(word, codes) == code for code, word in written.items())
        assert member_cells.yes_or_no(gettext("yes")) is True
        assert member_cells.yes_or_no(gettext("no")) is False


@pytest.mark.parametrize("name", HEADERS)
def test_list_of_another_system_is_recognised(name):
    assert recognise(HEADERS[name]) == name
    assert recognise([header.upper() for header in reversed(HEADERS[name])]) == name


@pytest.mark.parametrize("header", [["phone", "name"], ["Loại khách"], [], KIOTVIET[3:6]])
def test_other_lists_are_not(header):
    assert recognise(header) is None


def test_preset_says_which_column_is_meant():
    found = named(KIOTVIET, preset="kiotviet")
    assert found["phone"] == "Điện thoại"
    assert found["province"] == "Khu vực giao hàng"
    assert found["points"] == "Điểm hiện tại"
    assert named(MISA, preset="misa")["points"] == "Điểm đầu kỳ"
    assert named(SAPO, preset="sapo") == {
        "phone": "Phone",
        "name": "First Name",
        "family_name": "Last Name",
        "email": "Email",
        "country": "Country Code",
        "province": "City",
    }


@pytest.mark.parametrize("name", HEADERS)
def test_preset_is_complete_and_says_where_it_comes_from(name):
    written = json.loads((PRESETS / f"{name}.json").read_text(encoding="utf-8"))
    assert len(written["source"]) > 50
    assert presets()[name].label == written["label"]
    assert set(written["columns"]) <= set(MEMBER_COLUMNS)
    assert "phone" in written["columns"]
    assert set(map(plain, written["signs"])) <= set(map(plain, HEADERS[name]))


def test_samples_are_the_first_rows_as_wide_as_the_header():
    rows = [("phone", "name"), ("0912345678",), ("0987654321", "x" * 999, ""), ("0903111222", "Bo")]
    file = spreadsheets.check(upload(workbook(rows)))
    assert member_columns.samples(file, 2) == [["0912345678", ""], ["0987654321", "x" * 100]]

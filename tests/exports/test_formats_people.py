"""CSV and XLSX for people: written in their language, as an import reads it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from loyalty.exports.columns import ColumnKind
from loyalty.exports.formats import spreadsheet
from tests.exports.formatted import (
    AROUND,
    EVERYTHING,
    attribute,
    csv_cells,
    make,
    write,
)
from tests.tags.speaking import speaking

NOON = datetime(2026, 11, 22, 5, 7, 42, tzinfo=UTC)
LAN = {
    "phone": "+84912345678",
    "name": "Lê Thị Lan",
    "email": "lan@example.com",
    "birth_date": date(1990, 1, 5),
    "gender": "female",
    "income_band": "high",
    "family_size": 4,
    "country": "VN",
    "province": "vn34:79",
    "joined_at": NOON,
    "points": 1250,
    "consent_sms": True,
    "consent_ads": False,
    "tags": ("VIP", "Khách quen"),
    "lifetime_spend": 1_250_000,
}


def csv_line(tmp_path, columns, member, around=AROUND, language="en"):
    with speaking(language):
        (file,) = write(make("csv", columns, around), [member], tmp_path).files
    _, line = csv_cells(tmp_path / file.name, "utf-8-sig")
    return line


def csv_cell(tmp_path, column, value, around=AROUND, language="en"):
    name = column if isinstance(column, str) else column.name
    (cell,) = csv_line(tmp_path, [column], {name: value}, around, language)
    return cell


# CSV ---------------------------------------------------------------------------


def test_csv_has_a_byte_order_mark_and_crlf(tmp_path):
    with speaking("vi"):
        (file,) = write(make("csv", ["name", "phone"]), [LAN], tmp_path).files
    raw = (tmp_path / file.name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").count("\r\n") == raw.count(b"\n") == 2


@pytest.mark.parametrize("language", ["en", "vi", "th"])
def test_header_is_in_the_language_that_is_spoken(tmp_path, language):
    with speaking(language):
        fmt = make("csv", EVERYTHING)
        (file,) = write(fmt, [LAN], tmp_path).files
        labels = [str(column.label) for column in fmt.chosen]
    assert csv_cells(tmp_path / file.name, "utf-8-sig")[0] == labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("phone", "+84912345678", "0912345678"),
        ("phone", "+842838234567", "02838234567"),
        ("phone", "+66812345678", "'+66812345678"),
        ("name", "Lê Thị Lan", "Lê Thị Lan"),
        ("birth_date", date(1990, 1, 5), "1990-01-05"),
        ("joined_at", NOON, "2026-11-22 12:07"),
        ("points", 0, "0"),
        ("family_size", 4, "4"),
        ("lifetime_spend", 1_250_000, "1250000"),
        ("consent_sms", True, "yes"),
        ("consent_sms", False, "no"),
        ("gender", "female", "female"),
        ("tags", ("VIP", "Khách quen"), "VIP; Khách quen"),
        ("tags", (), ""),
        ("country", "VN", "VN"),
        (attribute("distance", ColumnKind.NUMBER), 3.0, "3"),
        (attribute("distance", ColumnKind.NUMBER), 3.25, "3.25"),
        (attribute("distance", ColumnKind.NUMBER), -3.25, "'-3.25"),
        (attribute("vehicle", ColumnKind.CHOICE), "=1+1", "'=1+1"),
        (attribute("likes", ColumnKind.CHOICES), ("tea", "coffee"), "tea; coffee"),
        ("name", None, ""),
    ],
)
def test_csv_writes_a_value_as_an_import_reads_it(tmp_path, column, value, text):
    assert csv_cell(tmp_path, column, value) == text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["female", "high", "yes"]),
        ("vi", ["nữ", "cao", "có"]),
        ("th", ["หญิง", "สูง", "ใช่"]),
    ],
)
def test_words_are_in_the_language_that_is_spoken(tmp_path, language, words):
    columns = ["gender", "income_band", "consent_sms"]
    assert csv_line(tmp_path, columns, LAN, language=language) == words


def test_phone_is_written_as_the_shops_country_writes_it(tmp_path):
    thai = replace(AROUND, region="TH")
    assert csv_cell(tmp_path, "phone", "+66812345678", thai) == "0812345678"
    assert csv_cell(tmp_path, "phone", "+84912345678", thai) == "'+84912345678"
    american = replace(AROUND, region="US")
    assert csv_cell(tmp_path, "phone", "+16505551212", american) == "6505551212"


@pytest.mark.parametrize(
    ("province", "language", "text"),
    [
        ("vn34:01", "vi", "Hà Nội"),
        ("vn34:01", "en", "Hanoi"),
        ("vn63:02", "vi", "Hà Giang"),
        ("vn63:01", "vi", "vn63:01"),
        ("th77:01", "vi", "th77:01"),
    ],
)
def test_province_has_its_name_where_that_means_no_other(tmp_path, province, language, text):
    assert csv_cell(tmp_path, "province", province, language=language) == text


def test_money_has_the_decimals_of_the_currency(tmp_path):
    in_baht = replace(AROUND, currency="THB")
    assert csv_cell(tmp_path, "lifetime_spend", 1250, in_baht) == "12.50"


# XLSX --------------------------------------------------------------------------


def sheet_of(tmp_path, columns, members, around=AROUND, **more):
    with speaking("en"):
        fmt = make("xlsx", columns, around)
        (file,) = write(fmt, members, tmp_path, **more).files
    book = CalamineWorkbook.from_path(tmp_path / file.name)
    return book.get_sheet_by_index(0).to_python()


def test_workbook_holds_texts_numbers_and_real_dates(tmp_path):
    columns = ["phone", "name", "birth_date", "joined_at", "points", "lifetime_spend", "tags"]
    header, line = sheet_of(tmp_path, columns, [LAN])
    assert header[:2] == ["phone number", "name"]
    assert line == [
        "0912345678",
        "Lê Thị Lan",
        date(1990, 1, 5),
        NOON.astimezone(AROUND.zone).replace(tzinfo=None),
        1250.0,
        1_250_000.0,
        "VIP; Khách quen",
    ]


def test_foreign_phone_is_a_text_in_a_workbook(tmp_path):
    _, (phone,) = sheet_of(tmp_path, ["phone"], [{"phone": "+66812345678"}])
    assert phone == "+66812345678"


def test_money_in_a_workbook_is_a_number_of_major_units(tmp_path):
    in_baht = replace(AROUND, currency="THB")
    _, (spent,) = sheet_of(tmp_path, ["lifetime_spend"], [{"lifetime_spend": 1250}], in_baht)
    assert spent == 12.5


def test_cell_that_is_missing_is_empty(tmp_path):
    _, line = sheet_of(tmp_path, ["name", "birth_date", "points"], [{"points": 3}])
    assert line == ["", "", 3.0]


def test_text_longer_than_a_cell_is_cut_and_counted(tmp_path):
    fmt = make("xlsx", ["tags"])
    write(fmt, [{"tags": ("x" * 200,) * 200}], tmp_path)
    assert fmt.left_out == {"tags": 1}


def test_sheet_ends_where_spreadsheets_end(tmp_path, monkeypatch):
    assert spreadsheet.Spreadsheet.most_rows == 1_048_575
    monkeypatch.setattr(spreadsheet.Spreadsheet, "most_rows", 2)
    written = write(make("xlsx", ["name"]), [LAN] * 5, tmp_path)
    assert [file.rows for file in written.files] == [2, 2, 1]


def test_workbook_leaves_nothing_beside_it(tmp_path):
    (file,) = write(make("xlsx", ["name"]), [LAN], tmp_path).files
    assert [path.name for path in tmp_path.iterdir()] == [file.name]

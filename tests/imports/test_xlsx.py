"""XLSX: each value as it would stand in a CSV file, in the rows that a person sees."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from loyalty.imports import member_cells, spreadsheets
from tests.imports.sheets import inline, made, rebuilt, sheet_of, upload, workbook

PHONE = "0912345678"


def read(content):
    file = spreadsheets.check(upload(content))
    return file, list(spreadsheets.rows_of(file))


VALUES = {
    "a phone as a number": (912345678.0, "912345678"),
    "a long phone as a number": (84912345678, "84912345678"),
    "a fraction": (2.5, "2.5"),
    "a fraction that would read as thousands": (12.345, "12.3450"),
    "a large one": (1234.567, "1234.5670"),
    "a small one": (0.0000125, "1.25e-05"),
    "a date": (date(1990, 2, 28), "1990-02-28"),
    "a time": (datetime(2025, 11, 22, 10, 42), "2025-11-22T10:42:00"),  # noqa: DTZ001
    "yes": (True, "TRUE"),
    "no": (False, "FALSE"),
    "text": ("Trần Thị Lan", "Trần Thị Lan"),
    "digits as text": ("0012", "0012"),
    "two lines": ("a\nb", "a\nb"),
    "nothing": (None, ""),
}


@pytest.mark.parametrize("what", VALUES)
def test_value_is_read_as_a_person_sees_it(what):
    value, text = VALUES[what]
    _, rows = read(workbook([("phone", "value"), (PHONE, value)]))
    assert rows == [(2, [PHONE, text])]


@pytest.mark.parametrize("number", [12.345, 123.456, 1.5, 0.25])
def test_fraction_is_never_a_whole_number(number):
    """Points are counted whole: `12.345` in a text is twelve thousand."""
    text = read(workbook([("phone", "points"), (PHONE, number)]))[1][0][1][1]
    assert member_cells.number(text) == number
    with pytest.raises(ValueError):  # noqa: PT011
        member_cells.whole(text)


def test_formula_is_read_by_its_result_and_an_error_as_nothing():
    def write(book, sheet):
        sheet.write_row(0, 0, ("phone", "sum", "none"))
        sheet.write_string(1, 0, PHONE)
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, "=NA()", None, "#N/A")

    assert read(made(write))[1] == [(2, [PHONE, "2", ""])]


def test_rich_text_is_read_whole():
    def write(book, sheet):
        sheet.write_row(0, 0, ("phone", "name"))
        sheet.write_string(1, 0, PHONE)
        sheet.write_rich_string(1, 1, "Trần ", book.add_format({"bold": True}), "Lan")

    assert read(made(write))[1] == [(2, [PHONE, "Trần Lan"])]


def test_header_is_found_below_a_title():
    rows = [("DANH SÁCH KHÁCH HÀNG",), ("Ngày in", "22/11/2025"), (), ("Tên", "Điện thoại", "")]
    file, found = read(workbook([*rows, ("Lan", PHONE, "")]))
    assert (file.header, file.header_line, file.lines) == (["Tên", "Điện thoại"], 4, 5)
    assert found == [(5, ["Lan", PHONE])]


def test_header_without_a_known_phone_column_is_the_fullest_row():
    file, found = read(workbook([("Danh sách",), ("Ai", "Máy bàn"), ("Lan", PHONE)]))
    assert file.header == ["Ai", "Máy bàn"]
    assert found == [(3, ["Lan", PHONE])]


def test_header_too_far_below_is_not_looked_for():
    file, _ = read(workbook([*[("note",)] * 20, ("phone", "name")]))
    assert file.header == ["note"]


def test_blank_rows_are_passed_over_and_lines_are_those_of_the_sheet():
    _, found = read(workbook([("phone",), (), (PHONE,), ("",), ("1",)]))
    assert found == [(3, [PHONE]), (5, ["1"])]


def test_table_that_begins_in_another_corner():
    def write(book, sheet):
        sheet.write_row(2, 3, ("phone", "name"))
        sheet.write_row(3, 3, (PHONE, "Lan"))

    file, found = read(made(write))
    assert (file.header, found) == (["phone", "name"], [(4, [PHONE, "Lan"])])


def test_first_sheet_with_a_phone_column_is_read():
    file, found = read(workbook([("note",), ("x",)], Khách=[("SĐT",), (PHONE,)], More=[("phone",)]))
    assert (file.sheet, found) == ("Khách", [(2, [PHONE])])


def test_hidden_sheet_is_not_read():
    def write(book, sheet):
        sheet.write_row(0, 0, ("phone",))
        sheet.hide()
        shown = book.add_worksheet("Shown")
        shown.write_row(0, 0, ("name", "mobile"))
        shown.write_row(1, 0, ("Lan", PHONE))
        shown.activate()
        shown.set_first_sheet()

    assert read(made(write))[0].sheet == "Shown"


def test_cells_merged_above_the_table_are_no_matter():
    def write(book, sheet):
        sheet.merge_range(0, 0, 0, 1, "Danh sách")
        sheet.write_row(1, 0, ("phone", "name"))
        sheet.write_row(2, 0, (PHONE, "Lan"))

    assert read(made(write))[1] == [(3, [PHONE, "Lan"])]


def test_formatted_cells_without_a_value_make_the_sheet_no_larger():
    """Whole rows or columns are coloured: cells to XFD1048576, and nothing in them."""
    cells = (
        f'<row r="1">{inline("A1", "phone")}<c r="XFD1" s="1"/></row>'
        f'<row r="2">{inline("A2", PHONE)}</row><row r="1048577"><c r="A1048577" s="1"/></row>'
    )
    assert read(sheet_of(cells))[1] == [(2, [PHONE])]


def test_cells_need_not_say_where_they_stand():
    cells = "<row><c t='inlineStr'><is><t>phone</t></is></c></row>"
    cells += f"<row><c t='inlineStr'><is><t>{PHONE}</t></is></c></row>"
    assert read(sheet_of(cells))[1] == [(2, [PHONE])]


def test_characters_that_no_database_takes_are_left_out():
    cells = f'<row r="1">{inline("A1", "phone")}</row><row r="2">{inline("A2", "a_x0000_b")}</row>'
    assert read(sheet_of(cells))[1] == [(2, ["ab"])]


def test_picture_in_the_workbook_is_no_matter():
    content = rebuilt(workbook([("phone",), (PHONE,)]), {"xl/media/image1.png": b"\x89PNG" * 99})
    assert read(content)[1] == [(2, [PHONE])]

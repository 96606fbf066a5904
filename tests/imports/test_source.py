"""Every import takes what people have: CSV in old encodings, and workbooks."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from loyalty.imports import source
from loyalty.imports.encodings import VIETNAMESE
from loyalty.imports.files import BadFile
from tests.core.rows import row_counts, scalar
from tests.imports.files import csv_text, imported, refusal, row, run_import, windows_1258, written
from tests.imports.sheets import inline, sheet_of, workbook

HEADER = ("Số điện thoại", "Cửa hàng", "Mã hóa đơn", "Ngày mua", "Số tiền", "Tên")
BOUGHT = datetime(2025, 11, 22, 10, 42)  # noqa: DTZ001  # as a sheet has it, in the shop's zone


def test_purchases_come_in_from_a_workbook(app, api, store, cli, tmp_path):
    """A phone and an amount as numbers, a real date, and a title above."""
    rows = [("Bán hàng tháng 11",), HEADER, (912345678.0, "S01", "HD-1", BOUGHT, 150_000, "Lan")]
    told = imported(cli, written(tmp_path, workbook(rows), "sales.xlsx"))
    assert (told["rows"], told["recorded"]) == (1, 1)
    [purchase] = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"]
    assert (purchase["amount"], purchase["purchased_at"]) == (150_000, "2025-11-22T03:42:00Z")
    assert scalar(app, "SELECT e164 FROM member_phones") == "+84912345678"


def test_refused_rows_of_a_workbook_are_named_by_their_place_in_it(cli, store, tmp_path):
    rows = [("note",), HEADER, (), ("0912xxxxxx", "S01", "HD-1", BOUGHT, 150_000, "Lan")]
    out = tmp_path / "rejects.csv"
    file = written(tmp_path, workbook(rows), "sales.xlsx")
    assert imported(cli, file, "--rejects", str(out))["rejected"] == {"invalid_phone": 1}
    assert out.read_text(encoding="utf-8-sig").splitlines()[1].startswith("4,invalid_phone,")


def test_numbers_come_in_from_a_workbook(cli, app, tmp_path):
    file = written(tmp_path, workbook([("SĐT",), (912345678,), ("0987 654 321",)]), "list.xlsx")
    result = cli.invoke(args=["do-not-call", "import", str(file), "--source", "x", "--json"])
    assert json.loads(result.stdout)["added"] == 2
    assert scalar(app, "SELECT count(*) FROM do_not_call") == 2


def test_old_encoding_is_read_by_a_command(app, store, cli, tmp_path):
    content = csv_text([row(name="Trần Thị Bưởi")], columns=[*row(), "name"])
    assert imported(cli, written(tmp_path, windows_1258(content)))["recorded"] == 1
    assert scalar(app, "SELECT name FROM members") == "Trần Thị Bưởi"


@pytest.mark.usefixtures("store")
def test_sheet_with_a_row_too_many_is_refused_with_nothing_written(app, cli, tmp_path):
    cells = f'<row r="1">{inline("A1", "phone")}</row><row>{inline("A1048577", "0912345678")}</row>'
    before = row_counts(app)
    said = refusal(run_import(cli, written(tmp_path, sheet_of(cells), "sales.xlsx")))
    assert "more than 1,048,576 rows: divide it" in said
    assert row_counts(app) == before


def test_encoding_that_is_chosen_is_kept_for_the_rows(app, tmp_path):
    file = written(tmp_path, windows_1258("phone,tên\n1,Bưởi\n"))
    with app.app_context():
        checked = source.check(file, encoding=VIETNAMESE)
        assert (checked.encoding, list(source.rows_of(checked))) == (
            VIETNAMESE,
            [(2, ["1", "Bưởi"])],
        )


def test_same_file_has_the_same_sum_and_another_file_another(app, tmp_path):
    contents = [b"phone\n1\n", b"phone\n2\n", workbook([("phone",)]), workbook([("phone",), (1,)])]
    files = [written(tmp_path, each, f"{n}.dat") for n, each in enumerate(contents)]
    with app.app_context():
        sums = [[source.check(file).sha256 for file in files] for _ in range(2)]
    assert sums[0] == sums[1]
    assert len(set(sums[0])) == len(files)


def test_workbook_that_was_changed_since_is_refused(app, tmp_path):
    file = written(tmp_path, workbook([("phone",), ("0912345678",)]), "list.xlsx")
    with app.app_context():
        checked = source.check(file)
        file.write_bytes(file.read_bytes()[:200])
        with pytest.raises(BadFile, match="damaged"):
            list(source.rows_of(checked))

"""The file of rows that were refused: where each stands, why, and what it held."""

from __future__ import annotations

import csv
import errno

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.imports.refused_rows import Refused
from loyalty.imports.rejects import RefusedList
from tests.core.rows import scalar
from tests.imports.files import COLUMNS, csv_text, imported, row, rows, written

pytestmark = pytest.mark.usefixtures("store")

RISKY = ["=1+1", "+84x", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "=1\n+1"]
PLAIN = ["'=1", "a=1", " =1", "0912345678x", "đỏ"]
HEAD = ",".join(COLUMNS) + "\n"
GOOD, BAD = csv_text([row(), row(phone="x")]).splitlines(True)[1:]
BAD_ON_TWO_LINES = BAD.replace("x,S01", '"x\n",S01')


def refused_rows(cli, tmp_path, text: str) -> list[list[str]]:
    """The lines of the rejects file of `text`, its header too."""
    out = tmp_path / "rejects.csv"
    imported(cli, written(tmp_path, text), "--rejects", str(out))
    with out.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_refused_row_is_kept_with_line_code_sentence_and_cells(cli, tmp_path):
    given = [row(), row(amount="9"), row(phone=""), row(phone="0912xxxxxx"), row(amount="1.5")]
    header, *found = refused_rows(cli, tmp_path, csv_text(given))
    assert header == ["line", "code", "sentence", *COLUMNS]
    assert [(int(cells[0]), cells[1]) for cells in found] == [
        (3, "receipt_conflict"),
        (4, "no_phone"),
        (5, "invalid_phone"),
        (6, "invalid_amount"),
    ]
    assert all(cells[2].endswith((".", "。")) for cells in found)
    assert [cells[3:] for cells in found] == [list(one.values()) for one in given[1:]]


def test_file_is_for_spreadsheets_too(cli, tmp_path):
    refused_rows(cli, tmp_path, HEAD + BAD)
    assert (tmp_path / "rejects.csv").read_bytes().startswith(b"\xef\xbb\xbfline,")


def test_sentences_show_no_phone(cli, tmp_path):
    given = [row(), row(amount="9"), row(phone="0912345678x"), row(phone="0912345678 Lan")]
    found = refused_rows(cli, tmp_path, csv_text(given))[1:]
    assert len(found) == 3
    assert not [cells[2] for cells in found if "12345" in cells[2] or "Lan" in cells[2]]


@pytest.mark.parametrize("text", RISKY)
def test_cell_that_a_spreadsheet_would_run_is_made_safe(cli, tmp_path, text):
    given = csv_text([row(phone="x", note=quoted(text))], columns=[*COLUMNS, "note"])
    made_safe = text.replace("\n+", "\n'+")
    assert refused_rows(cli, tmp_path, given)[1][-1] == f"'{made_safe}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_cells_stay_as_they_are(cli, tmp_path, text):
    given = csv_text([row(phone="x", note=quoted(text))], columns=[*COLUMNS, "note"])
    assert refused_rows(cli, tmp_path, given)[1][-1] == text


def test_header_is_made_safe_too(cli, tmp_path):
    header = [*COLUMNS, "=1+1"]
    given = csv_text([row(phone="x", note="")], columns=[*COLUMNS, "note"], header=header)
    assert refused_rows(cli, tmp_path, given)[0][-1] == "'=1+1"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (HEAD + BAD, [2]),
        (HEAD + "\n\n" + BAD + "\n" + BAD, [4, 6]),
        (HEAD + "\r\n\r\n" + BAD.replace("\n", "\r\n"), [4]),
        (HEAD + BAD_ON_TWO_LINES + BAD, [2, 4]),
        (HEAD + GOOD + BAD_ON_TWO_LINES + "\n" + BAD_ON_TWO_LINES + GOOD + BAD, [3, 6, 9]),
        ("\ufeff" + HEAD + BAD, [2]),
    ],
)
def test_line_is_the_one_where_the_row_begins(cli, tmp_path, text, lines):
    """As an editor counts: blank lines and line breaks within cells count too."""
    assert [int(cells[0]) for cells in refused_rows(cli, tmp_path, text)[1:]] == lines


def test_mended_rows_can_be_imported_from_the_rejects(app, cli, tmp_path):
    """What is not ours in it is passed over, and a mark of safety harms no phone."""
    given = [*rows(2), row(receipt_no="HD-8", phone="+84 912 345 678", amount="x")]
    refused_rows(cli, tmp_path, csv_text(given))
    mended = (tmp_path / "rejects.csv").read_text(encoding="utf-8").replace(",x\n", ",150000\n")
    mended = mended.replace(",x\r\n", ",150000\r\n")
    assert imported(cli, written(tmp_path, mended))["recorded"] == 1
    assert scalar(app, "SELECT count(*) FROM members") == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_said(tmp_path, monkeypatch, number):
    def fail(_):
        raise OSError(number, "full")

    monkeypatch.setattr("loyalty.imports.rejects.os.fsync", fail)
    refused = Refused(line=2, code="invalid_phone", sentence="No phone.", cells=["x"])
    with pytest.raises(Problem) as why:
        RefusedList(tmp_path / "refused.csv", ["phone"]).add([refused])
    assert why.value.code is Code.DISK_FULL

"""Files that are refused as a whole: one sentence, exit 1, and nothing written."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from loyalty.core.limits import CSV_COLUMNS, CSV_LINE_BYTES
from tests.core.rows import row_counts, scalar
from tests.imports.files import (
    COLUMNS,
    csv_text,
    refusal,
    row,
    rows,
    run_import,
    windows_1258,
    written,
)

pytestmark = pytest.mark.usefixtures("store")

GOOD = csv_text(rows(40))
PACKED = gzip.compress(GOOD.encode())
LAST = csv_text([row(receipt_no="last")]).splitlines()[1]


def zipped() -> bytes:
    """What is a ZIP file, and no workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("purchases.csv", GOOD)
    return content.getvalue()


def without(column: str) -> str:
    return csv_text(rows(3), columns=[name for name in COLUMNS if name != column])


def doubled(name: str) -> str:
    return GOOD.replace("amount\n", f"amount,{name}\n", 1)


REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "nothing at all": ("a.csv", "", "The file is empty"),
    "blank first line": ("a.csv", "\n" + GOOD, "The file is empty"),
    "a mark and nothing": ("a.csv", b"\xef\xbb\xbf", "The file is empty"),
    "gzip of nothing": ("a.csv.gz", gzip.compress(b""), "The file is empty"),
    "zip named csv": ("a.csv", zipped(), "no Excel workbook"),
    "zip named xlsx": ("a.xlsx", zipped(), "no Excel workbook"),
    "gzip named csv": ("a.csv", PACKED, "gzip file: name it .csv.gz"),
    "text named gz": ("a.csv.gz", GOOD, "no gzip file"),
    "zip named gz": ("a.csv.gz", zipped(), "no gzip file"),
    "nothing named gz": ("a.csv.gz", "", "no gzip file"),
    "gzip cut in the middle": ("a.csv.gz", PACKED[: len(PACKED) // 2], "cut short"),
    "gzip without its last byte": ("a.csv.gz", PACKED[:-1], "cut short"),
    "gzip cut within its checksum": ("a.csv.gz", PACKED[:-6], "cut short"),
    "gzip without its checksum": ("a.csv.gz", PACKED[:-8], "cut short"),
    "gzip with another checksum": ("a.csv.gz", PACKED[:-8] + bytes(4) + PACKED[-4:], "damaged"),
    "gzip with a broken body": ("a.csv.gz", PACKED[:20] + b"\xff" * 9 + PACKED[29:], "damaged"),
    "gzip and something behind": ("a.csv.gz", PACKED + b"something", "damaged"),
    "gzip of a zip": ("a.csv.gz", gzip.compress(zipped()), "Line 1 "),
    "UTF-16 without a mark": ("a.csv", GOOD.encode("utf-16-le"), "NUL"),
    "UTF-16 cut in a character": ("a.csv", GOOD.encode("utf-16")[:-1], "encoding utf-16"),
    "mixed encodings": ("a.csv", f"{GOOD}Trần\n".encode() + windows_1258("Trần"), "Line 43 "),
    "an encoding of elsewhere": ("a.csv", GOOD.encode() + "Müller".encode("cp1252"), "Line 42 "),
    "NUL byte": ("a.csv", GOOD.encode() + b"0912345678\0,S01\n", "Line 42 holds a NUL"),
    "line too long": ("a.csv", GOOD + "x" * (CSV_LINE_BYTES + 1) + "\n", "Line 42 is longer"),
    "header too long": ("a.csv", "x" * (CSV_LINE_BYTES + 1), "Line 1 is longer"),
    "cell over many lines too long": ("a.csv", GOOD + '"' + "x\n" * CSV_LINE_BYTES, "quotation"),
    "too many columns": ("a.csv", "x," * CSV_COLUMNS + GOOD, "columns"),
    "quotation mark not closed": ("a.csv", GOOD + f'"{LAST}\n', "quotation mark"),
    "quotation mark closed too late": ("a.csv", f'{GOOD}"{LAST}\n{LAST},"x"\n', "quotation mark"),
    "quotation mark within a cell": ("a.csv", GOOD + f'"09"12345678{LAST}\n', "quotation mark"),
    "quotation mark in the header": ("a.csv", '"' + GOOD, "quotation mark"),
    "lines end as on old Macs": ("a.csv", GOOD.replace("\n", "\r"), "carriage return"),
    "two amounts": ("a.csv", doubled("amount"), "Two columns hold the amount"),
    "two amounts in two languages": ("a.csv", doubled("Số tiền"), "Two columns hold the amount"),
    "no header": ("a.csv", GOOD.partition("\n")[2], "no column phone, store, receipt_no"),
    "another file": ("a.csv", "name,age\nLan,30\n", "no column phone"),
    **{f"no {name}": ("a.csv", without(name), f"no column {name}:") for name in COLUMNS},
}


@pytest.mark.parametrize("what", REFUSED)
def test_file_is_refused_in_one_sentence_with_nothing_written(app, cli, tmp_path, what):
    name, content, sentence = REFUSED[what]
    file = written(tmp_path, content, name)
    before = row_counts(app)
    assert sentence in refusal(run_import(cli, file, "--create-stores", "--json"))
    assert row_counts(app) == before


def test_refusals_of_one_file_do_not_hold_what_stands_in_it(cli, tmp_path):
    file = written(tmp_path, GOOD + f'"{LAST}\n')
    assert "912345678" not in refusal(run_import(cli, file))


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere/a.csv", ".", "a" * 300 + ".csv"])
def test_file_that_is_not_there_is_refused(app, cli, tmp_path, name):
    before = row_counts(app)
    assert "file" in refusal(run_import(cli, tmp_path / name))
    assert row_counts(app) == before


@pytest.mark.parametrize("name", ["nowhere/rejects.csv", "a" * 300])
def test_rejects_that_cannot_be_written_stop_the_import(app, cli, tmp_path, name):
    file = written(tmp_path, GOOD)
    refusal(run_import(cli, file, "--rejects", str(tmp_path / name)))
    assert scalar(app, "SELECT count(*) FROM purchases") == 0


def test_rejects_never_overwrite_the_file_itself(app, cli, tmp_path, monkeypatch):
    file = written(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    for same in (str(file), file.name, f"../{tmp_path.name}/{file.name}"):
        refusal(run_import(cli, file, "--rejects", same))
    Path("link.csv").symlink_to(file)
    refusal(run_import(cli, file, "--rejects", "link.csv"))
    assert file.read_text() == GOOD
    assert scalar(app, "SELECT count(*) FROM purchases") == 0

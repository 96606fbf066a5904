"""Files: named, split, hashed, seen by their owner alone, and all of them or none."""

from __future__ import annotations

import errno
import gc
import stat
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.exports.formats.plain_csv import PlainCsv
from loyalty.exports.formats.sms import Sms
from loyalty.exports.formats.spreadsheet import Spreadsheet
from loyalty.exports.writing import write_files
from tests.exports.formatted import AROUND, csv_cells, make
from tests.tags.speaking import speaking

ROWS = [(number, f"+849{number:08}") for number in range(1, 11)]
STEM = "sms-20261122"


class Stop(Exception):
    pass


def write(folder, batches, fmt=None, rows_per_file=None, on_rows=lambda rows: None):
    return write_files(
        fmt or make("sms"),
        batches,
        folder,
        stem=STEM,
        rows_per_file=rows_per_file,
        on_rows=on_rows,
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def phones_in(path: Path) -> list[str]:
    return [line[0] for line in csv_cells(path)[1:]]


def test_one_file_has_no_number(tmp_path):
    written = write(tmp_path, [ROWS[:6], ROWS[6:]])
    assert names_in(tmp_path) == ["sms-20261122.csv"]
    assert [(file.name, file.rows) for file in written.files] == [("sms-20261122.csv", 10)]
    assert written.rows == 10


@pytest.mark.parametrize("batch", [1, 3, 4, 10])
@pytest.mark.parametrize(
    ("rows_per_file", "split"), [(4, [4, 4, 2]), (5, [5, 5]), (1, [1] * 10), (10, [10])]
)
def test_rows_are_split_in_order_whatever_the_batches(tmp_path, batch, rows_per_file, split):
    batches = [ROWS[start : start + batch] for start in range(0, 10, batch)]
    written = write(tmp_path, batches, rows_per_file=rows_per_file)
    assert [file.rows for file in written.files] == split
    numbers = range(1, len(split) + 1)
    names = [f"{STEM}-{n}.csv" for n in numbers] if len(split) > 1 else [f"{STEM}.csv"]
    assert [file.name for file in written.files] == names
    phones = [phone for file in written.files for phone in phones_in(tmp_path / file.name)]
    assert phones == [phone[1:] for _, phone in ROWS]


def test_format_splits_where_its_receiver_takes_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(Sms, "most_rows", 3)
    assert [file.rows for file in write(tmp_path, [ROWS]).files] == [3, 3, 3, 1]
    assert [file.rows for file in write(tmp_path, [ROWS], rows_per_file=2).files] == [2] * 5
    assert len(write(tmp_path, [ROWS], rows_per_file=9).files) == 4


@pytest.mark.parametrize("batches", [[], [[]], [[], []]])
def test_without_rows_there_is_no_file(tmp_path, batches):
    written = write(tmp_path, batches)
    assert (written.files, written.rows, names_in(tmp_path)) == ([], 0, [])


def test_hash_and_size_are_those_of_the_file(tmp_path):
    for file in write(tmp_path, [ROWS], rows_per_file=6).files:
        raw = (tmp_path / file.name).read_bytes()
        assert (file.bytes, file.sha256) == (len(raw), sha256(raw).hexdigest())


@pytest.mark.parametrize("name", ["csv", "xlsx", "sms"])
def test_only_the_owner_can_read_a_file(tmp_path, name):
    modes: list[int] = []

    def look(_: int) -> None:
        modes.extend(path.stat().st_mode for path in tmp_path.iterdir() if path.is_file())

    with speaking("en"):
        write(tmp_path, [ROWS], make(name, ["phone"]), on_rows=look)
    look(0)
    assert {stat.S_IMODE(mode) for mode in modes} == {0o600}


def test_who_waits_hears_of_all_rows_so_far(tmp_path):
    heard: list[int] = []
    write(tmp_path, [ROWS[:4], ROWS[4:]], rows_per_file=3, on_rows=heard.append)
    assert heard[-1] == 10
    assert heard == sorted(heard)


def test_ending_of_a_workbook_is_work_that_can_be_stopped(tmp_path):
    heard: list[int] = []

    def stop_at_the_end(done: int) -> None:
        heard.append(done)
        if heard.count(10) == 3:
            raise Stop

    with speaking("en"), pytest.raises(Stop):
        write(tmp_path, [ROWS], make("xlsx", ["phone"]), on_rows=stop_at_the_end)
    assert names_in(tmp_path) == []


def test_unfinished_file_does_not_have_its_name(tmp_path):
    seen = []
    write(tmp_path, [ROWS], rows_per_file=5, on_rows=lambda _: seen.extend(names_in(tmp_path)))
    assert seen
    assert all(name.endswith(".part") for name in seen)


# Faults ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["csv", "xlsx", "zalo"])
def test_stopped_halfway_it_leaves_no_file(tmp_path, name):
    (tmp_path / "another.csv").touch()

    def stop(done: int) -> None:
        if done == 10:
            raise Stop

    fmt = make(name, ["phone"])
    with speaking("en"), pytest.raises(Stop):
        write(tmp_path, [ROWS], fmt, rows_per_file=4, on_rows=stop)
    assert names_in(tmp_path) == ["another.csv"]


class OnAFullDisk:
    """A format whose file stands on a disk that is full, after some rows or at the end."""

    @contextmanager
    def open(self, path, **more):
        path.unlink()
        path.symlink_to("/dev/full")
        with super().open(path, **more) as file:  # type: ignore[misc]
            yield file


class FullCsv(OnAFullDisk, PlainCsv):
    pass


class FullSheet(OnAFullDisk, Spreadsheet):
    pass


def code_of_refusal(folder, rows, fmt):
    """What was open is let go of here, and must not complain."""
    with speaking("en"), pytest.raises(Problem) as raised:
        write(folder, [rows], fmt)
    code = raised.value.code
    del raised
    gc.collect()
    return code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("full", [FullCsv, FullSheet])
@pytest.mark.parametrize("rows", [10, 20_000])
def test_full_disk_is_said_and_leaves_no_file(tmp_path, full, rows):
    fmt = full(make("csv", ["name"]).chosen, AROUND)
    names = [(number, "Lê Thị Lan") for number in range(rows)]
    assert code_of_refusal(tmp_path, names, fmt) is Code.DISK_FULL
    assert names_in(tmp_path) == []


def test_full_disk_beside_a_workbook_is_said(tmp_path, monkeypatch):
    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with speaking("en"):
        fmt = make("xlsx", ["phone"])
        monkeypatch.setattr("xlsxwriter.packager.Packager._create_package", no_space)
        assert code_of_refusal(tmp_path, ROWS, fmt) is Code.DISK_FULL
    assert names_in(tmp_path) == []


def test_other_failures_pass_as_they_are(tmp_path):
    (tmp_path / f"{STEM}-1.csv.part").mkdir()
    with pytest.raises(FileExistsError):
        write(tmp_path, [ROWS])

"""B3: the import of a real purchase history, in time and in memory. B15: a million members."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import phonenumbers

import config
from tests.benchmarks.command import Ran, run_command
from tests.benchmarks.installation import DATABASES, installed, postgres
from tests.benchmarks.row import Options, Row, in_turns

HISTORY = config.ROOT.parent / "shared" / "data" / "cdnow_purchases.csv.gz"
ROWS = 71_094
RECORDED = 69_659
TIMES = 10
TIME_BOUND = 5.0
MEMORY_BOUND_MB = 200

MEMBERS = 1_000_000
FEWER_MEMBERS = 100_000
MEMBERS_TIME_BOUND = 4.0
MEMBERS_MEMORY_BOUND = 1.25
"""Ten times the members may take so much of the memory: flat, but for what differs by chance."""
_NAMES = ("Nguyễn Văn An", "Trần Thị Bình", "Lê Hữu Cường", "Phạm Ngọc Hạnh", "Đặng Thị Thảo")
_PLACES = ("Hà Nội", "TP. Hồ Chí Minh", "Đà Nẵng", "Huế", "")


def history(options: Options) -> Iterator[Row]:
    """B3: the command's whole time beside phonenumbers alone on the same phones, and its
    peak memory, for the file and for one ten times as long."""
    del options  # it takes as long as it takes
    if not HISTORY.exists():
        return
    phones = _phones()
    with postgres() as server:
        for database in DATABASES:
            peaks: list[float] = []

            def measure(_: int, database: str = database, peaks: list[float] = peaks) -> float:
                with installed(database, server, store=None) as shop:
                    seconds, peak = run_import(shop.environ, HISTORY, expect=RECORDED)
                peaks.append(peak)
                return seconds

            measured, reference = in_turns(measure, lambda: seconds_to_read(phones))
            yield Row(
                name="B3",
                database=database,
                what=f"import, {ROWS:,} rows",
                measured=measured,
                reference=reference,
                unit=" s",
                reference_is="phonenumbers alone",
                bound=f"<= {TIME_BOUND:.2f}",
                holds=measured / reference <= TIME_BOUND,
                how="flask purchases import as a whole; parse + is_valid + E164 of the same phones",
            )
            yield _memory_row(database, peaks[0])
        with tempfile.TemporaryDirectory(prefix="loyalty-benchmark-") as folder:
            longer = ten_times(Path(folder))
            with installed("sqlite", server, store=None) as shop:
                _, peak = run_import(shop.environ, longer, expect=RECORDED * TIMES)
            yield _memory_row("sqlite", peak, times=TIMES)


def _memory_row(database: str, peak: float, times: int = 1) -> Row:
    return Row(
        name="B3",
        database=database,
        what=f"memory, {ROWS * times:,} rows",
        measured=peak,
        reference=MEMORY_BOUND_MB,
        unit=" MB",
        reference_is="what is allowed",
        bound="<= 1.00",
        holds=peak <= MEMORY_BOUND_MB,
        how="greatest resident size of the command, one run",
    )


def run_import(environ: dict[str, str], file: Path, *, expect: int) -> tuple[float, float]:
    """Seconds and peak megabytes of the command; raises RuntimeError on another count."""
    ran = run_command(environ, "purchases", "import", str(file), "--create-stores", "--json")
    recorded = json.loads(ran.said.rpartition("\n")[2])["recorded"]
    if recorded != expect:
        raise RuntimeError(f"the import recorded {recorded} of {expect}")
    return ran.seconds, ran.peak_mb


def seconds_to_read(phones: list[str]) -> float:
    began = time.monotonic()
    for phone in phones:
        try:
            number = phonenumbers.parse(phone, "VN")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return time.monotonic() - began


def ten_times(folder: Path) -> Path:
    """The same history ten times over, each time under receipt numbers of its own."""
    longer = folder / "ten-times.csv.gz"
    with gzip.open(longer, "wt", compresslevel=1, encoding="utf-8", newline="") as out:
        writer: csv.DictWriter[str] | None = None
        for again in range(TIMES):
            for row in _rows():
                if writer is None:
                    writer = csv.DictWriter(out, list(row))
                    writer.writeheader()
                writer.writerow({**row, "receipt_no": f"{row['receipt_no']}-{again}"})
    return longer


def _phones() -> list[str]:
    return [row["phone"] for row in _rows()]


def _rows() -> Iterator[dict[str, str]]:
    with gzip.open(HISTORY, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def members(options: Options) -> Iterator[Row]:
    """B15: a list of members into PostgreSQL beside phonenumbers alone on the same phones, and
    its peak memory beside that of a list a tenth as long."""
    del options  # it takes as long as it takes
    with postgres() as server, tempfile.TemporaryDirectory(prefix="loyalty-benchmark-") as folder:
        shorter = _members_file(Path(folder) / "shorter.csv", FEWER_MEMBERS)
        longer = _members_file(Path(folder) / "longer.csv", MEMBERS)
        with installed("postgresql", server, store=None) as shop:
            low = _import_members(shop.environ, shorter, expect=FEWER_MEMBERS)
        with installed("postgresql", server, store=None) as shop:
            reference = seconds_to_read([_phone(number) for number in range(MEMBERS)])
            ran = _import_members(shop.environ, longer, expect=MEMBERS)
    yield Row(
        name="B15",
        database="postgresql",
        what=f"import, {MEMBERS:,} members",
        measured=ran.seconds,
        reference=reference,
        unit=" s",
        reference_is="phonenumbers alone",
        bound=f"<= {MEMBERS_TIME_BOUND:.2f}",
        holds=ran.seconds / reference <= MEMBERS_TIME_BOUND,
        how="flask members import as a whole, once; parse + is_valid + E164 of the same phones",
    )
    yield Row(
        name="B15",
        database="postgresql",
        what=f"memory, {MEMBERS:,} members",
        measured=ran.peak_mb,
        reference=low.peak_mb,
        unit=" MB",
        reference_is=f"{FEWER_MEMBERS:,} members",
        bound=f"<= {MEMBERS_MEMORY_BOUND:.2f}",
        holds=ran.peak_mb / low.peak_mb <= MEMBERS_MEMORY_BOUND,
        how="greatest resident size of the command, one run each",
    )


def _import_members(environ: dict[str, str], file: Path, *, expect: int) -> Ran:
    ran = run_command(environ, "members", "import", str(file), "--json")
    created = json.loads(ran.said.rpartition("\n")[2])["created"]
    if created != expect:
        raise RuntimeError(f"the import made {created} of {expect}")
    return ran


def _members_file(path: Path, count: int) -> Path:
    """Half of them with an e-mail, two thirds with a birth date, all with a name."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["phone", "name", "email", "birth date", "gender", "province"])
        for number in range(count):
            born = f"{1 + number % 28:02}/{1 + number % 12:02}/{1950 + number % 58}"
            writer.writerow(
                [
                    _phone(number),
                    f"{_NAMES[number % 5]} {number % 997}",
                    f"m{number}@example.com" if number % 2 else "",
                    born if number % 3 else "",
                    ("nam", "nữ", "")[number % 3],
                    _PLACES[number // 7 % 5],
                ]
            )
    return path


def _phone(number: int) -> str:
    """Each another one, not in order: numbers of two kinds of mobiles that are all in use."""
    scattered = number * 611_953 % 10_000_000
    return f"0{(98, 91)[number % 2]}{scattered:07}"

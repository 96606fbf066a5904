"""Rows into files: split, named, hashed, and all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from loyalty.core.disk import saying_disk_full
from loyalty.exports.formats.base import Format, Row


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """`rows` without the header."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Written:
    files: list[WrittenFile]
    rows: int


def write_files(
    fmt: Format,
    batches: Iterable[Sequence[Row]],
    folder: Path,
    *,
    stem: str,
    rows_per_file: int | None,
    on_rows: Callable[[int], None],
) -> Written:
    """`{stem}.csv` in `folder`, or `{stem}-1.csv`, `-2` and so on where rows are more than
    fit into one file; no file without rows. Only the owner can read them.

    `on_rows` hears how many rows are written in all, after every batch and while the ending
    of a file takes long; what it raises ends the writing. Raises Problem(DISK_FULL). After
    any exception none of the files is there.
    """
    most = _most_in_one(fmt, rows_per_file)
    parts: list[tuple[Path, int]] = []
    done = 0

    def busy() -> None:
        on_rows(done)

    with _all_or_none(folder, stem), saying_disk_full():
        for number, slices in groupby(_sliced(batches, most), key=itemgetter(0)):
            part = folder / f"{stem}-{number}.{fmt.extension}.part"
            part.touch(mode=0o600, exist_ok=False)
            rows_before = done
            with fmt.open(part, busy=busy) as file:
                for _, rows in slices:
                    file.write(rows)
                    done += len(rows)
                    busy()
            parts.append((part, done - rows_before))
        return Written(files=_named(parts, stem, fmt.extension), rows=done)


def rows_of_smallest(fmt: Format | type[Format], rows: int, *, rows_per_file: int | None) -> int:
    """Of the files that so many rows make, how many the last holds: the others are full."""
    most = _most_in_one(fmt, rows_per_file)
    return rows if most is None or not rows else (rows - 1) % most + 1


def _most_in_one(fmt: Format | type[Format], rows_per_file: int | None) -> int | None:
    return min(filter(None, (rows_per_file, fmt.most_rows)), default=None)


def _sliced(
    batches: Iterable[Sequence[Row]], most: int | None
) -> Iterator[tuple[int, Sequence[Row]]]:
    """The rows with the number of the file they go into, from 1."""
    number, written = 1, 0
    for batch in batches:
        rest = batch
        while rest:
            if written == most:
                number, written = number + 1, 0
            room = len(rest) if most is None else most - written
            yield number, rest[:room]
            written += min(room, len(rest))
            rest = rest[room:]


def _named(parts: list[tuple[Path, int]], stem: str, extension: str) -> list[WrittenFile]:
    files = []
    for number, (part, rows) in enumerate(parts, start=1):
        name = f"{stem}.{extension}" if len(parts) == 1 else f"{stem}-{number}.{extension}"
        whole = part.rename(part.with_name(name))
        with whole.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = whole.stat().st_size
        files.append(WrittenFile(name=name, rows=rows, bytes=size, sha256=sha256))
    return files


@contextmanager
def _all_or_none(folder: Path, stem: str) -> Iterator[None]:
    """What stood in the folder before stays."""
    before = set(folder.iterdir())
    try:
        yield
    except BaseException:
        for path in set(folder.iterdir()) - before:
            if path.name.startswith(stem):
                path.unlink(missing_ok=True)
        raise

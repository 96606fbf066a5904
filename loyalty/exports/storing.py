"""Where the files of exports stand: `<data_dir>/exports/<id>/`, for the service's own user only.

Files are written in a folder of their own and moved when all of them are whole, so that a
worker that was thought dead and comes back spoils nothing of another's.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import current_app


def folder_of(export_id: int) -> Path:
    return _root() / str(export_id)


def _root() -> Path:
    return Path(current_app.extensions["settings"].data_dir) / "exports"


@contextmanager
def begun(export_id: int) -> Iterator[Path]:
    """The folder of an export, empty: what an attempt before left is deleted. Still empty at
    the end, it is gone."""
    folder = folder_of(export_id)
    _root().mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        yield folder
    finally:
        with suppress(OSError):
            folder.rmdir()


def delete(export_ids: Iterable[int]) -> None:
    """Their files. Raises nothing: `service.delete_old` finds what is left."""
    for export_id in export_ids:
        shutil.rmtree(folder_of(export_id), ignore_errors=True)


def stored() -> set[int]:
    """Exports that have a folder."""
    if not _root().exists():
        return set()
    return {int(folder.name) for folder in _root().iterdir() if folder.name.isdecimal()}


@contextmanager
def working(folder: Path) -> Iterator[Path]:
    """A folder within `folder` to write in, gone at the end."""
    # A worker that was thought dead takes the empty folder away at its end.
    folder.mkdir(mode=0o700, exist_ok=True)
    here = folder / f".{secrets.token_hex(8)}"
    here.mkdir(mode=0o700)
    try:
        yield here
    finally:
        shutil.rmtree(here, ignore_errors=True)


@contextmanager
def placed(here: Path, folder: Path, names: Collection[str]) -> Iterator[None]:
    """For the block that says that they are there: these files of `here`, moved into `folder`.
    Where the block raises they are moved back: it may be tried again."""
    moved: list[str] = []
    try:
        for name in names:
            (here / name).replace(folder / name)
            moved.append(name)
        yield
    except BaseException:
        for name in moved:
            (folder / name).replace(here / name)
        raise

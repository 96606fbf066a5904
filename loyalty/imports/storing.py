"""Where the files of an import lie: what was sent, what is known of it, which rows were
refused. For the service alone to read, and for `LOYALTY_FILES_DAYS` to keep."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from flask import current_app

from loyalty.core.disk import saying_disk_full
from loyalty.imports.files import ZIP_MAGIC

_UPLOADS = ("upload.csv", "upload.xlsx")


def folder_of(import_id: int) -> Path:
    """Made if missing. Raises `disk_full`, as all that keeps something here does."""
    folder = _home() / str(import_id)
    with saying_disk_full():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def keep_upload(import_id: int, content: bytes) -> Path:
    name = _UPLOADS[content.startswith(ZIP_MAGIC)]
    return _write(folder_of(import_id) / name, content)


def upload_of(import_id: int) -> Path | None:
    """None where it was deleted, or never was here: a command reads its file where it lies."""
    found = (_home() / str(import_id) / name for name in _UPLOADS)
    return next((file for file in found if file.exists()), None)


def keep_about(import_id: int, about: dict[str, Any]) -> None:
    """Header and first rows, so that a page need not read the file each time it is shown."""
    _write(folder_of(import_id) / "about.json", orjson.dumps(about))


def about(import_id: int) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = orjson.loads(_about(import_id).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return found


def refused_of(import_id: int) -> Path:
    """Where the list of refused rows is, or would be."""
    return _home() / str(import_id) / "refused.csv"


def delete(import_id: int) -> None:
    shutil.rmtree(_home() / str(import_id), ignore_errors=True)


def stored(*, before: datetime) -> list[int]:
    """The imports that have files here to which none came since."""
    folders = _home().iterdir() if _home().is_dir() else ()
    return [
        int(each.name)
        for each in folders
        if each.name.isdigit() and each.stat().st_mtime < before.timestamp()
    ]


def _about(import_id: int) -> Path:
    return _home() / str(import_id) / "about.json"


def _home() -> Path:
    return Path(current_app.extensions["settings"].data_dir) / "imports"


def _write(path: Path, content: bytes) -> Path:
    """Whole or not at all, for nobody else's eyes."""
    part = path.with_suffix(".part")
    try:
        with saying_disk_full():
            _write_through(part, content)
        return part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_through(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())

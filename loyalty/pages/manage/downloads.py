"""Files that are handed out at the desk."""

from __future__ import annotations

from pathlib import Path

from flask import Response, send_file


def download(path: Path, *, name: str) -> Response:
    """To be saved by the browser under this name, and kept by nobody on the way: it may hold a
    list of customers."""
    response = send_file(path, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response

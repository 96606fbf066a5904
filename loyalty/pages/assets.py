"""Files of the pages, and how long a browser may keep them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, Response, request, url_for

from loyalty.core.access import open_to_anyone

FOLDER = Path(__file__).resolve().parent / "static"
YEAR_SECONDS = 365 * 24 * 3600
_HASH_LENGTH = 8


def configure_assets(app: Flask, blueprint: Blueprint) -> None:
    """Serve the files; an address that names its version may be kept for ever, as all
    names under vendor/ do.

    What the scripts import has no version in its address and is asked about each time.
    """

    @open_to_anyone
    def send(filename: str) -> Response:
        response = blueprint.send_static_file(filename)
        if request.args.get("v") or filename.startswith("vendor/"):
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.immutable = True
            response.cache_control.max_age = YEAR_SECONDS
        return response

    # Flask serves them by a bound method, which can carry no rule of its own.
    app.view_functions[f"{blueprint.name}.static"] = send
    app.jinja_env.globals["asset"] = asset


def asset(filename: str) -> str:
    return url_for("pages.static", filename=filename, v=_version(filename))


@lru_cache(maxsize=256)
def _version(filename: str) -> str:
    return sha256((FOLDER / filename).read_bytes()).hexdigest()[:_HASH_LENGTH]

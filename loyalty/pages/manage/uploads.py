"""Files that are sent from the desk, and what is told of a list of numbers that was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.imports.refused_rows import Refused
from loyalty.imports.source import GZIP_MAGIC, Upload
from loyalty.pages import formats

UPLOAD_BYTES = 2 * 1024 * 1024
REFUSED_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a list did, in words, and the first lines that were refused."""

    title: str
    sentence: str
    refused: Sequence[Refused]
    more: str


def told(*, title: str, sentence: str, refused: Sequence[Refused]) -> Told:
    left_out = len(refused) - REFUSED_SHOWN
    more = gettext("And %(count)s more lines.", count=formats.count(left_out))
    return Told(
        title=title,
        sentence=sentence,
        refused=refused[:REFUSED_SHOWN],
        more=more if left_out > 0 else "",
    )


def sent_file(*, command: str, most_bytes: int = UPLOAD_BYTES) -> Upload:
    """What was sent as `file`; `command` reads what is too large to be sent."""
    sent = request.files.get("file")
    content = sent.stream.read(most_bytes + 1) if sent is not None else b""
    if not content:
        raise bad_file(gettext("Choose an Excel or CSV file."))
    if len(content) > most_bytes:
        raise bad_file(_too_large(most_bytes, command))
    if content.startswith(GZIP_MAGIC):
        raise bad_file(
            gettext(
                "The file is packed: unpack it first, or have it added on the server by"
                " %(command)s.",
                command=command,
            )
        )
    # Its own name is not looked at: nothing is written under it.
    return Upload(name="upload", content=content)


def _too_large(most_bytes: int, command: str) -> str:
    return gettext(
        "The file is larger than %(size)s MB: have it added on the server by %(command)s.",
        size=formats.count(most_bytes // 1024**2),
        command=command,
    )


def bad_file(why: Any) -> Problem:
    return Problem(Code.INVALID_REQUEST, errors={"file": [str(why)]})

"""Reading what was typed into the forms of a tag."""

from __future__ import annotations

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import BATCH_ROWS, LINK_LENGTH, NAME_LENGTH
from loyalty.pages import formats
from loyalty.pages.manage.forms import line


def name() -> str:
    return line("name", NAME_LENGTH, missing=_l("Enter the name of the tag."))


def link() -> str | None:
    """None when left empty."""
    if not request.form.get("link", "").strip():
        return None
    return line("link", LINK_LENGTH, missing="")


def phones() -> dict[int, str]:
    """As written, by the line of the field; empty lines are passed over."""
    lines = enumerate(request.form.get("phones", "").splitlines(), start=1)
    written = {number: text for number, text in lines if text.strip()}
    if not written:
        raise _refused(gettext("Enter at least one phone number."))
    if len(written) > BATCH_ROWS:
        most = formats.count(BATCH_ROWS)
        raise _refused(gettext("At most %(count)s numbers at once: send a file.", count=most))
    return written


def _refused(sentence: str) -> Problem:
    return Problem(Code.INVALID_REQUEST, errors={"phones": [sentence]})

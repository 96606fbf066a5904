"""What the codes of an import are called at the desk. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.errors import Code
from loyalty.core.refusals import TABLE
from loyalty.imports.refused_rows import INVALID_PHONE, INVALID_ROW, NO_PHONE

Words = Mapping[str, Any]

STATES: Mapping[str, tuple[Any, str]] = {
    "received": (_l("To be set up"), "warn"),
    "checking": (_l("Being checked"), "quiet"),
    "checked": (_l("Checked, not imported yet"), "warn"),
    "importing": (_l("Being imported"), "quiet"),
    "imported": (_l("Imported"), ""),
    "undoing": (_l("Being undone"), "quiet"),
    "undone": (_l("Undone"), "quiet"),
    "failed": (_l("Failed"), "danger"),
    "cancelled": (_l("Cancelled"), "quiet"),
}
"""By state: the word, and the tone of its badge."""

WORK: Words = {
    "checking": _l("Reading every row: nothing is written yet"),
    "importing": _l("Bringing the customers in"),
    "undoing": _l("Taking everything back"),
}
"""What goes on while somebody waits."""

REFUSED: Words = {
    NO_PHONE: _l("No phone in the row"),
    INVALID_PHONE: _l("The phone cannot be read"),
    INVALID_ROW: _l("A cell does not fit its column"),
    Code.UNKNOWN_TAG: _l("A tag that the shop does not have: it is made where you tick that"),
    Code.TAG_HAS_RULE: _l("A tag that follows a rule: nobody is put into it by hand"),
}

ON_DUPLICATE: Mapping[str, tuple[Any, Any]] = {
    "fill": (_l("Fill in what is missing"), _l("What is known stays as it is.")),
    "newest": (_l("The file wins"), _l("Empty cells take nothing away.")),
    "skip": (_l("Leave them as they are"), _l("Only new customers come in.")),
}
"""What becomes of customers that are there already: the word, and a line below it."""

ENCODINGS: Words = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1258": _l("Windows, Vietnamese"),
    "cp874": _l("Windows, Thai (TIS-620)"),
}


def why_refused(code: str) -> Any:
    """A code of a refused row in words; a code without a sentence is shown as it is."""
    if code in REFUSED:
        return REFUSED[code]
    return TABLE[Code(code)][1] if code in set(Code) else code

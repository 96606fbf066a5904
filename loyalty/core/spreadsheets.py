"""Text in files that a spreadsheet opens: it must not run a cell.

The rule is that of semantics, Audience files, which is OWASP's (CSV Injection,
https://owasp.org/www-community/attacks/CSV_Injection) with LF and NUL: what begins with one of
these characters gets an apostrophe before it. So does what follows a semicolon, a bar, a tab or
a line break within a text: spreadsheets of countries with a decimal comma, such as Vietnam's,
take semicolons for the edges of cells, and a person may choose any of them. `plain_cell` takes
the apostrophes away again, so that a file that was written here reads back as what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
EDGES = (";", "|", "\t", "\r", "\n")
"""Of cells, where a file is not cut at its commas."""

_RISKY = frozenset(RISKY_STARTS)
_QUOTE = "'"
_RISKY_WITHIN = re.compile(r"""(?<=[;|\t\r\n])(?="*[=+\-@])""")
_GUARDED_WITHIN = re.compile(r"""(?<=[;|\t\r\n])'(?="*[=+\-@])""")


def is_risky(text: str) -> bool:
    return text.startswith(RISKY_STARTS) or _RISKY_WITHIN.search(text) is not None


def safe_cell(text: str) -> str:
    guarded = _RISKY_WITHIN.sub(_QUOTE, text)
    return _QUOTE + guarded if text.startswith(RISKY_STARTS) else guarded


def safe_cells(texts: Sequence[str | None]) -> list[str | None]:
    """Of many, most of which can stay; None for an empty cell."""
    together = "".join(filter(None, texts))
    if any(edge in together for edge in EDGES):
        return [safe_cell(text) if text else text for text in texts]
    return [_QUOTE + text if text and text[0] in _RISKY else text for text in texts]


def plain_cell(text: str) -> str:
    """What `safe_cell` was given; of a text that was `'=` itself nobody can tell."""
    if _QUOTE not in text:
        return text
    is_guarded = text.startswith(_QUOTE) and text.startswith(RISKY_STARTS, 1)
    return _GUARDED_WITHIN.sub("", text[1:] if is_guarded else text)

"""Text in files that a spreadsheet opens: it must not run a cell.

The rule is that of semantics, Audience files, which is OWASP's (CSV Injection,
https://owasp.org/www-community/attacks/CSV_Injection) with LF and NUL: what begins with one of
these characters gets an apostrophe before it. `plain_cell` takes it away again, so that a file
that was written here reads back as what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")

_RISKY = frozenset(RISKY_STARTS)
_QUOTE = "'"


def is_risky(text: str) -> bool:
    return text.startswith(RISKY_STARTS)


def safe_cell(text: str) -> str:
    return _QUOTE + text if is_risky(text) else text


def safe_cells(texts: Iterable[str | None]) -> list[str | None]:
    """Of many, most of which can stay; None for an empty cell."""
    return [_QUOTE + text if text and text[0] in _RISKY else text for text in texts]


def plain_cell(text: str) -> str:
    """What `safe_cell` was given; of a text that was `'=` itself nobody can tell."""
    is_guarded = text.startswith(_QUOTE) and text.startswith(RISKY_STARTS, 1)
    return text[1:] if is_guarded else text

"""Lists of the desk: the search, and how much of a list is shown, stand in the address."""

from __future__ import annotations

from flask import request

from loyalty.core.limits import NAME_LENGTH, PAGE_ROWS
from loyalty.pages.till import typed


def search_asked() -> str:
    """Empty where nothing is searched for."""
    text = request.args.get("q", "").strip()[:NAME_LENGTH]
    return text if text.isprintable() else ""


def rows_asked() -> int:
    """How many are shown: a page more each time."""
    text = request.args.get("rows", "")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return max(asked, PAGE_ROWS)


def after_asked() -> int | None:
    """Where the next page of a list begins; None for the first."""
    return typed.row_id(request.args.get("after", "")) or None

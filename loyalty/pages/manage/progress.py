"""How far work is, in words beside its bar."""

from __future__ import annotations

from babel.numbers import format_percent
from flask_babel import gettext

from loyalty.pages import formats
from loyalty.pages.language import language


def progress_in_words(done: int, total: int) -> str:
    """`6.325 / 9.883 rows · 64%`; empty while nobody knows how many there are."""
    if not total:
        return ""
    return gettext(
        "%(done)s of %(total)s rows · %(share)s",
        done=formats.count(done),
        total=formats.count(total),
        share=format_percent(min(1, done / total), locale=language()),
    )

"""Work that goes on behind a page: when it was asked for, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.numbers import format_percent
from flask_babel import gettext

from loyalty.pages import formats
from loyalty.pages.language import language


@dataclass(frozen=True, kw_only=True)
class ShownWork:
    """`view` as the service of exports or of imports gives it."""

    view: Mapping[str, Any]
    made_by: str
    now: datetime

    @property
    def id(self) -> int:
        return self.view["id"]

    @property
    def made(self) -> str:
        return formats.lately(self.view["created_at"], self.now)

    @property
    def progress(self) -> int:
        return self.view["progress"] or 0

    @property
    def total(self) -> int:
        return self.view["total"] or 0

    @property
    def progress_in_words(self) -> str:
        """`6.325 / 9.883 rows · 64%`; empty while nobody knows how many there are."""
        if not self.total:
            return ""
        return gettext(
            "%(done)s of %(total)s rows · %(share)s",
            done=formats.count(self.progress),
            total=formats.count(self.total),
            share=format_percent(min(1, self.progress / self.total), locale=language()),
        )

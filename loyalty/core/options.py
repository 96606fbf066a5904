"""What commands take: the same strictness as the API."""

from __future__ import annotations

from datetime import date
from typing import Any

import click


class Line(click.ParamType[str]):
    """One line of printable text, 1 to `longest` characters, nothing around it."""

    name = "text"

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        text = str(value)
        if not (text == text.strip() and 0 < len(text) <= self.longest and text.isprintable()):
            self.fail(f"1 to {self.longest} printable characters.", param, ctx)
        return text


class Day(click.ParamType[date]):
    """A date as ISO writes it, of a year that something can have happened in."""

    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail("A date such as 2026-11-01.", param, ctx)
        if not 1990 <= day.year <= 2200:
            self.fail("A year from 1990 to 2200.", param, ctx)
        return day

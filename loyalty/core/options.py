"""What commands take: the same strictness as the API."""

from __future__ import annotations

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

"""What happens while an export is being made: right before its rows are read, or when its files
are whole and nothing is kept yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loyalty.exports import filling


def before_rows(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """`act` runs once, when who is in it is known and no row is read yet."""
    read, once = filling.read_rows, _Once(act)

    def act_and_read(*args: Any, **named: Any) -> Iterator[Any]:
        once()
        yield from read(*args, **named)

    monkeypatch.setattr(filling, "read_rows", act_and_read)


def after_writing(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any], *, times: int = 1
) -> None:
    """`act` runs each time that files were written, so often at most."""
    write, some = filling.write_files, _Once(act, times)

    def write_and_act(*args: Any, **named: Any) -> Any:
        written = write(*args, **named)
        some()
        return written

    monkeypatch.setattr(filling, "write_files", write_and_act)


class _Once:
    def __init__(self, act: Callable[[], Any], times: int = 1) -> None:
        self.act = act
        self.left = times

    def __call__(self) -> None:
        if self.left:
            self.left -= 1
            self.act()

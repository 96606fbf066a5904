"""What happens while an export is being made: right before its rows are read, when its files are
whole and nothing is kept yet, or when nothing is left but to keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loyalty.core.db import in_transaction
from loyalty.exports import filling, manifest, running
from loyalty.exports.rows import read_rows
from loyalty.exports.writing import write_files
from loyalty.jobs.worker import Task


def before_rows(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """`act` runs once, when who is in it is known and no row is read yet."""
    once = _Once(act)

    def act_and_read(*args: Any, **named: Any) -> Iterator[Any]:
        once()
        yield from read_rows(*args, **named)

    monkeypatch.setattr(filling, "read_rows", act_and_read)


def after_writing(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any], *, times: int = 1
) -> None:
    """`act` runs each time that files were written, so often at most."""
    some = _Once(act, times)

    def write_and_act(*args: Any, **named: Any) -> Any:
        written = write_files(*args, **named)
        some()
        return written

    monkeypatch.setattr(filling, "write_files", write_and_act)


def at_the_last_moment(
    monkeypatch: pytest.MonkeyPatch, moment: str, act: Callable[[], Any]
) -> None:
    """`act` runs once, the manifest being written: after the last `report`, or right before the
    transaction that would `keep` it all."""
    write, report, once = manifest.write, Task.report, _Once(act, times=0)

    def write_and_arm(*args: Any) -> None:
        write(*args)
        once.left = int(not once.was_done)

    def report_and_act(*args: Any) -> None:
        report(*args)
        once()

    def act_and_transact(keep: Callable[[], Any]) -> Any:
        once()
        return in_transaction(keep)

    monkeypatch.setattr(manifest, "write", write_and_arm)
    if moment == "report":
        monkeypatch.setattr(Task, "report", report_and_act)
    else:
        monkeypatch.setattr(running, "in_transaction", act_and_transact)


class _Once:
    def __init__(self, act: Callable[[], Any], times: int = 1) -> None:
        self.act = act
        self.left = times
        self.was_done = False

    def __call__(self) -> None:
        if self.left:
            self.left -= 1
            self.was_done = True
            self.act()

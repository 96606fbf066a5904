"""Several callers at once, each with its own client and so its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from tests.api import Api

T = TypeVar("T")
SECONDS = 60


def at_once(app: Flask, key: str, acts: Sequence[Callable[[Api], T]]) -> list[T]:
    """Run each act with an API caller of its own; all start at the same moment."""
    line = threading.Barrier(len(acts))

    def run(act: Callable[[Api], T]) -> T:
        api = Api(app.test_client(), key)
        line.wait(SECONDS)
        return act(api)

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(SECONDS) for future in [threads.submit(run, act) for act in acts]]

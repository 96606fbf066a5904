"""When a process gives up: no sooner than all its threads have waited too long."""

from __future__ import annotations

import threading
import time

from loyalty.core.bodies import Readers
from loyalty.core.limits import BODY_SECONDS, SERVER_THREADS


def test_only_when_all_wait_too_long_there_is_nobody_left():
    readers = Readers()
    began = time.monotonic()
    done = threading.Event()

    def wait() -> None:
        readers.enter()
        done.wait()
        readers.leave()

    threads = [threading.Thread(target=wait) for _ in range(SERVER_THREADS)]
    for thread in threads[1:]:
        thread.start()
    assert not readers.all_late(time.monotonic() + BODY_SECONDS)
    threads[0].start()
    time.sleep(0.05)
    assert not readers.all_late(began + BODY_SECONDS - 1)
    assert readers.all_late(time.monotonic() + BODY_SECONDS)
    done.set()
    for thread in threads:
        thread.join()
    assert not readers.all_late(time.monotonic() + BODY_SECONDS)

"""Disks that fill up, workers that die, stall or are told to stop, browsers that leave."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

import config
from loyalty.core import clock
from loyalty.exports import kept
from loyalty.exports import manifest as manifests
from loyalty.jobs import worker
from loyalty.jobs.service import LEASE
from tests.api import BASE
from tests.core.rows import change, column
from tests.databases import process_environment
from tests.exports.meanwhile import after_writing, at_the_last_moment, before_rows
from tests.exports.ordering import (
    ON_SQLITE,
    agree,
    exported,
    fetch,
    group,
    order,
    person,
    rows,
    see,
    stored,
)
from tests.tags.building import do_jobs

pytestmark = pytest.mark.usefixtures("store")
SECONDS = 60
WORKER = """
import time
from loyalty import create_app
from loyalty.exports import filling
from loyalty.jobs import worker

write_files = filling.write_files

def write_and_stop(*args, **named):
    write_files(*args, **named)
    print("files are written", flush=True)
    time.sleep(600)

with create_app().app_context():
    filling.write_files = write_and_stop
    worker.run_waiting(worker="first")
"""


@ON_SQLITE
@pytest.mark.parametrize("step", ["rows", "manifest"])
def test_full_disk_is_said_and_no_file_is_kept(app, api, monkeypatch, step):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]

    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "rows":
            before_rows(patch, fill_up)
        else:
            patch.setattr(manifests, "write", fill_up)
        do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "disk_full")
    assert "disk" in view["error"]["detail"]
    assert (view["files"], stored(app)) == ([], [])
    assert api.get(f"/exports/{export_id}/files/manifest.json").status_code == 404

    api.post(f"/exports/{export_id}/retry")
    do_jobs(app)
    assert see(api, export_id)["state"] == "done"


def test_killed_worker_leaves_no_file_to_fetch_and_its_work_to_the_next(app, api, environ):
    group(app, api, [person(api, number) for number in range(3)])
    export_id = order(api, columns=["id"])["id"]
    first = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout
    try:
        assert "files are written" in first.stdout.readline()
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    view = see(api, export_id)
    assert (view["state"], view["files"]) == ("running", [])
    assert len(stored(app)) == 1, "what the killed worker wrote"

    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert do_jobs(app) == 1
        view = see(api, export_id)
        assert (view["state"], view["rows"]) == ("done", 3)
        assert len(rows(api, view)) == 3
        names = {f"{export_id}/{name}" for name in (view["files"][0]["name"], manifests.NAME)}
        assert {*stored(app)} == names


def test_worker_killed_after_the_end_leaves_nothing_to_do_again(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api)
    before = fetch(api, view["id"], manifests.NAME)
    past = clock.now() - timedelta(days=1)
    change(app, "UPDATE jobs SET state = 'running', leased_until = :past", past=past)
    assert do_jobs(app) >= 1
    assert see(api, view["id"]) == view
    assert fetch(api, view["id"], manifests.NAME) == before


@pytest.mark.parametrize("loses", [0, 1])
def test_worker_that_was_thought_dead_spoils_nothing_of_the_next(app, api, monkeypatch, loses):
    """It stalls with its files written; its lease ends, another makes them; it comes back. It
    may find then that it has to write them again."""
    people = [person(api, number) for number in range(4)]
    group(app, api, people)
    export_id = order(api)["id"]

    def stall():
        be_taken_over(app)
        for member_id in people[:loses]:
            agree(api, member_id, "sms", granted=False)

    after_writing(monkeypatch, stall)
    with app.app_context():
        worker.run_waiting(worker="first")
    view = see(api, export_id)
    assert (view["state"], view["rows"]) == ("done", 4)
    assert len(rows(api, view)) == 4
    assert len(stored(app)) == 2
    assert column(app, "SELECT worker FROM jobs WHERE kind = 'exports.run'") == ["second"]


@pytest.mark.parametrize("moment", ["report", "keep"])
def test_worker_that_stalls_at_the_last_moment_keeps_nothing_of_its_own(
    app, api, monkeypatch, moment
):
    """Everything is looked at and written, and it only has to be kept: by then another has made
    and kept other files, for somebody took a consent back."""
    people = [person(api, number) for number in range(3)]
    group(app, api, people)
    export_id = order(api, columns=["id"])["id"]

    def stall():
        agree(api, people[0], "sms", granted=False)
        be_taken_over(app)

    at_the_last_moment(monkeypatch, moment, stall)
    with app.app_context():
        worker.run_waiting(worker="first")
    view = see(api, export_id)
    assert (view["state"], view["rows"]) == ("done", 2)
    assert len(rows(api, view)) == 2
    [file] = view["files"]
    assert hashlib.sha256(fetch(api, export_id, file["name"])).hexdigest() == file["sha256"]
    assert column(app, "SELECT members FROM export_chunks") == [2]
    assert len(stored(app)) == 2
    assert column(app, "SELECT worker FROM jobs WHERE kind = 'exports.run'") == ["second"]


def be_taken_over(app):
    change(app, "UPDATE jobs SET leased_until = :past", past=clock.now() - timedelta(1))
    with app.app_context():
        worker.run_waiting(worker="second")


def test_files_that_cannot_be_kept_are_gone(app, api, monkeypatch):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]

    def break_down(*_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(kept, "keep", break_down)
        do_jobs(app)
    assert see(api, export_id)["state"] == "failed"
    assert stored(app) == []


@pytest.mark.parametrize("moment", [before_rows, after_writing])
def test_cancelled_while_it_runs_leaves_no_file(app, api, monkeypatch, moment):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]
    asked = []

    def cancel():
        asked.append(api.post(f"/exports/{export_id}/cancel").get_json())

    moment(monkeypatch, cancel)
    do_jobs(app)
    assert (asked[0]["state"], asked[0]["is_ending"]) == ("running", True)
    view = see(api, export_id)
    assert (view["state"], view["is_ending"], view["files"]) == ("cancelled", False, [])
    assert stored(app) == []


def test_cancelled_at_the_last_moment_leaves_no_file(app, api, monkeypatch):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]
    at_the_last_moment(monkeypatch, "keep", lambda: api.post(f"/exports/{export_id}/cancel"))
    do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["files"]) == ("cancelled", [])
    assert stored(app) == []


def test_two_exports_of_one_audience_at_once_are_both_whole(app, api):
    group(app, api, [person(api, number) for number in range(4)])
    both = [order(api, format=name, reach="ads")["id"] for name in ("csv", "google")]
    ready = threading.Barrier(2)

    def work(name):
        with app.app_context():
            ready.wait(SECONDS)
            worker.run_waiting(worker=name)

    threads = [threading.Thread(target=work, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    for export_id in both:
        view = see(api, export_id)
        assert (view["state"], view["rows"]) == ("done", 4)
        assert len(rows(api, view)) == 4


@ON_SQLITE
def test_browser_that_leaves_in_the_middle_of_a_file_can_come_again(app, api, live_server):
    group(app, api, [person(api, number) for number in range(3)])
    view = exported(app, api)
    name = view["files"][0]["name"]
    place = urlsplit(live_server.url)
    asked = (
        f"GET {BASE}/exports/{view['id']}/files/{name} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {api.key}\r\n\r\n"
    )
    for _ in range(5):
        with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as browser:
            browser.sendall(asked.encode())
            assert browser.recv(12) == b"HTTP/1.1 200"
    with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as browser:
        browser.sendall(asked.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode())
        whole = b"".join(iter(lambda: browser.recv(65_536), b""))
    assert whole.partition(b"\r\n\r\n")[2] == fetch(api, view["id"], name)

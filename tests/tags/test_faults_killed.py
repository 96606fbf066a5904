"""kill -9 in the middle of a build: the old group stays whole, and the work is taken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine

import config
from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.groups.models import Cause
from loyalty.jobs.service import LEASE
from loyalty.tags import building
from tests.core.rows import change, column
from tests.databases import process_environment
from tests.tags.building import do_jobs, drain, members_of, tag_id
from tests.tags.making import WOMEN, builds, join, make

pytestmark = pytest.mark.usefixtures("store")
FAR = 70_000
"""A member of the second chunk."""
WORKER = """
import time
from loyalty import create_app
from loyalty.groups import service as groups
from loyalty.jobs import worker

def stop_here(group_ids):
    print("chunks are written", flush=True)
    time.sleep(600)

with create_app().app_context():
    groups.counts = stop_here
    worker.run_waiting(worker="first")
"""


def test_killed_builder_leaves_the_old_group_and_its_job_to_the_next(app, api, environ):
    hoa = join(api, 1, gender="female")
    row = {"id": FAR, "name": "Far", "joined_at": "2026-01-01 00:00:00"}
    change(
        app,
        "INSERT INTO members (id, name, gender, source, joined_at) "
        "VALUES (:id, :name, 'female', 'test', :joined_at)",
        **row,
    )
    make(api, "Women", rule=WOMEN)
    drain(app)
    before = members_of(app, "women")
    assert before == {hoa, FAR}

    change(app, "UPDATE members SET gender = 'male'")
    mai = join(api, 2, gender="female")
    with app.app_context(), transaction():
        building.build_later(tag_id(app, "women"), cause=Cause.DATA, now=clock.now())
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=config.ROOT,
        env=process_environment(environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout
    try:
        assert "chunks are written" in worker.stdout.readline()
        assert members_of(app, "women") == before
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()

    assert members_of(app, "women") == before
    assert do_jobs(app) == 0, "the lease of the killed worker holds"
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert do_jobs(app) == 1
    assert members_of(app, "women") == {mai}
    assert column(app, "SELECT attempts FROM jobs WHERE kind = 'tags.build'") == [2]
    assert [each["cause"] for each in builds(api, "women")] == ["data", "first"]

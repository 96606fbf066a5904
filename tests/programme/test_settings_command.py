"""`flask programme`: the settings seen and changed without a browser."""

from __future__ import annotations

import json

import pytest

from tests.core.rows import scalar

pytestmark = pytest.mark.usefixtures("store")


def run(cli, *words: str):
    return cli.invoke(args=["programme", *words])


def test_setting_is_shown_as_it_was_set(app, cli):
    assert run(cli, "set", "expiry.months", "6").output == "expiry.months is 6 now.\n"
    assert run(cli, "set", "expiry.mode", "yearly").exit_code == 0
    assert run(cli, "set", "expiry.months", "6").output == "expiry.months was 6 before.\n"
    shown = json.loads(run(cli, "show").output)
    assert shown["policy"]["expiry"] == {"mode": "yearly", "months": 6, "month": 12, "day": 31}
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'programme.change'") == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_setting_that_cannot_be_is_refused_in_one_line(cli):
    for name, value in (("expiry.months", "0"), ("weather", "1"), ("bonuses", "7"), ("a..b", "1")):
        refused = run(cli, "set", name, value)
        assert refused.exit_code == 1
        assert refused.output.startswith(f"invalid_request: {name}: ")
        assert len(refused.output.splitlines()) == 1

"""The commands that let people and machines in, and open stores."""

from __future__ import annotations

import re

import pytest

from loyalty.core.db import read
from loyalty.core.errors import Problem
from loyalty.staff import service
from tests.api import Api
from tests.core.rows import column, row_counts, scalar
from tests.purchases.receipts import buy, problem, send

PASSWORD = "correct horse battery"
CREATE_STAFF = ["staff", "create", "--login", "lan", "--name", "Lan", "--role", "cashier"]


def run(cli, *args, code=0):
    result = cli.invoke(args=list(args))
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_key_stands_alone_on_the_last_line_and_works(cli, client, store):
    said = run(cli, "api-keys", "create", "--name", "POS 1", "--role", "manager").stdout
    *_, key = said.splitlines()
    assert re.fullmatch(r"loy_[A-Za-z0-9_-]{43}", key)
    assert "POS 1" in said
    buy(Api(client, key))


def test_key_may_be_bound_to_a_store(cli, client, store):
    run(cli, "stores", "create", "S02", "--name", "Second")
    said = run(
        cli, "api-keys", "create", "--name", "POS", "--role", "cashier", "--store", "S02"
    ).stdout
    caller = Api(client, said.splitlines()[-1])
    buy(caller, store="S02")
    problem(send(caller, receipt_no="HD-2"), 403, "forbidden")


BAD_COMMANDS = [
    (["api-keys", "create", "--name", "x", "--role", "owner"], 2),
    (["api-keys", "create", "--role", "manager"], 2),
    (["api-keys", "create", "--name", "", "--role", "manager"], 2),
    (["api-keys", "create", "--name", "a\x00b", "--role", "manager"], 2),
    (["api-keys", "create", "--name", "x" * 201, "--role", "manager"], 2),
    (["api-keys", "create", "--name", "x", "--role", "cashier", "--store", "S99"], 1),
    (["stores", "create", "S01", "--name", "Again"], 1),
    (["stores", "create", "", "--name", "x"], 2),
    (["stores", "create", "x" * 33, "--name", "x"], 2),
    (["stores", "create", " S02", "--name", "x"], 2),
    (["stores", "create", "S02"], 2),
    (["stores", "create", "S02", "--name", "x" * 201], 2),
    (["stores", "create", "S02", "--name", "x", "--receipt-period", "week"], 2),
    (["stores", "create", "S02", "--name", "x", "--receipts", "some"], 2),
    ([*CREATE_STAFF, "--password", "short"], 2),
    ([*CREATE_STAFF, "--password", "x" * 201], 2),
    ([*CREATE_STAFF, "--password", PASSWORD, "--store", "S99"], 1),
    ([*CREATE_STAFF[:-1], "owner", "--password", PASSWORD], 2),
    (["staff", "create", "--login", "a b\n", "--name", "x", "--role", "cashier"], 2),
]


def test_bad_commands_are_refused_and_write_nothing(app, cli, store):
    before = row_counts(app)
    for args, code in BAD_COMMANDS:
        result = run(cli, *args, code=code)
        assert "Traceback" not in result.output
        assert result.stderr
    assert row_counts(app) == before


def test_refusal_is_one_line_with_its_code(cli, store):
    said = run(cli, "stores", "create", "S01", "--name", "Again", code=1).stderr
    assert said == "store_exists: A store with this code exists already.\n"


def test_first_store_begins_the_programme(app, cli):
    assert scalar(app, "SELECT count(*) FROM programme") == 0
    run(cli, "stores", "create", "Q1", "--name", "Quận 1", "--receipt-period", "year")
    run(cli, "stores", "create", "Q3", "--name", "Quận 3", "--receipts", "none")
    rows = column(
        app, "SELECT code || ' ' || receipt_period || ' ' || receipts FROM stores ORDER BY id"
    )
    assert rows == ["Q1 year required", "Q3 forever none"]
    assert column(app, "SELECT version FROM earning_rules") == [1]


def test_person_signs_in_with_the_password_alone(app, cli, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD, "--store", "S01")
    hashed = scalar(app, "SELECT password_hash FROM staff_users")
    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed
    with app.app_context(), read():
        user = service.sign_in(" LAN ", PASSWORD)
        assert service.actor_of(user).store_ids == frozenset({1})
        for login, password in (("lan", "wrong"), ("nobody", PASSWORD), ("", ""), ("lan", "")):
            with pytest.raises(Problem, match="wrong_login"):
                service.sign_in(login, password)


def test_login_is_taken_once_whatever_its_case(app, cli, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD)
    again = [arg.replace("lan", "LAN") for arg in CREATE_STAFF]
    assert "staff_exists" in run(cli, *again, "--password", PASSWORD, code=1).stderr
    assert scalar(app, "SELECT count(*) FROM staff_users") == 1


def test_password_may_be_asked_for(app, cli, store):
    result = cli.invoke(args=CREATE_STAFF, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output

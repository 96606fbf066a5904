"""The commands that let people and machines in, and open stores."""

from __future__ import annotations

import re

from tests.api import Api
from tests.core.rows import column, row_counts, scalar
from tests.pages.visitor import Visitor
from tests.purchases.receipts import buy, problem, send

PASSWORD = "correct horse battery"
CREATE_STAFF = ["staff", "create", "--login", "lan", "--name", "Lan", "--role", "cashier"]


def run(cli, *args, code=0):
    result = cli.invoke(args=list(args))
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def sign_in(client, login: str, password: str) -> int:
    """A shop that commands have opened has no owner yet: its form is that of the first run."""
    form = {"login": login, "password": password, "csrf_token": Visitor(client).token("/setup")}
    return client.post("/login", data=form).status_code


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
    ([*CREATE_STAFF, "--password", "matkhau123"], 1),
    ([*CREATE_STAFF[:3], "l\u00e2n", *CREATE_STAFF[4:], "--password", PASSWORD], 1),
    (["staff", "reset-password", "nobody"], 1),
    (["staff", "deactivate", "nobody"], 1),
    (["api-keys", "create", "--name", "x", "--role", "cashier", "--expires", "0"], 2),
    (["api-keys", "rotate", "1", "--overlap", "721"], 2),
    (["api-keys", "rotate", "1"], 1),
    (["api-keys", "revoke", "1"], 1),
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


def test_person_signs_in_with_the_password_alone(app, cli, client, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD, "--store", "S01")
    hashed = scalar(app, "SELECT password_hash FROM staff_users")
    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed
    assert sign_in(client, " LAN ", PASSWORD) == 302
    for login, password in (("lan", "wrong"), ("nobody", PASSWORD), ("", ""), ("lan", "")):
        assert sign_in(app.test_client(), login, password) == 401


def test_login_is_taken_once_whatever_its_case(app, cli, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD)
    again = [arg.replace("lan", "LAN") for arg in CREATE_STAFF]
    assert "staff_exists" in run(cli, *again, "--password", PASSWORD, code=1).stderr
    assert scalar(app, "SELECT count(*) FROM staff_users") == 1


def test_password_may_be_asked_for(app, cli, store):
    result = cli.invoke(args=CREATE_STAFF, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output


def test_a_forgotten_password_is_replaced_for_one_sign_in(app, cli, client, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD)
    given = run(cli, "staff", "reset-password", "LAN").stdout.splitlines()[-1]
    assert sign_in(client, "lan", PASSWORD) == 401
    assert sign_in(client, "lan", given) == 302
    assert client.get("/till").headers["Location"] == "/account/password"


def test_access_ends_by_command(app, cli, client, store):
    run(cli, *CREATE_STAFF, "--password", PASSWORD)
    sign_in(client, "lan", PASSWORD)
    assert client.get("/till").status_code == 200
    run(cli, "staff", "deactivate", "lan")
    assert client.get("/till").status_code == 302
    assert sign_in(client, "lan", PASSWORD) == 401
    listed = run(cli, "staff", "list").stdout
    assert "lan" in listed
    assert "ended" in listed


def test_keys_are_renewed_revoked_and_listed_by_command(cli, client, store):
    create = ["api-keys", "create", "--name", "POS 1", "--role", "manager", "--expires", "30"]
    first = run(cli, *create).stdout.splitlines()[-1]
    second = run(cli, "api-keys", "rotate", "1", "--overlap", "1").stdout.splitlines()[-1]
    for key in (first, second):
        assert Api(client, key).get("/members", phone="0912345678").status_code == 200
    run(cli, "api-keys", "revoke", "1")
    assert Api(client, first).get("/members", phone="0912345678").status_code == 401
    assert Api(client, second).get("/members", phone="0912345678").status_code == 200
    listed = run(cli, "api-keys", "list").stdout
    assert "revoked" in listed
    assert first[:10] in listed
    assert first not in listed


def test_a_person_has_a_number_that_is_the_own_one(cli, app, store):
    """However it is written; receipts of the own hand on it wait for a manager."""
    run(cli, *CREATE_STAFF, "--password", PASSWORD, "--phone", "0912 345 678")
    assert column(app, "SELECT phone FROM staff_users") == ["+84912345678"]
    said = run(cli, "staff", "phone", "lan", "(028) 3823 4567").stdout
    assert said == "lan has the number ••• 567.\n"
    assert column(app, "SELECT phone FROM staff_users") == ["+842838234567"]
    assert run(cli, "staff", "phone", "lan").stdout == "lan has no number.\n"
    assert column(app, "SELECT phone FROM staff_users") == [None]
    assert "too_short" in run(cli, "staff", "phone", "lan", "0912", code=1).stderr
    assert "unknown_staff" in run(cli, "staff", "phone", "nobody", "0912345678", code=1).stderr

"""Idempotency-Key: the same write twice is done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from loyalty.core import clock, idempotency
from loyalty.core.db import transaction
from loyalty.purchases import service as purchases
from tests.api import Api
from tests.core.rows import row_counts, scalar
from tests.purchases.receipts import OTHER_PHONE, PHONE, balance, buy, problem, receipt, send

pytestmark = pytest.mark.usefixtures("store")
SECONDS = 20


def test_same_key_and_body_give_the_first_answer(api, app):
    first = send(api, {"Idempotency_Key": "k-1"})
    buy(api, receipt_no="HD-2")
    before = row_counts(app)
    again = send(api, {"Idempotency_Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.content_type == first.content_type
    assert first.headers.get("Idempotency-Replayed") is None
    assert again.headers["Idempotency-Replayed"] == "true"
    assert row_counts(app) == before


def test_every_write_route_answers_once(api, app):
    purchase_id = buy(api)["purchase"]["id"]
    calls = [
        ("POST", "/members", {"phone": "0903111222"}),
        ("PATCH", "/members/1", {"name": "Lan"}),
        ("POST", f"/purchases/{purchase_id}/reassign", {"phone": OTHER_PHONE}),
        ("POST", f"/purchases/{purchase_id}/void", {}),
    ]
    for number, (method, path, body) in enumerate(calls):
        key = {"Idempotency_Key": f"k-{number}"}
        first = api.call(method, path, json=body, headers=key)
        before = row_counts(app)
        again = api.call(method, path, json=body, headers=key)
        assert first.status_code < 300, first.json
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert row_counts(app) == before


def test_same_key_with_another_request_is_a_mismatch(api, app):
    send(api, {"Idempotency_Key": "k-1"})
    before = row_counts(app)
    problem(send(api, {"Idempotency_Key": "k-1"}, amount=1), 422, "idempotency_mismatch")
    other_route = api.post("/members", receipt(), Idempotency_Key="k-1")
    problem(other_route, 422, "idempotency_mismatch")
    assert row_counts(app) == before


def test_keys_of_two_callers_are_apart(api, cashier_api):
    first = send(api, {"Idempotency_Key": "k-1"})
    second = send(cashier_api, {"Idempotency_Key": "k-1"}, receipt_no="HD-2")
    assert (first.status_code, second.status_code) == (201, 201)


def test_refusal_is_not_kept(api, app):
    refused = send(api, {"Idempotency_Key": "k-1"}, phone="0912xxxxxx")
    problem(refused, 422, "letters_in_number")
    assert scalar(app, "SELECT count(*) FROM idempotency_keys") == 0
    assert send(api, {"Idempotency_Key": "k-1"}).status_code == 201


def test_conflict_is_not_kept(api):
    voided = buy(api)["purchase"]["id"]
    problem(send(api, {"Idempotency_Key": "k-1"}, amount=1), 409, "receipt_conflict")
    api.post(f"/purchases/{voided}/void", {})
    assert send(api, {"Idempotency_Key": "k-1"}, amount=1).status_code == 201


def test_replay_by_receipt_is_kept_under_its_key(api):
    buy(api)
    answers = [send(api, {"Idempotency_Key": "k-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data


def test_bad_keys_are_refused(api, app):
    before = row_counts(app)
    for key in ("", "x" * 256, "khoá", "a\tb"):
        problem(send(api, {"Idempotency_Key": key}), 422, "invalid_request")
    assert row_counts(app) == before
    assert send(api, {"Idempotency_Key": "x" * 255}).status_code == 201


def test_key_does_not_let_in_who_may_not(client, api, api_key):
    send(api, {"Idempotency_Key": "k-1"})
    marketing = Api(client, api_key("marketing"))
    problem(send(marketing, {"Idempotency_Key": "k-1"}), 403, "forbidden")
    problem(send(Api(client, "loy_nobody"), {"Idempotency_Key": "k-1"}), 401, "unauthenticated")


def test_keys_are_forgotten_after_30_days(api, app):
    send(api, {"Idempotency_Key": "k-1"})
    with app.app_context(), transaction():
        assert idempotency.forget_old(clock.now() + timedelta(days=29)) == 0
        assert idempotency.forget_old(clock.now() + timedelta(days=31)) == 1


def test_kept_answer_lasts_while_it_is_kept(api):
    first = send(api, {"Idempotency_Key": "k-1"})
    with time_machine.travel(clock.now() + timedelta(days=29)):
        assert send(api, {"Idempotency_Key": "k-1"}).data == first.data


@pytest.fixture
def held(monkeypatch):
    """Recording stops in the middle: `entered` says it began, `go` lets it end."""
    entered, go = threading.Event(), threading.Event()
    record = purchases.record

    def slow(*args, **kwargs):
        result = record(*args, **kwargs)
        entered.set()
        assert go.wait(SECONDS)
        return result

    monkeypatch.setattr(purchases, "record", slow)
    return entered, go


def test_second_request_hears_that_the_first_still_runs(app, api, held):
    entered, go = held
    another = Api(app.test_client(), api.key)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(send, api, {"Idempotency_Key": "k-1"})
        assert entered.wait(SECONDS)
        refused = send(another, {"Idempotency_Key": "k-1"})
        go.set()
        assert first.result(SECONDS).status_code == 201
    problem(refused, 409, "idempotency_in_progress")
    assert int(refused.headers["Retry-After"]) >= 1
    again = send(another, {"Idempotency_Key": "k-1"})
    assert again.data == first.result().data
    assert balance(api, PHONE) == 15


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_hear_of_each_other(app, api, held, monkeypatch):
    """What is marked in one process's memory is not known to another: the database says."""
    entered, go = held
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(send, api, {"Idempotency_Key": "k-1"})
        assert entered.wait(SECONDS)
        monkeypatch.setattr(idempotency, "_running", set())
        refused = send(Api(app.test_client(), api.key), {"Idempotency_Key": "k-1"})
        go.set()
        assert first.result(SECONDS).status_code == 201
    problem(refused, 409, "idempotency_in_progress")

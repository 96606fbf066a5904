"""What happens at the same moment: real threads, each with a connection of its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

import pytest
from werkzeug.test import TestResponse

from loyalty.members import service as members
from tests.api import Api
from tests.core.rows import scalar
from tests.purchases.race import at_once
from tests.purchases.receipts import OTHER_PHONE, PHONE, balance, buy, phone, receipt, send

pytestmark = pytest.mark.usefixtures("store")
THREADS = 20
SECONDS = 60


def statuses(answers) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_first_purchases_of_one_phone_make_one_member(app, api, cli):
    acts = [partial(send, receipt_no=f"HD-{n}") for n in range(THREADS)]
    answers = at_once(app, api.key, acts)
    assert statuses(answers) == {201: THREADS}
    members = [answer.get_json()["member"] for answer in answers]
    assert len({member["id"] for member in members}) == 1
    assert sum(member["created"] for member in members) == 1
    assert sorted(member["points"] for member in members) == [15 * n for n in range(1, THREADS + 1)]
    assert scalar(app, "SELECT count(*) FROM members") == 1
    verify(cli)


def test_one_receipt_from_twenty_threads_counts_once(app, api, cli):
    answers = at_once(app, api.key, [send] * THREADS)
    assert statuses(answers) == {201: 1, 200: THREADS - 1}
    assert len({answer.get_json()["purchase"]["id"] for answer in answers}) == 1
    replayed = [
        answer for answer in answers if answer.headers.get("Idempotency-Replayed") == "true"
    ]
    assert len(replayed) == THREADS - 1
    assert balance(api, PHONE) == 15
    verify(cli)


def test_one_receipt_with_one_key_is_done_once(app, api, cli):
    answers = at_once(app, api.key, [partial(send, headers={"Idempotency_Key": "k"})] * 8)
    assert statuses(answers).keys() <= {201, 409}
    assert {a.get_json()["code"] for a in answers if a.status_code == 409} <= {
        "idempotency_in_progress"
    }
    assert balance(api, PHONE) == 15
    verify(cli)


def test_one_receipt_with_two_phones_leaves_no_stray_member(app, api, cli):
    for receipt_no in map(str, range(5)):
        pair = (phone(2 * int(receipt_no)), phone(2 * int(receipt_no) + 1))
        acts = [partial(send, receipt_no=receipt_no, phone=pair[n % 2]) for n in range(8)]
        answers = at_once(app, api.key, acts)
        assert statuses(answers) == {201: 1, 200: 3, 409: 4}
        assert sorted(balance(api, each) is None for each in pair) == [False, True]
    assert scalar(app, "SELECT count(*) FROM members") == 5
    verify(cli)


def test_purchases_of_one_member_all_add_up(app, api, cli):
    buy(api, receipt_no="first")
    acts = [partial(send, receipt_no=f"HD-{n}", amount=10_000 * n) for n in range(THREADS)]
    assert statuses(at_once(app, api.key, acts)) == {201: THREADS}
    assert balance(api, PHONE) == 15 + sum(range(THREADS))
    verify(cli)


def void(api, purchase_id):
    return api.post(f"/purchases/{purchase_id}/void", {})


def reassign(api, purchase_id, to):
    return api.post(f"/purchases/{purchase_id}/reassign", {"phone": to})


def test_void_against_void_takes_the_points_back_once(app, api, cli):
    buy(api, receipt_no="kept", amount=40_000)
    purchase_id = buy(api)["purchase"]["id"]
    answers = at_once(app, api.key, [partial(void, purchase_id=purchase_id)] * 8)
    assert statuses(answers) == {200: 8}
    assert len({answer.data for answer in answers}) == 1
    assert balance(api, PHONE) == 4
    verify(cli)


def test_reassign_against_reassign_moves_the_points_once(app, api, cli):
    purchase_id = buy(api)["purchase"]["id"]
    act = partial(reassign, purchase_id=purchase_id, to=OTHER_PHONE)
    assert statuses(at_once(app, api.key, [act] * 8)) == {200: 8}
    assert (balance(api, PHONE), balance(api, OTHER_PHONE)) == (None, 15)
    verify(cli)


def test_reassigns_to_different_phones_end_at_one_of_them(app, api, cli):
    """Whoever is too late too often is asked to try again."""
    purchase_id = buy(api)["purchase"]["id"]
    phones = [phone(n) for n in range(8)]
    acts = [partial(reassign, purchase_id=purchase_id, to=each) for each in phones]
    answers = at_once(app, api.key, acts)
    assert statuses(answers).keys() <= {200, 503}
    assert all(a.headers["Retry-After"] for a in answers if a.status_code == 503)
    assert sorted(filter(None, (balance(api, each) for each in [PHONE, *phones]))) == [15]
    verify(cli)


def test_void_against_reassign_ends_as_one_of_both(app, api, cli):
    for number in range(5):
        purchase_id = buy(api, receipt_no=str(number), phone=phone(number))["purchase"]["id"]
        acts = [partial(void, purchase_id=purchase_id)] * 2
        acts += [partial(reassign, purchase_id=purchase_id, to=OTHER_PHONE)] * 2
        answers = at_once(app, api.key, acts)
        assert {answer.status_code for answer in answers[:2]} == {200}
        assert {answer.status_code for answer in answers[2:]} <= {200, 409}
        assert (balance(api, phone(number)) or 0) == 0
        assert (balance(api, OTHER_PHONE) or 0) == 0
    verify(cli)


def test_purchase_that_waited_for_the_close_of_its_member_is_on_an_open_one(
    app, api, cli, monkeypatch
):
    """A reassign closes the member that a typo made while its phone buys for real."""
    closed, go = threading.Event(), threading.Event()
    close = members.close

    def slow(*args, **kwargs):
        close(*args, **kwargs)
        closed.set()
        assert go.wait(SECONDS)

    monkeypatch.setattr(members, "close", slow)
    purchase_id = buy(api)["purchase"]["id"]
    with ThreadPoolExecutor(3) as threads:
        one, two, three = (Api(app.test_client(), api.key) for _ in range(3))
        moved = threads.submit(reassign, one, purchase_id, OTHER_PHONE)
        assert closed.wait(SECONDS)
        bought = threads.submit(send, two, receipt_no="HD-2")
        batch = threads.submit(send_batch, three, [receipt(receipt_no=no) for no in "AB"])
        wait([bought, batch], timeout=0.5)  # they have come to the lock by then
        go.set()
        assert moved.result(SECONDS).status_code == 200
        assert bought.result(SECONDS).status_code == 201
        assert batch.result(SECONDS).get_json()["recorded"] == 2
    assert (balance(api, PHONE), balance(api, OTHER_PHONE)) == (45, 15)
    verify(cli)


def test_purchases_beside_reassigns_of_their_member_all_count(app, api, cli):
    for number in range(6):
        typo = phone(number)
        purchase_id = buy(api, receipt_no=f"A-{number}", phone=typo)["purchase"]["id"]
        acts = [
            partial(reassign, purchase_id=purchase_id, to=OTHER_PHONE),
            partial(send, receipt_no=f"B-{number}", phone=typo),
        ]
        moved, bought = at_once(app, api.key, acts)
        assert (moved.status_code, bought.status_code) == (200, 201)
        assert balance(api, typo) == 15
    assert balance(api, OTHER_PHONE) == 15 * 6
    verify(cli)


def send_batch(api, rows):
    return api.post("/purchases/batch", {"purchases": rows})


def test_member_made_twice_at_once_is_in_use_for_the_others(app, api):
    def make(api):
        return api.post("/members", {"phone": PHONE, "name": "Lan"})

    answers = at_once(app, api.key, [make] * 8)
    assert statuses(answers) == {201: 1, 409: 7}
    assert scalar(app, "SELECT count(*) FROM members") == 1


def test_batches_over_the_same_people_in_opposite_order_both_go_through(app, api, cli):
    people = [phone(n) for n in range(60)]

    def batch(api, name, order):
        rows = [receipt(receipt_no=f"{name}-{each}", phone=each) for each in order]
        return api.post("/purchases/batch", {"purchases": rows})

    acts = [partial(batch, name=f"{n}", order=people if n % 2 else people[::-1]) for n in range(8)]
    answers = at_once(app, api.key, acts)
    assert statuses(answers) == {200: 8}
    assert {answer.get_json()["recorded"] for answer in answers} == {60}
    assert scalar(app, "SELECT count(*) FROM members") == 60
    assert {balance(api, each) for each in people} == {15 * 8}
    verify(cli)


def test_same_batch_from_several_threads_counts_once(app, api, cli):
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n % 40)) for n in range(80)]

    def batch(api, rows):
        return api.post("/purchases/batch", {"purchases": rows})

    acts = [partial(batch, rows=rows if n % 2 else rows[::-1]) for n in range(8)]
    answers = at_once(app, api.key, acts)
    assert statuses(answers) == {200: 8}
    assert sum(answer.get_json()["recorded"] for answer in answers) == 80
    assert scalar(app, "SELECT count(*) FROM members") == 40
    verify(cli)


def test_single_receipts_beside_a_batch_count_once(app, api, cli):
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n)) for n in range(16)]

    def batch(api):
        return api.post("/purchases/batch", {"purchases": rows})

    singles = [partial(send, receipt_no=each["receipt_no"], phone=each["phone"]) for each in rows]
    acts: list[Callable[[Api], TestResponse]] = [batch, *singles]
    answers = at_once(app, api.key, acts)
    assert statuses(answers).keys() <= {200, 201}
    assert {balance(api, each["phone"]) for each in rows} == {15}
    verify(cli)

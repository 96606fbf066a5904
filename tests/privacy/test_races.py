"""An erasure at the same moment as something else: never half a person."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from werkzeug.test import TestResponse

from loyalty.jobs import worker
from loyalty.privacy import requests
from loyalty.purchases import service as purchases
from tests.api import Api
from tests.core.rows import scalar
from tests.members.attributes import declare
from tests.privacy.person import EMAIL, NAME, ok
from tests.privacy.traces import forms_of, traces
from tests.purchases.race import SECONDS, at_once
from tests.purchases.receipts import OTHER_E164, OTHER_PHONE, PHONE, buy, phone, receipt, send

pytestmark = pytest.mark.usefixtures("store")
ROUNDS = 6


def erase(api, member_id: int):
    return api.post(f"/members/{member_id}/erasure", {"reason": "asked"})


Act = Callable[[Api], TestResponse]


def calling(method: str, path: str, body: dict) -> Act:
    return lambda api: api.call(method, path, json=body)


def erasing(member_id: int) -> Act:
    return lambda api: erase(api, member_id)


def statuses(answers) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def assert_whole(app, cli) -> None:
    """Whoever is erased has nothing left, and the ledger adds up."""
    erased = "SELECT id FROM members WHERE erased_at IS NOT NULL"
    for query in (
        f"SELECT count(*) FROM member_phones WHERE member_id IN ({erased})",
        f"SELECT count(*) FROM consents WHERE member_id IN ({erased})",
        f"SELECT count(*) FROM consent_changes WHERE member_id IN ({erased})",
        f"SELECT count(*) FROM member_attributes WHERE member_id IN ({erased})",
        f"SELECT count(*) FROM purchases WHERE member_id IN ({erased})"
        " AND (phone IS NOT NULL OR reassigned_to IS NOT NULL OR void_reason IS NOT NULL)",
        f"SELECT count(*) FROM members WHERE id IN ({erased})"
        " AND (name IS NOT NULL OR points <> 0 OR debt <> 0 OR closed_at IS NULL)",
        f"SELECT count(*) FROM rights_requests WHERE member_id IN ({erased})"
        " AND (note IS NOT NULL OR state IN ('open', 'answered'))",
    ):
        assert scalar(app, query) == 0, query
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_purchases_land_on_the_erased_member_or_on_a_new_one(app, api, cli):
    for n in range(ROUNDS):
        written = phone(n)
        member = buy(api, phone=written, receipt_no=f"{n}")["member"]["id"]
        acts = [
            partial(send, phone=written, receipt_no=f"{n}-{k}", member={"name": NAME})
            for k in range(4)
        ]
        *bought, erased = at_once(app, api.key, [*acts, partial(erase, member_id=member)])
        assert (statuses(bought), erased.status_code) == ({201: 4}, 200)
        owners = {answer.get_json()["member"]["id"] for answer in bought}
        assert len(owners - {member}) <= 1
    assert_whole(app, cli)


def test_erasures_of_one_member_at_once_are_one(app, api, cli):
    member = buy(api, phone=PHONE)["member"]["id"]
    answers = at_once(app, api.key, [partial(erase, member_id=member)] * 8)
    assert statuses(answers) == {200: 8}
    assert len({answer.get_json()["erased_at"] for answer in answers}) == 1
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'rights.erase'") == 1
    assert_whole(app, cli)


def test_what_is_told_of_a_member_does_not_outlive_the_erasure(app, api, cli):
    declare(api, "nickname", "text")
    ok(api.post("/tags", {"name": "Khách quen", "slug": "khach-quen"}))
    yes = {"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form 1"}
    for n in range(ROUNDS):
        member = buy(api, phone=phone(n), receipt_no=f"{n}")["member"]["id"]
        path = f"/members/{member}"
        answers = at_once(
            app,
            api.key,
            [
                calling("PUT", f"{path}/consents", yes),
                calling("PATCH", path, {"name": NAME, "attributes": {"nickname": NAME}}),
                calling("PUT", f"{path}/tags/khach-quen", {}),
                calling("POST", f"{path}/rights-requests", {"kind": "copy", "note": NAME}),
                erasing(member),
            ],
        )
        assert statuses(answers).keys() <= {200, 201, 404, 409}
        assert answers[-1].status_code == 200
    assert ok(api.get("/tags/khach-quen"))["count"] == 0
    assert_whole(app, cli)


def test_reassign_and_void_come_before_the_erasure_or_not_at_all(app, api, cli):
    for n in range(ROUNDS):
        bought = buy(api, phone=phone(2 * n), receipt_no=f"{n}")
        target = phone(2 * n + 1)
        if n % 2:
            buy(api, phone=target, receipt_no=f"t{n}")
        path = f"/purchases/{bought['purchase']['id']}"
        reassigned, voided, erased = at_once(
            app,
            api.key,
            [
                calling("POST", f"{path}/reassign", {"phone": target}),
                calling("POST", f"{path}/void", {"reason": f"of {NAME}"}),
                erasing(bought["member"]["id"]),
            ],
        )
        assert reassigned.status_code in (200, 409)
        assert voided.status_code in (200, 409)
        assert erased.status_code == 200
    assert_whole(app, cli)


def test_purchase_moves_to_a_new_member_when_the_target_is_erased(app, api, cli):
    for n in range(ROUNDS):
        bought = buy(api, phone=phone(2 * n), receipt_no=f"{n}")
        target = phone(2 * n + 1)
        theirs = buy(api, phone=target, receipt_no=f"t{n}")["member"]["id"]
        path = f"/purchases/{bought['purchase']['id']}/reassign"
        reassigned, erased = at_once(
            app,
            api.key,
            [
                calling("POST", path, {"phone": target}),
                erasing(theirs),
            ],
        )
        assert (reassigned.status_code, erased.status_code) == (200, 200)
    assert_whole(app, cli)


@pytest.fixture
def erasure_meanwhile(app, api, monkeypatch):
    """`erasure_meanwhile(module, name, member_id, act)`: runs `act`; when it has called
    `module.name` an erasure of the member begins, and `act` goes on once that is through, or
    waits for it."""

    def run(module, name: str, member_id: int, act):
        begun, through = threading.Event(), threading.Event()
        original = getattr(module, name)

        def call_and_linger(*args, **kwargs):
            result = original(*args, **kwargs)
            begun.set()
            through.wait(1)
            return result

        def erase_meanwhile(api):
            assert begun.wait(SECONDS)
            answer = erase(api, member_id)
            through.set()
            return answer

        monkeypatch.setattr(module, name, call_and_linger)
        answer, erased = at_once(app, api.key, [act, erase_meanwhile])
        assert erased.status_code == 200
        with app.app_context():
            worker.run_waiting(worker="test")
        return answer

    return run


def test_replay_kept_under_a_key_does_not_outlive_the_erasure(app, api, cli, erasure_meanwhile):
    body = receipt(phone=OTHER_PHONE, member={"name": NAME, "email": EMAIL})
    member = ok(api.post("/purchases", body))["member"]["id"]
    answer = erasure_meanwhile(
        purchases,
        "member_now",
        member,
        lambda api: api.post("/purchases", body, Idempotency_Key="replay"),
    )
    assert (answer.status_code, ok(answer)["member"]["name"]) == (200, NAME)
    assert traces(app, forms_of(phones=[OTHER_E164], words=[NAME, EMAIL])) == set()
    kept = ok(api.post("/purchases", body, Idempotency_Key="replay"))
    assert (kept["member"]["name"], kept["purchase"]) == (None, ok(answer)["purchase"])
    assert_whole(app, cli)


def test_request_that_is_being_written_does_not_outlive_the_erasure(
    app, api, cli, erasure_meanwhile
):
    member = buy(api, phone=OTHER_PHONE)["member"]["id"]
    path = f"/members/{member}/rights-requests"
    answer = erasure_meanwhile(
        requests, "_add", member, lambda api: api.post(path, {"kind": "copy", "note": NAME})
    )
    assert answer.status_code == 201
    assert traces(app, forms_of(words=[NAME])) == set()
    assert_whole(app, cli)

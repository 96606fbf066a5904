"""Of a person who had two accounts: typed reasons name neither, the file shows what was done."""

from __future__ import annotations

import pytest

from tests.identity.moving import merge, two, verify
from tests.privacy.person import work
from tests.privacy.traces import forms_of, traces
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy
from tests.rewards.spending import done, spend

pytestmark = pytest.mark.usefixtures("store")

NAME = "Zebulon Quux"
SAID = f"for {NAME}, sorry"


def ok(answer):
    assert answer.status_code < 300, answer.json
    return answer.get_json()


def test_name_of_the_merged_account_stands_in_no_reason_after_the_erasure(app, api, cli):
    first, second = two(api)
    ok(api.patch(f"/members/{first}", {"name": NAME}))
    ok(api.patch(f"/members/{second}", {"name": "Second Person"}))
    merge(api, first, second)
    bought = [
        buy(api, phone=OTHER_PHONE, receipt_no=number, amount=1_000_000)["purchase"]["id"]
        for number in ("C-1", "C-2")
    ]
    adjustment = {"points": 5, "reason": SAID}
    ok(api.post(f"/members/{second}/adjustments", adjustment, Idempotency_Key="k-1"))
    back = {"return_no": "R-1", "amount": 10_000, "reason": SAID}
    ok(api.post(f"/purchases/{bought[0]}/returns", back, Idempotency_Key="k-2"))
    ok(api.post(f"/purchases/{bought[1]}/void", {"reason": SAID}, Idempotency_Key="k-3"))
    detached = {"reason": SAID, "phone": PHONE}
    ok(api.post(f"/members/{second}/phone/detach", detached, Idempotency_Key="k-4"))
    ok(api.put(f"/members/{second}/restriction", {"restricted": True, "reason": SAID}))
    ok(api.post(f"/members/{second}/erasure", {"reason": f"{SAID} and Second Person"}))
    work(app)
    assert traces(app, forms_of(words=[NAME, "Second Person"])) == set()
    verify(cli)


def test_file_shows_what_the_log_says_of_returns_and_redemptions(api):
    bought = buy(api, amount=1_000_000)
    member = bought["member"]["id"]
    back = {"return_no": "R-1", "amount": 10_000, "reason": "scratched"}
    ok(api.post(f"/purchases/{bought['purchase']['id']}/returns", back))
    done(api, spend(api, member, points=10), "reverse")
    other = buy(api, phone=OTHER_PHONE, receipt_no="B-1", amount=1_000_000)["member"]["id"]
    done(api, spend(api, other, points=10), "reverse")
    log = ok(api.get(f"/members/{member}/data"))["log"]
    assert sorted(event["action"] for event in log if event["action"] != "rights.copy") == [
        *("points.reverse", "purchase.return")
    ]
    assert [event["reason"] for event in log if event["action"] == "purchase.return"] == [
        "scratched"
    ]

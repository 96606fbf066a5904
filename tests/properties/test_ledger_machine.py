"""Any history of purchases, returns, spending, merges and passing time, against a model without a
database; the ledger's invariants hold after every step."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from loyalty.core.db import db, read, transaction
from loyalty.points import expiring, invariants, reading
from loyalty.programme.models import ProgrammeSettings
from loyalty.rewards import service as rewards
from tests.properties.ledger_model import Account, Hold, Model, Receipt
from tests.properties.shop import FAIL_FAST, SameShop
from tests.purchases.receipts import local
from tests.shop import make_key, make_store

OPENED = local("2026-01-05 09:00")
BEGUN = local("2026-04-20 10:00")
"""Past the first days, in which nothing lapses."""
PHONES = ["0912345678", "0987654321", "0903111222", "0905333444"]
phones = st.sampled_from(PHONES)
amounts = st.sampled_from([10_000, 29_999, 90_000, 250_000])
points = st.sampled_from([1, 2, 5, 12])
which = st.integers(0, 50)
jumps = st.sampled_from(
    [timedelta(minutes=1), timedelta(minutes=20), *(timedelta(days=n) for n in (1, 12, 31, 40))]
)


class Ledger(RuleBasedStateMachine):
    """`shop` and `travel` are set by the test that runs it."""

    shop: SameShop
    travel: Any

    @initialize()
    def open_shop(self):
        self.travel.move_to(BEGUN)
        self.shop.renew()
        self.app, self.api = self.shop.app, self.shop.api
        self.model = Model(now=BEGUN, started=OPENED)
        self.numbers = itertools.count(1)
        self.mains: dict[Account, str] = {}

    # -- receipts --------------------------------------------------------------

    @rule(phone=phones, amount=amounts, lines=st.booleans())
    def buy(self, phone, amount, lines):
        self.record(phone, amount, lines=lines)

    @rule(phone=phones, amount=amounts, spend=points)
    def buy_and_pay_with_points(self, phone, amount, spend):
        held = self.try_hold(phone, spend)
        if held is not None:
            receipt = self.record(phone, amount, lines=False, redemptions=[held.id])
            self.model.capture(held, held.points)
            held.receipt = receipt
            receipt.paid_by.append(held)

    @rule(nth=which)
    def send_a_receipt_again(self, nth):
        receipt = self.pick(self.model.receipts.values(), nth)
        if receipt is not None:
            answer = self.api.post("/purchases", self.body_of(receipt))
            assert answer.status_code == 200, answer.json

    @rule(nth=which)
    def void(self, nth):
        receipt = self.pick(self.model.receipts.values(), nth)
        if receipt is not None:
            answer = self.api.post(f"/purchases/{receipt.id}/void", {})
            if not self.model.may_change(receipt):
                assert answer.get_json()["code"] == "too_late_to_change"
            elif receipt.returns:
                assert answer.get_json()["code"] == "purchase_has_returns"
            else:
                assert answer.status_code == 200, answer.json
                self.model.void(receipt)

    @rule(nth=which, phone=phones)
    def reassign(self, nth, phone):
        receipt = self.pick(self.model.receipts.values(), nth)
        if receipt is None:
            return
        origin = receipt.account
        answer = self.api.post(f"/purchases/{receipt.id}/reassign", {"phone": phone})
        if not self.model.may_change(receipt):
            assert answer.get_json()["code"] == "too_late_to_change"
            return
        if answer.status_code == 200:
            target = self.account(phone, answer.get_json()["member"]["id"])
            self.model.reassign(receipt, target)
            self.forget_if_closed(origin)
            return
        code = answer.get_json()["code"]
        if receipt.returns:
            assert code == "purchase_has_returns"
        else:
            assert receipt.paid_by
            assert code == "paid_with_points"

    @rule(nth=which, share=st.sampled_from([1, 2, 3]))
    def bring_an_amount_back(self, nth, share):
        receipt = self.pick(self.model.receipts.values(), nth)
        if receipt is None or receipt.lines:
            return
        left = receipt.amount - receipt.returned
        amount = left // share
        if amount == 0:
            return
        self.bring_back(receipt, {"amount": amount}, amount, None, 0)
        too_much = {"return_no": f"R{next(self.numbers)}", "amount": left - amount + 1}
        answer = self.api.post(f"/purchases/{receipt.id}/returns", too_much)
        assert answer.get_json()["code"] == "return_exceeds_purchase", answer.json

    @rule(nth=which, sku=st.sampled_from(["A", "B"]), quantity=st.sampled_from([1, 2]))
    def bring_goods_back(self, nth, sku, quantity):
        receipt = self.pick(self.model.receipts.values(), nth)
        if receipt is None or sku not in receipt.lines:
            return
        left, amount_left = receipt.left_of(sku)
        if quantity > left:
            return
        amount = amount_left if quantity == left else amount_left // left * quantity
        line = {"sku": sku, "quantity": quantity, "amount": amount}
        self.bring_back(receipt, {"lines": [line]}, amount, sku, quantity)

    # -- points ----------------------------------------------------------------

    @rule(phone=phones, spend=points)
    def hold(self, phone, spend):
        self.try_hold(phone, spend)

    @rule(nth=which, part=points)
    def capture(self, nth, part):
        held = self.pick(self.model.open_holds(), nth)
        if held is not None:
            part = min(part, held.points)
            answer = self.api.post(f"/redemptions/{held.id}/capture", {"points": part})
            assert answer.status_code == 200, answer.json
            self.model.capture(held, part)

    @rule(nth=which)
    def void_hold(self, nth):
        held = self.pick(self.model.open_holds(), nth)
        if held is not None:
            assert self.api.post(f"/redemptions/{held.id}/void", {}).status_code == 200
            self.model.release(held)

    @rule(nth=which)
    def repeat_what_was_done_to_a_hold(self, nth):
        ended = (hold for hold in self.model.holds if hold.state != "held")
        held = self.pick([hold for hold in ended if hold.receipt is None], nth)
        if held is not None:
            act = {"captured": "capture", "voided": "void", "reversed": "reverse"}.get(held.state)
            if act:
                body = {"points": held.captured} if act == "capture" else {}
                answer = self.api.post(f"/redemptions/{held.id}/{act}", body)
                assert answer.status_code == 200, answer.json

    @rule(nth=which)
    def reverse(self, nth):
        spent = [h for h in self.model.holds if h.state == "captured" and h.receipt is None]
        held = self.pick(spent, nth)
        if held is not None:
            assert self.api.post(f"/redemptions/{held.id}/reverse", {}).status_code == 200
            self.model.restore(held, held.captured)

    @rule(phone=phones, more=st.sampled_from([-7, -1, 3, 20]))
    def adjust(self, phone, more):
        account = self.model.accounts.get(phone)
        if account is None:
            return
        body = {"points": more, "reason": "counted again"}
        answer = self.api.post(f"/members/{account.id}/adjustments", body)
        if account.available(self.model.now) + more < 0:
            assert answer.get_json()["code"] == "insufficient_points"
            return
        assert answer.status_code == 201, answer.json
        if more > 0:
            self.model.credit(account, more, self.model.lapses_at(self.model.now))
        else:
            self.model.take_live(account, -more)

    # -- time ------------------------------------------------------------------

    @rule(by=jumps)
    def time_passes(self, by):
        self.model.pass_time(by)
        self.travel.shift(by)

    @rule()
    def hold_job_runs(self):
        with self.app.app_context(), transaction():
            rewards.lapse_due(self.model.now)

    @rule()
    def expiry_job_runs(self):
        with self.app.app_context():
            expiring.expire_due(self.model.now)

    # -- people ----------------------------------------------------------------

    @rule(source=phones, survivor=phones)
    def merge(self, source, survivor):
        one, other = (self.model.accounts.get(phone) for phone in (source, survivor))
        if one is None or other is None:
            return
        answer = self.api.post(f"/members/{one.id}/merge", {"into": other.id})
        if one is other:
            assert answer.get_json()["code"] == "same_member"
            return
        assert answer.status_code == 200, answer.json
        again = self.api.post(f"/members/{one.id}/merge", {"into": other.id})
        assert again.status_code == 200, again.json
        self.model.merge(one, other)

    @rule(old=phones, new=phones)
    def change_number(self, old, new):
        account = self.model.accounts.get(old)
        if account is None:
            return
        answer = self.api.put(f"/members/{account.id}/phone", {"phone": new})
        holder = self.model.accounts.get(new)
        if holder is None:
            assert answer.status_code == 200, answer.json
            main = self.main_of(account)
            self.model.accounts = {
                phone: each for phone, each in self.model.accounts.items() if phone != main
            } | {new: account}
            self.mains[account] = new
        elif holder is not account:
            assert answer.get_json()["code"] == "phone_in_use"

    # -- after every step ------------------------------------------------------

    @invariant()
    def everybody_has_what_the_model_says(self):
        if not hasattr(self, "model"):
            return
        with self.app.app_context(), read():
            for account in set(self.model.accounts.values()):
                self.compare(account, reading.standing(account.id))

    def compare(self, account, seen):
        available = account.available(self.model.now)
        held = self.model.held_by(account)
        assert seen["available"] == available
        assert seen["held"] == held
        assert seen["balance"] == available + held
        assert seen["debt"] == account.debt
        assert sum(each["points"] for each in seen["expiring"]) == available

    @invariant()
    def the_ledger_adds_up(self):
        if hasattr(self, "model"):
            with self.app.app_context(), read():
                assert invariants.broken() == []

    # -- how it is asked ---------------------------------------------------------

    def record(self, phone, amount, *, lines, redemptions=()):
        number = f"HD-{next(self.numbers)}"
        goods = {"A": (2, amount // 3 * 2), "B": (1, amount - amount // 3 * 2)} if lines else {}
        receipt = Receipt(0, number, Account(0), phone, amount, goods, self.model.now)
        body = self.body_of(receipt) | ({"redemptions": list(redemptions)} if redemptions else {})
        answer = self.api.post("/purchases", body)
        assert answer.status_code == 201, answer.json
        receipt.id = answer.get_json()["purchase"]["id"]
        receipt.account = self.account(phone, answer.get_json()["member"]["id"])
        assert answer.get_json()["purchase"]["points_earned"] == receipt.earned
        self.model.buy(receipt)
        return receipt

    def body_of(self, receipt):
        lines = [
            {"sku": sku, "quantity": quantity, "amount": amount}
            for sku, (quantity, amount) in receipt.lines.items()
        ]
        body = {"phone": receipt.phone, "store": "S01", "amount": receipt.amount}
        return body | {"receipt_no": receipt.number} | ({"lines": lines} if lines else {})

    def bring_back(self, receipt, what, amount, sku, quantity):
        body = {"return_no": f"R{next(self.numbers)}", **what}
        before = receipt.reversed
        answer = self.api.post(f"/purchases/{receipt.id}/returns", body)
        assert answer.status_code == 201, answer.json
        self.model.bring_back(receipt, amount, sku, quantity)
        assert answer.get_json()["return"]["points_reversed"] == receipt.reversed - before
        again = self.api.post(f"/purchases/{receipt.id}/returns", body)
        assert (again.status_code, again.get_json()["return"]) == (200, answer.get_json()["return"])

    def try_hold(self, phone, spend) -> Hold | None:
        account = self.model.accounts.get(phone)
        if account is None:
            return None
        answer = self.api.post(f"/members/{account.id}/redemptions", {"points": spend})
        available = account.available(self.model.now)
        if available < spend:
            assert answer.get_json()["code"] == "insufficient_points"
            assert answer.get_json()["available"] == available
            return None
        assert answer.status_code == 201, answer.json
        return self.model.hold(account, spend, answer.get_json()["id"])

    def account(self, phone, member_id):
        account = self.model.accounts.get(phone)
        if account is None:
            account = self.model.accounts[phone] = Account(member_id)
            self.mains[account] = phone
        assert account.id == member_id
        return account

    def main_of(self, account):
        """The number that is changed: an alias leads to the account all the same."""
        return self.mains[account]

    def forget_if_closed(self, account):
        phone = self.main_of(account)
        if self.api.get("/members", phone=phone).get_json()["items"]:
            return
        assert account.available(self.model.now) == account.debt == 0
        assert not [r for r in self.model.receipts.values() if r.account is account]
        del self.model.accounts[phone]

    @staticmethod
    def pick(among, nth):
        among = list(among)
        return among[nth % len(among)] if among else None


def prepare(app) -> str:
    make_store(app)
    with app.app_context(), transaction():
        settings_row = db.session.get_one(ProgrammeSettings, 1)
        settings_row.settings = {"expiry": {"months": 1}}
    return make_key(app)


def run_machine(request, tmp_path_factory, kind: str, *, examples: int, steps: int) -> None:
    databases = request.getfixturevalue(f"{kind}_databases")
    with time_machine.travel(OPENED, tick=False) as travel:
        shop = SameShop(databases, tmp_path_factory.mktemp("ledger"), prepare)
        machine = type("Machine", (Ledger,), {"shop": shop, "travel": travel})
        limits = settings(FAIL_FAST, max_examples=examples, stateful_step_count=steps)
        try:
            run_state_machine_as_test(machine, settings=limits)
        finally:
            shop.drop()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_history_ends_as_the_model_says(request, tmp_path_factory, kind):
    run_machine(request, tmp_path_factory, kind, examples=20, steps=25)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_ten_thousand_histories_end_as_the_model_says(request, tmp_path_factory, kind):
    run_machine(request, tmp_path_factory, kind, examples=10_000, steps=20)

"""Any course of purchases, batches, voids, reassigns and profiles, against a small model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.properties.model import Model
from tests.properties.shop import FAIL_FAST, broken_invariants, new_shop
from tests.purchases.receipts import balance

phones = st.sampled_from(["0912345678", "0987654321", "0903111222", "0905333444"])
numbers = st.sampled_from([f"HD-{n}" for n in range(6)])
amounts = st.sampled_from([0, 9_999, 10_000, 25_000, 150_000])
rows = st.tuples(numbers, phones, amounts)


class Shop(RuleBasedStateMachine):
    """`databases` and `folder` are set by the test that runs it."""

    databases: Any
    folder: Any

    @initialize()
    def open_shop(self):
        self.model = Model()
        self.opened = new_shop(self.databases, self.folder)
        self.app, self.api = self.opened.__enter__()

    def teardown(self):
        if hasattr(self, "opened"):
            try:
                assert broken_invariants(self.app) == ""
            finally:
                self.opened.__exit__(None, None, None)

    @rule(row=rows)
    def record(self, row):
        number, phone, amount = row
        expected = self.model.verdict(*row)
        answer = self.api.post("/purchases", body_of(row))
        assert answer.status_code == {"recorded": 201, "replayed": 200, "conflict": 409}[expected]
        if expected == "recorded":
            self.model.record(number, phone, amount, answer.get_json()["purchase"]["id"])
        if expected != "conflict":
            holder = self.model.receipts[number].holder
            assert answer.get_json()["member"]["points"] == self.model.people[holder].balance

    @rule(batch=st.lists(rows, min_size=1, max_size=6))
    def record_batch(self, batch):
        verdicts, new = [], Model(receipts=dict(self.model.receipts))
        for row in batch:
            verdicts.append(new.verdict(*row))
            if verdicts[-1] == "recorded":
                new.record(row[0], row[1], row[2], 0)
        answer = self.api.post("/purchases/batch", {"purchases": [body_of(row) for row in batch]})
        done = answer.get_json()
        assert done["recorded"] == verdicts.count("recorded")
        assert done["replayed"] == verdicts.count("replayed")
        rejected = [each["index"] for each in done["rejected"]]
        assert rejected == [n for n, verdict in enumerate(verdicts) if verdict == "conflict"]
        for row, verdict in zip(batch, verdicts, strict=True):
            if verdict == "recorded":
                self.model.record(row[0], row[1], row[2], self.id_of(row[0]))

    @rule(number=numbers)
    def void(self, number):
        if number in self.model.receipts:
            bought = self.model.receipts[number]
            self.model.void(number)
            answer = self.api.post(f"/purchases/{bought.id}/void", {})
            assert answer.get_json()["purchase"]["voided"] is True
            assert answer.get_json()["member"]["points"] == self.balance_of(bought.holder)

    @rule()
    def void_again(self):
        for purchase_id in self.model.voided:
            assert self.api.post(f"/purchases/{purchase_id}/void", {}).status_code == 200

    @rule(number=numbers, phone=phones)
    def reassign(self, number, phone):
        if number in self.model.receipts:
            self.model.reassign(number, phone)
            answer = self.post_reassign(self.model.receipts[number].id, phone)
            assert answer.get_json()["member"]["points"] == self.balance_of(phone)

    @rule(phone=phones)
    def reassign_void(self, phone):
        before = {p: person.balance for p, person in self.model.people.items()}
        for purchase_id in list(self.model.voided)[:1]:
            assert self.post_reassign(purchase_id, phone).status_code == 409
        assert before == {p: person.balance for p, person in self.model.people.items()}

    @rule(phone=phones)
    def name_member(self, phone):
        if phone in self.model.people:
            [member] = self.api.get("/members", phone=phone).get_json()["items"]
            answer = self.api.patch(f"/members/{member['id']}", {"name": "Lan"})
            assert answer.status_code == 200
            self.model.people[phone].touched = True

    @invariant()
    def balances_are_the_models(self):
        if hasattr(self, "model"):
            for phone in ("0912345678", "0987654321", "0903111222", "0905333444"):
                assert balance(self.api, phone) == self.balance_of(phone)

    def balance_of(self, phone):
        person = self.model.people.get(phone)
        return None if person is None else person.balance

    def id_of(self, number):
        found = self.api.get("/purchases", store="S01", receipt_no=number).get_json()["items"]
        return next(purchase["id"] for purchase in found if not purchase["voided"])

    def post_reassign(self, purchase_id, phone):
        return self.api.post(f"/purchases/{purchase_id}/reassign", {"phone": phone})


def body_of(row):
    number, phone, amount = row
    return {"phone": phone, "store": "S01", "receipt_no": number, "amount": amount}


def run_machine(request, tmp_path_factory, kind: str, *, examples: int, steps: int) -> None:
    databases = request.getfixturevalue(f"{kind}_databases")
    folder = tmp_path_factory.mktemp("machine")
    machine = type("Machine", (Shop,), {"databases": databases, "folder": folder})
    limits = settings(FAIL_FAST, max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(machine, settings=limits)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_course_of_events_ends_as_the_model_says(request, tmp_path_factory, kind):
    run_machine(request, tmp_path_factory, kind, examples=25, steps=20)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_long_courses_end_as_the_model_says(request, tmp_path_factory, kind):
    run_machine(request, tmp_path_factory, kind, examples=400, steps=60)

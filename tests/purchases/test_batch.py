"""A batch: wholly in or wholly out, but for rows that are wrong in themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.core.rows import lots_gone, row_counts, scalar
from tests.purchases.receipts import (
    OTHER_PHONE,
    PHONE,
    balance,
    buy,
    phone,
    points_of,
    problem,
    receipt,
)

pytestmark = pytest.mark.usefixtures("store")


def send_batch(api, rows, **headers):
    return api.post("/purchases/batch", {"purchases": rows}, **headers)


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


def test_batch_counts_what_it_did(api, cli):
    buy(api, receipt_no="HD-0")
    rows = [
        receipt(receipt_no="HD-0"),
        receipt(receipt_no="HD-1"),
        receipt(receipt_no="HD-2", phone=OTHER_PHONE),
        receipt(receipt_no="HD-0", amount=1),
    ]
    answer = send_batch(api, rows)
    assert answer.status_code == 200
    body = answer.get_json()
    [rejected] = body.pop("rejected")
    assert body == {"recorded": 2, "replayed": 1}
    assert rejected.keys() == {"index", "code", "detail"}
    assert (rejected["index"], rejected["code"]) == (3, "receipt_conflict")
    assert "678" in rejected["detail"]
    assert "345" not in rejected["detail"]
    assert (balance(api, PHONE), balance(api, OTHER_PHONE)) == (30, 15)
    verify(cli)


def test_rows_answer_as_the_same_receipts_one_by_one(api):
    """A batch of one is one purchase: the same points, the same member."""
    send_batch(api, [receipt(receipt_no=f"A-{n}", amount=n * 7_777) for n in range(9)])
    for n in range(9):
        buy(api, phone=OTHER_PHONE, receipt_no=f"B-{n}", amount=n * 7_777)
    assert balance(api, PHONE) == balance(api, OTHER_PHONE)


def ahead() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


WRONG_IN_THEMSELVES: dict[str, list[Any]] = {
    "invalid_request": [
        {},
        [],
        "HD-1",
        7,
        None,
        True,
        receipt(amount=1.5),
        receipt(amount=True),
        receipt(amount="1000"),
        receipt(amount=-1),
        receipt(amount=10**13 + 1),
        receipt(store=7),
        receipt(phone=912345678),
        receipt(colour="red"),
        receipt(member={"colour": "red"}),
        receipt(member={"email": "nobody"}),
        receipt(purchased_at="yesterday"),
        receipt(purchased_at="9999-12-31T23:59:59Z"),
        receipt(receipt_no="HD\x00"),
        receipt(lines=[{"sku": "A-1"}]),
    ],
    "letters_in_number": [receipt(phone="0912xxxxxx")],
    "no_number": [receipt(phone="")],
    "service_number": [receipt(phone="19001234")],
    "unknown_store": [receipt(store="S99")],
    "receipt_no_required": [receipt(receipt_no=None)],
    "lines_do_not_add_up": [receipt(lines=[{"sku": "A-1", "quantity": 1, "amount": 1}])],
    "in_the_future": [receipt(purchased_at=ahead())],
    "unknown_province": [receipt(member={"province": "Atlantis"})],
}


def test_wrong_rows_are_rejected_alone_by_index_and_code(api, cli):
    wrong = [(code, row) for code, rows in WRONG_IN_THEMSELVES.items() for row in rows]
    rows = []
    for number, (_, row) in enumerate(wrong):
        rows += [row, receipt(receipt_no=f"OK-{number}")]
    answer = send_batch(api, rows).get_json()
    assert answer["recorded"] == len(wrong)
    rejected = [(row["index"], row["code"]) for row in answer["rejected"]]
    assert rejected == [(2 * number, code) for number, (code, _) in enumerate(wrong)]
    assert all(row["detail"] for row in answer["rejected"])
    assert balance(api, PHONE) == 15 * len(wrong)
    verify(cli)


def test_batch_of_wrong_rows_writes_nothing(api, app):
    before = row_counts(app)
    answer = send_batch(api, [{}, receipt(phone="0912xxxxxx"), receipt(store="S99")]).get_json()
    assert (answer["recorded"], answer["replayed"], len(answer["rejected"])) == (0, 0, 3)
    assert row_counts(app) == before


def test_rejections_hold_no_phone(api):
    buy(api)
    rows = [receipt(amount=1), receipt(phone="0912345678x"), receipt(member={"email": "Lan"})]
    said = send_batch(api, rows).get_data(as_text=True)
    assert "912345678" not in said
    assert "Lan" not in said


def test_duplicates_inside_a_batch_count_once(api, cli):
    rows = [receipt(), receipt(phone="+84 912 345 678"), receipt(amount=1), receipt()]
    answer = send_batch(api, rows).get_json()
    assert (answer["recorded"], answer["replayed"]) == (1, 2)
    assert [(row["index"], row["code"]) for row in answer["rejected"]] == [(2, "receipt_conflict")]
    assert balance(api, PHONE) == 15
    verify(cli)


def test_rejected_first_row_does_not_hold_the_number(api):
    """A row that is wrong in itself is no receipt: the right one behind it counts."""
    rows = [receipt(store="S99"), receipt(phone="0912xxxxxx"), receipt()]
    answer = send_batch(api, rows).get_json()
    assert (answer["recorded"], len(answer["rejected"])) == (1, 2)


def test_new_member_in_several_rows_is_one_member(api, app, cli):
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n % 3)) for n in range(9)]
    assert send_batch(api, rows).get_json()["recorded"] == 9
    assert scalar(app, "SELECT count(*) FROM members") == 3
    assert [balance(api, phone(n)) for n in range(3)] == [45, 45, 45]
    verify(cli)


def test_profiles_in_a_batch_fill_blanks_first_come_first(api):
    rows = [
        receipt(receipt_no="A", member={"name": "Lan"}),
        receipt(receipt_no="B", member={"name": "Hằng", "gender": "female"}),
    ]
    send_batch(api, rows)
    member = api.get("/members", phone=PHONE).get_json()["items"][0]
    assert (member["name"], member["gender"]) == ("Lan", "female")


def test_five_thousand_rows_are_taken_at_once_and_again(api, app, cli):
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n % 900)) for n in range(5_000)]
    assert send_batch(api, rows).get_json() == {"recorded": 5_000, "replayed": 0, "rejected": []}
    before = row_counts(app)
    assert send_batch(api, rows).get_json() == {"recorded": 0, "replayed": 5_000, "rejected": []}
    assert row_counts(app) == before
    assert scalar(app, "SELECT sum(points) FROM members") == 75_000
    assert scalar(app, "SELECT max(id) FROM members") == 900
    verify(cli)


@pytest.mark.parametrize("count", [0, 5_001])
def test_batch_of_no_rows_or_too_many_is_refused(api, app, count):
    before = row_counts(app)
    refused = problem(send_batch(api, [receipt()] * count), 422, "invalid_request")
    assert refused["errors"].keys() == {"purchases"}
    assert row_counts(app) == before


def test_batch_that_breaks_in_the_middle_leaves_nothing(api, app):
    before = row_counts(app)
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n)) for n in range(20)]
    with lots_gone(app):
        problem(send_batch(api, rows, Idempotency_Key="k-1"), 500, "internal_error")
    assert row_counts(app) == before
    assert send_batch(api, rows, Idempotency_Key="k-1").get_json()["recorded"] == 20


def test_batch_is_answered_once_under_its_key(api, app):
    first = send_batch(api, [receipt()], Idempotency_Key="k-1")
    before = row_counts(app)
    again = send_batch(api, [receipt()], Idempotency_Key="k-1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data
    assert row_counts(app) == before
    problem(
        send_batch(api, [receipt(amount=1)], Idempotency_Key="k-1"), 422, "idempotency_mismatch"
    )


def test_members_of_a_batch_stand_as_their_entries_say(api):
    rows = [receipt(receipt_no=f"HD-{n}", phone=phone(n % 7), amount=n * 3_333) for n in range(50)]
    send_batch(api, rows)
    for number in range(7):
        member = api.get("/members", phone=phone(number)).get_json()["items"][0]
        earned = sum(n * 3_333 // 10_000 for n in range(50) if n % 7 == number)
        assert member["points"] == points_of(api, member["id"])["balance"] == earned

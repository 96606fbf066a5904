"""What staff type as a reason stands in logs that nobody can change: without the person."""

from __future__ import annotations

import pytest

from loyalty.members.reasons import without_name
from tests.core.rows import column, scalar
from tests.purchases.receipts import buy

NAME = "Lê Thu Hằng"


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("wrong receipt of Lê Thu Hằng", NAME, "wrong receipt of •••"),
        ("LÊ THU HẰNG đổi ý", NAME, "••• đổi ý"),
        ("le thu hang doi y; Lê  Thu Hằng", NAME, "••• doi y; •••"),
        ("Thu ngân nhập nhầm", NAME, "Thu ngân nhập nhầm"),
        ("Lê Thu Hằngg", NAME, "Lê Thu Hằngg"),
        ("bình an", "An", "bình •••"),
        ("an toàn, dân", "Ân", "••• toàn, dân"),
        ("ลูกค้าสมชายแจ้ง", "สมชาย", "ลูกค้า•••แจ้ง"),
        ("Đỗ Đạt", "đỗ đạt", "•••"),
        ("a (b", "(b", "a •••"),
        ("anything", "   ", "anything"),
    ],
)
def test_whole_name_is_masked_however_it_is_written(text, name, left):
    assert without_name(text, name) == left


def test_reason_of_a_void_is_kept_without_the_person(app, api, store):
    purchase = buy(api, member={"name": NAME})["purchase"]["id"]
    given = "le thu hang, 0912.345.678, hang@example.com, 28/02/1990: nhập 2 lần"
    api.post(f"/purchases/{purchase}/void", {"reason": given})
    kept = "•••, •••, ••• •••: nhập 2 lần"
    assert scalar(app, "SELECT void_reason FROM purchases") == kept
    assert scalar(app, "SELECT reason FROM point_entries WHERE kind = 'reverse_earn'") == kept
    assert column(app, "SELECT reason FROM audit_events WHERE action = 'purchase.void'") == [kept]


def test_reason_of_a_reassign_names_neither_of_both(app, api, store):
    purchase = buy(api, member={"name": NAME})["purchase"]["id"]
    api.post("/members", {"phone": "0987 654 321", "name": "Trần Văn Bình"})
    body = {"phone": "0987 654 321", "reason": "of Tran Van Binh, not of Lê Thu Hằng"}
    assert api.post(f"/purchases/{purchase}/reassign", body).status_code == 200
    query = "SELECT reason FROM audit_events WHERE action = 'purchase.reassign'"
    assert column(app, query) == ["of •••, not of •••"]

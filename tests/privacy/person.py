"""A member with everything that a shop may come to know, among many others."""

from __future__ import annotations

import random
from typing import Any

from flask import Flask

from loyalty.core.access import acting_as
from loyalty.core.db import transaction
from loyalty.imports import service as imports
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.source import Upload
from loyalty.jobs import worker
from tests.api import Api
from tests.core.rows import change
from tests.members.attributes import declare
from tests.privacy.traces import forms_of
from tests.purchases.receipts import buy, phone, receipt

PHONE = "0966 777 155"
E164 = "+84966777155"
OLD_E164 = "+84905111222"
NAME = "Nguyễn Đỗ Tường Vi"
OLD_NAME = "Tường Vi Quách"
EMAIL = "tuongvi.nguyen@example.vn"
BIRTH_DATE = "1987-03-19"
GUARDIAN = "Quách Thị Nguyệt Minh"
PROOF = "Phiếu ký tay của chị Tường Vi"
NOTE = "Chị Tường Vi gọi điện lúc sáng"
NICKNAME = "Bé Nị nhà họ Quách"

FORMS = forms_of(
    phones=[E164, OLD_E164],
    words=[NAME, OLD_NAME, EMAIL, GUARDIAN, PROOF, NOTE, NICKNAME],
    dates=[BIRTH_DATE],
)


def ok(answer) -> dict[str, Any]:
    assert answer.status_code < 300, answer.json
    return answer.get_json()


def make_person(app: Flask, api: Api, *, phone: str = PHONE) -> int:
    """The id of a member with a row in every table that tells of members."""
    first = ok(
        api.post(
            "/purchases",
            receipt(
                phone=phone,
                receipt_no="P-1",
                lines=[{"sku": "A1", "name": "Trà", "quantity": 1, "amount": 150_000}],
                member={"name": OLD_NAME, "email": EMAIL, "birth_date": BIRTH_DATE},
            ),
            Idempotency_Key="first",
        )
    )
    member_id = first["member"]["id"]
    declare(api, "nickname", "text")
    profile = {"name": NAME, "district": "Quận 3", "occupation": "giáo viên"}
    attributes = {"attributes": {"nickname": NICKNAME}}
    ok(api.patch(f"/members/{member_id}", profile | attributes, Idempotency_Key="profile"))
    ok(api.post("/tags", {"name": "Khách quen", "slug": "khach-quen"}))
    ok(api.put(f"/members/{member_id}/tags/khach-quen"))
    buy(api, phone=phone, receipt_no="P-2", amount=400_000)
    void = buy(api, phone=phone, receipt_no="P-3")["purchase"]["id"]
    ok(
        api.post(
            f"/purchases/{void}/void",
            {"reason": f"nhầm của {NAME.upper()} {E164}, {EMAIL}, {BIRTH_DATE}"},
            Idempotency_Key="void",
        )
    )
    yes = {"channel": "sms", "purpose": "marketing", "granted": True}
    said = {**yes, "proof": PROOF, "guardian": GUARDIAN}
    ok(api.put(f"/members/{member_id}/consents", said, Idempotency_Key="consent"))
    ok(
        api.post(
            f"/members/{member_id}/rights-requests",
            {"kind": "erase", "via": "phone", "note": NOTE},
            Idempotency_Key="request",
        )
    )
    change(
        app,
        "INSERT INTO member_phones (member_id, e164, kind, active_from, active_until)"
        " SELECT id, :e164, 'mobile', joined_at, joined_at FROM members WHERE id = :id",
        e164=OLD_E164,
        id=member_id,
    )
    return member_id


def take_part(app: Flask, api: Api, member_id: int) -> None:
    """A row in every table of the programme that tells of a member of `make_person`: a return, a
    gift that is on hold, points that wait, a tier, a bonus, a promotion, a flag."""
    [bought] = ok(api.get("/purchases", store="S01", receipt_no="P-2"))["items"]
    back = {"return_no": "R-1", "amount": 100_000, "reason": f"{NAME} đổi ý, gọi {E164}"}
    ok(api.post(f"/purchases/{bought['id']}/returns", back, Idempotency_Key="return"))
    ok(api.post(f"/members/{member_id}/redemptions", {"points": 3}, Idempotency_Key="hold"))
    who = {"id": member_id, "at": "2026-03-19 00:00:00+00:00", "till": "2027-03-19 00:00:00+00:00"}
    for statement in (
        "INSERT INTO promotions (name, terms, starts_at, ends_at, given, created_by, created_at)"
        " VALUES ('Tết', '{}', :at, :till, 0, 'system:0', :at)",
        "INSERT INTO promotion_uses (promotion_id, member_id, points)"
        " SELECT max(promotions.id), :id, 0 FROM promotions",
        "INSERT INTO tier_changes (member_id, cause, measured, changed_at)"
        " VALUES (:id, 'review', 0, :at)",
        "INSERT INTO bonuses_given (member_id, kind, year, given_at)"
        " VALUES (:id, 'birthday', 2026, :at)",
        "INSERT INTO pending_points (member_id, points, occurred_at, ends_at, actor, created_at)"
        " VALUES (:id, 7, :at, :till, 'person:1', :at)",
        "INSERT INTO purchase_flags"
        " (purchase_id, store_id, kind, actor, flagged_at, decision, decided_by, decided_at)"
        " SELECT id, store_id, 'late', 'person:1', :at, 'approved', 'person:2', :at"
        " FROM purchases WHERE receipt_no = 'P-1'",
    ):
        given = {name: value for name, value in who.items() if f":{name}" in statement}
        change(app, statement, **given)


def work(app: Flask) -> int:
    """How many jobs waited, and were done."""
    with app.app_context():
        return worker.run_waiting(worker="test")


def export_everybody(app: Flask, api: Api) -> str:
    """A file with all that is known of the tag's members; its path in the API."""
    tagged = {"name": "Mọi người", "slug": "moi-nguoi", "expression": {"tag": "khach-quen"}}
    ok(api.post("/audiences", tagged))
    order = {"format": "csv", "purpose": "kiểm kê"}
    made = ok(api.post("/audiences/moi-nguoi/exports", order))
    assert work(app) == 1
    [file] = ok(api.get(f"/exports/{made['id']}"))["files"]
    return f"/exports/{made['id']}/files/{file['name']}"


def send_file(app: Flask, *rows: str, name: str = "members.csv") -> int:
    """The id of an import that was sent and not yet confirmed."""
    header = "phone,name,email,date of birth"
    with app.app_context(), acting_as("system:0"), transaction():
        upload = Upload(name="upload", content="\n".join([header, *rows, ""]).encode())
        return imports.receive(upload, file_name=name)["id"]


def import_file(app: Flask, *rows: str) -> int:
    """The id of an import that is done; the file takes the place of what was known."""
    import_id = send_file(app, *rows)
    columns = {"phone": 0, "name": 1, "email": 2, "birth_date": 3}
    chosen = ImportSettings.from_document({"columns": columns, "on_duplicate": "newest"})
    with app.app_context(), transaction():
        imports.choose(import_id, chosen)
    assert work(app) == 1
    with app.app_context(), transaction():
        imports.start(import_id)
    assert work(app) == 1
    return import_id


def make_others(app: Flask, api: Api, numbers: range) -> None:
    """Other members who come in no order and change, so that pages split and rows move."""
    dice = random.Random(numbers.start)
    rows = [
        receipt(
            phone=phone(number),
            receipt_no=f"O-{number}",
            amount=10_000 * dice.randint(1, 90),
            member={"name": f"Khách {number}", "email": f"k{number}@example.com"},
        )
        for number in dice.sample(numbers, len(numbers))
    ]
    for start in range(0, len(rows), 250):
        batch = {"purchases": rows[start : start + 250]}
        assert ok(api.post("/purchases/batch", batch))["rejected"] == []
        for part in range(5):
            change(
                app,
                "UPDATE members SET occupation = :text WHERE id % 5 = :part",
                text="x" * dice.randint(0, 100),
                part=part,
            )

"""Everything held about one person: shown whole, and treated by an erasure, table by table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Table, select

from loyalty.core.db import Base, db, read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.members import do_not_call
from loyalty.privacy import service
from loyalty.privacy.register import REGISTER, AtErasure
from tests.core.rows import column
from tests.points.spending import spend
from tests.privacy.person import (
    BIRTH_DATE,
    E164,
    EMAIL,
    GUARDIAN,
    NAME,
    NICKNAME,
    NOTE,
    OLD_E164,
    PHONE,
    PROOF,
    export_everybody,
    import_file,
    make_person,
    ok,
    take_part,
)
from tests.purchases.receipts import OTHER_PHONE, buy, problem

pytestmark = pytest.mark.usefixtures("store")


def tables_about_members() -> set[str]:
    """Those with a member's id, and those that hang on one of them."""
    tables = Base.metadata.tables
    about = {"members"} | {name for name, table in tables.items() if "member_id" in table.c}
    while more := {name for name in tables.keys() - about if _points_to(tables[name], about)}:
        about |= more
    return about


def _points_to(table: Table, about: set[str]) -> bool:
    return any(key.column.table.name in about for key in table.foreign_keys)


@pytest.fixture
def member(app, api) -> int:
    """With a row in every table that tells of members."""
    member_id = make_person(app, api)
    take_part(app, api, member_id)
    spend(app, member_id, 5)
    import_file(app, f"{PHONE},{NAME} Lan,,")
    ok(api.patch(f"/members/{member_id}", {"name": NAME}))
    export_everybody(app, api)
    with app.app_context(), transaction():
        do_not_call.add([PhoneNumber(E164)], source="asked")
    return member_id


def test_every_table_about_members_is_registered(app):
    missing = tables_about_members() - REGISTER.keys()
    assert missing == set(), "say in privacy/register.py how it is shown and what erases it"
    with app.app_context():
        assert REGISTER.keys() <= db.metadata.tables.keys()


def test_what_stays_says_why():
    silent = {
        name
        for name, holding in REGISTER.items()
        if not holding.because
        and (holding.at_erasure is AtErasure.STAYS or holding.section is None)
    }
    assert silent == set()


def rows_of(app, table: str, member_id: int) -> list[dict[str, Any]]:
    with app.app_context(), read() as session:
        about = select(db.metadata.tables[table]).where(_is_about(table, member_id))
        return [dict(row) for row in session.execute(about).mappings()]


def _is_about(name: str, member_id: int) -> Any:
    """By the member's id, or by what the table hangs on."""
    table = db.metadata.tables[name]
    if name == "members":
        return table.c.id == member_id
    if "member_id" in table.c:
        return table.c.member_id == member_id
    keys = [key for key in table.foreign_keys if key.column.table.name in tables_about_members()]
    parent = keys[0].column
    return keys[0].parent.in_(select(parent).where(_is_about(parent.table.name, member_id)))


def test_every_table_with_rows_shows_every_cell(app, member):
    """Each value of each row stands in the section that the register names, but for what is
    derived, internal, or names staff."""
    with app.app_context(), read():
        held = service.held(member)
    with_a_section = {table for table in tables_about_members() if REGISTER[table].section}
    assert tables_about_members() - with_a_section == {"dirty"}
    for table in with_a_section:
        section = json.dumps(held[REGISTER[table].section or ""], ensure_ascii=False)
        rows = rows_of(app, table, member)
        assert rows, f"the test's person has no row in {table}"
        for row in rows:
            for name, value in row.items():
                if name not in INTERNAL.get(table, ()) and isinstance(value, str):
                    shown = value.partition(":")[0] if name in STAFF else value
                    assert json.dumps(shown, ensure_ascii=False) in section, (table, name)
                assert name in INTERNAL.get(table, ()) or f'"{name}"' in section, (table, name)


STAFF = ("actor", "recorded_by", "created_by", "captured_by", "ended_by", "decided_by")
INTERNAL = {
    "members": (
        *("name_folded", "tier_id", "merged_into"),
        *("points", "debt", "held", "tier_spend"),
    ),
    "member_attributes": ("member_id", "attribute_id", "place", "text", "number", "day"),
    "member_phones": ("id", "member_id"),
    "consents": ("member_id",),
    "consent_changes": ("id", "member_id"),
    "purchases": (
        *("store_id", "period", "member_id", "lines_hash"),
        *("local_date", "local_hour", "local_weekday"),
    ),
    "purchase_lines": ("purchase_id",),
    "purchase_flags": ("id", "purchase_id", "store_id"),
    "returns": ("store_id", "period", "member_id", "lines_hash", "local_date"),
    "return_lines": ("return_id",),
    "redemptions": ("member_id", "reward_id", "store_id"),
    "tier_changes": ("member_id", "from_tier_id", "tier_id"),
    "promotion_uses": ("member_id",),
    "bonuses_given": ("member_id",),
    "pending_points": ("member_id",),
    "point_entries": ("member_id",),
    "point_lots": ("member_id",),
    "lot_allocations": ("entry_id",),
    "rights_requests": ("member_id",),
    "imported_members": ("member_id",),
}


def test_held_is_whole_and_plain(app, api, member):
    held = ok(api.get(f"/members/{member}/data"))
    profile = held["profile"]
    assert (profile["name"], profile["email"]) == (NAME, EMAIL)
    assert (profile["birth_date"], profile["phone"]) == (BIRTH_DATE, E164)
    assert profile["urban"] is True
    assert held["attributes"] == {"nickname": NICKNAME}
    [tag] = held["tags"]
    assert (tag["slug"], tag["name"], tag["kind"]) == ("khach-quen", "Khách quen", "manual")
    assert {row["e164"] for row in held["phones"]} == {E164, OLD_E164}
    assert len(held["consents"]) == 10
    assert [(c["proof"], c["guardian"]) for c in held["consent_history"]] == [(PROOF, GUARDIAN)]
    assert held["do_not_call"] is True
    receipts = {row["receipt_no"]: row for row in held["purchases"]}
    assert receipts["P-1"]["lines"][0]["name"] == "Trà"
    assert receipts["P-3"]["voided_at"] is not None
    assert "nhầm" in receipts["P-3"]["void_reason"]
    assert held["points"]["balance"] == 15 + 40 - 10 - 5
    assert sum(entry["points"] for entry in held["points"]["entries"]) == 40 - 3
    assert held["points"]["entries"][0]["taken_from"][0]["points"] == 5
    assert [row["points"] for row in held["points"]["pending"]] == [7]
    [returned] = held["returns"]
    assert (returned["return_no"], returned["amount"]) == ("R-1", 100_000)
    assert [row["state"] for row in held["redemptions"]] == ["captured", "held"]
    assert [row["kind"] for row in receipts["P-1"]["flags"]] == ["late"]
    assert held["merged"] == []
    assert [row["note"] for row in held["requests"]] == [NOTE]
    assert [(row["format"], row["purpose"]) for row in held["exports"]] == [("csv", "kiểm kê")]
    assert [row["before"]["name"] for row in held["imports"]] == [NAME]
    done = {event["action"] for event in held["log"]}
    assert {"member.change", "consent.change", "purchase.void", "rights.copy"} <= done
    assert {event["actor"] for event in held["log"]} <= {"key", "person", "system"}
    assert set(held["log"][0]) == {"at", "action", "actor", "reason"}
    logged = column(app, "SELECT object_id FROM audit_events WHERE action = 'rights.copy'")
    assert logged == [str(member)]


def test_held_shows_nobody_else(api, member):
    other = buy(api, phone=OTHER_PHONE, receipt_no="X-1")["member"]["id"]
    held = ok(api.get(f"/members/{other}/data"))
    assert [row["receipt_no"] for row in held["purchases"]] == ["X-1"]
    assert (held["requests"], held["do_not_call"], held["consent_history"]) == ([], False, [])
    assert (held["attributes"], held["tags"]) == ({}, [])
    assert (held["exports"], held["imports"]) == ([], [])
    assert (held["returns"], held["redemptions"], held["tiers"]) == ([], [], [])


def test_tag_says_why_in_words_and_names_nobody_of_the_staff(api, member):
    rule = {"field": "district", "op": "eq", "value": "Quận 3"}
    ok(api.post("/tags", {"name": "Quận 3", "slug": "quan-3", "rule": rule}))
    by_slug = {tag["slug"]: tag for tag in ok(api.get(f"/members/{member}/data"))["tags"]}
    assert set(by_slug) == {"khach-quen", "quan-3"}
    assert "Quận 3" in by_slug["quan-3"]["why"]
    assert by_slug["khach-quen"]["why"] is None
    assert all("by" not in tag and tag["since"] for tag in by_slug.values())


def test_erasure_does_to_each_table_what_the_register_says(app, api, member):
    before = {table: rows_of(app, table, member) for table in tables_about_members()}
    ok(api.post(f"/members/{member}/erasure", {"reason": "asked"}))
    for table, rows in before.items():
        holding = REGISTER[table]
        after = rows_of(app, table, member)
        if holding.at_erasure is AtErasure.DELETED:
            assert after == [], table
            continue
        assert len(after) >= len(rows), table
        for name in holding.emptied:
            assert {row[name] for row in after} == {None}, (table, name)


def test_nothing_is_held_of_an_erased_member_and_of_nobody(app, api, member):
    ok(api.post(f"/members/{member}/erasure", {"reason": "asked"}))
    problem(api.get(f"/members/{member}/data"), 409, "member_erased")
    problem(api.get("/members/999/data"), 404, "unknown_member")
    problem(api.get(f"/members/{member}"), 404, "unknown_member")


def test_a_member_with_ten_thousand_purchases_is_shown_whole(app, api):
    count = 10_000
    rows = [
        {"phone": E164, "store": "S01", "receipt_no": str(n), "amount": 10_000}
        for n in range(count)
    ]
    for start in range(0, count, 5_000):
        ok(api.post("/purchases/batch", {"purchases": rows[start : start + 5_000]}))
    held = ok(api.get("/members/1/data"))
    assert len(held["purchases"]) == len(held["points"]["entries"]) == count

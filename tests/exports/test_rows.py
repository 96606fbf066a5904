"""The rows of a file as they stand in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from pyroaring import BitMap
from sqlalchemy import insert

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import member_fields, rows
from loyalty.exports.columns import FIXED, ColumnKind
from loyalty.members.models import Member
from loyalty.points.models import PointLot
from tests.audiences.making import close, enrol, make_tag
from tests.core.rows import change, row_counts
from tests.exports.ordering import agree
from tests.purchases.receipts import phone
from tests.tags.making import buys, join

pytestmark = pytest.mark.usefixtures("store")


def read_all(app, ids, names, as_of=None):
    with app.app_context():
        batches = rows.read_rows(BitMap(ids), names, as_of=as_of or clock.now())
        return [row for batch in batches for row in batch]


def read_one(app, member_id, *names):
    [row] = read_all(app, [member_id], names)
    assert row[0] == member_id
    return dict(zip(names, row[1:], strict=True))


PROFILE = {
    "name": "Trần Thị Lan",
    "email": "lan@example.com",
    "birth_date": "1990-02-28",
    "gender": "female",
    "income_band": "middle",
    "occupation": "Giáo viên",
    "education": "Đại học",
    "family_size": 4,
    "country": "VN",
    "district": "Quận 1",
}


def test_profile_as_it_was_given(app, api):
    member_id = join(api, 1, **PROFILE, province="79")
    found = read_one(app, member_id, *PROFILE, "phone", "province", "source", "id", "joined_at")
    assert found.pop("joined_at").tzinfo is not None
    assert found == {
        **PROFILE,
        "birth_date": date(1990, 2, 28),
        "phone": f"+84{phone(1).lstrip('0')}",
        "province": "vn34:79",
        "source": "api",
        "id": member_id,
    }


def test_member_of_whom_nothing_is_known(app, api):
    enrol(app, [7])
    missing = [*PROFILE, "phone", "province", "first_purchase", "last_purchase", "rfm_segment"]
    zero = ["points", "points_expiring", "lifetime_spend", "purchase_count"]
    found = read_one(app, 7, *missing, *zero, "tags", "consent_sms")
    assert found == {
        **dict.fromkeys(missing),
        **dict.fromkeys(zero, 0),
        "tags": (),
        "consent_sms": False,
    }


def test_purchases_net_of_returns_and_points(app, api):
    member_id = buys(api, 1, amount=250_000)
    found = read_one(
        app,
        member_id,
        "lifetime_spend",
        "purchase_count",
        "first_purchase",
        "points",
        "rfm_segment",
    )
    assert isinstance(found.pop("first_purchase"), datetime)
    assert found.pop("rfm_segment") is not None
    assert found == {"lifetime_spend": 250_000, "purchase_count": 1, "points": 25}
    assert all(type(value) is int for value in found.values())


def test_points_are_the_balance_that_is_shown(app, api):
    """Without a lot that is past its expiry, of which the ledger does not know yet."""
    member_id = buys(api, 1, amount=250_000)
    over = clock.now() - timedelta(days=1)
    in_app(app, lambda: set_expiry(over))
    assert read_one(app, member_id, "points", "points_expiring") == {
        "points": 0,
        "points_expiring": 0,
    }
    in_app(app, lambda: set_expiry(clock.now() + timedelta(days=3)))
    assert read_one(app, member_id, "points", "points_expiring") == {
        "points": 25,
        "points_expiring": 25,
    }


def in_app(app, act):
    with app.app_context():
        in_transaction(act)


def set_expiry(moment):
    connection().execute(table_of(PointLot).update().values(expires_at=moment))


def test_consents_are_those_that_count(app, api):
    agreed, unproved = join(api, 1), join(api, 2)
    agree(api, agreed, "sms")
    said = {"channel": "sms", "purpose": "marketing", "granted": True}
    assert api.put(f"/members/{unproved}/consents", said).status_code == 200
    names = ["consent_sms", "consent_email"]
    assert read_all(app, [agreed, unproved], names) == [
        (agreed, True, False),
        (unproved, False, False),
    ]


def test_tags_that_people_set_by_name(app, api):
    enrol(app, [1, 2, 70_000])
    make_tag(app, "b", [1, 70_000])
    make_tag(app, "a", [1])
    api.post("/tags", {"name": "c", "rule": {"field": "gender", "op": "missing"}})
    assert read_all(app, [1, 2, 70_000], ["tags"]) == [
        (1, ("a", "b")),
        (2, ()),
        (70_000, ("b",)),
    ]


ATTRIBUTES = {
    "note": ("text", "thích màu đỏ", "thích màu đỏ"),
    "distance": ("number", 3, 3),
    "weight": ("number", 1.5, 1.5),
    "parks": ("bool", False, False),
    "visit": ("date", "2026-02-28", date(2026, 2, 28)),
    "vehicle": ("choice", "b", "b"),
    "likes": ("choices", ["c", "a"], ("a", "c")),
}


def test_attributes_of_every_kind(app, api):
    for name, (kind, _, _) in ATTRIBUTES.items():
        more = {"choices": ["a", "b", "c"]} if kind.startswith("choice") else {}
        api.post("/attributes", {"name": name, "label": name, "kind": kind, **more})
    given = {name: value for name, (_, value, _) in ATTRIBUTES.items()}
    known, unknown = join(api, 1), join(api, 2)
    assert api.patch(f"/members/{known}", {"attributes": given}).status_code == 200
    names = [f"attributes.{name}" for name in ATTRIBUTES]
    expected = [value for _, _, value in ATTRIBUTES.values()]
    found = read_all(app, [known, unknown], names)
    assert found == [(known, *expected), (unknown, *(None for _ in names))]
    assert [type(value) for value in found[0][1:]] == [type(value) for value in expected]


KINDS = {
    ColumnKind.TEXT: str,
    ColumnKind.CHOICE: str,
    ColumnKind.NUMBER: int,
    ColumnKind.MONEY: int,
    ColumnKind.POINTS: int,
    ColumnKind.BOOL: bool,
    ColumnKind.DATE: date,
    ColumnKind.TIME: datetime,
    ColumnKind.PHONE: str,
    ColumnKind.LIST: tuple,
}


def test_every_column_holds_what_its_kind_says(app, api):
    assert api.post("/tiers", {"slug": "vip", "name": "VIP", "threshold": 1}).status_code == 201
    member_id = buys(api, 1, member={**PROFILE, "province": "79"})
    found = read_one(app, member_id, *FIXED)
    assert {name: type(value) for name, value in found.items()} == {
        name: KINDS[column.kind] for name, column in FIXED.items()
    }


def test_moments_are_in_utc(app, api):
    joined = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    in_app(app, lambda: insert_member(9, joined))
    assert read_all(app, [9], ["joined_at"]) == [(9, joined)]


def insert_member(member_id, joined):
    row = {"id": member_id, "source": "test", "joined_at": joined}
    connection().execute(insert(table_of(Member)), row)


# -- step by step -------------------------------------------------------------------

CLOSE_TOGETHER = range(1, 41)
FAR_APART = [*range(1, 400_000, 9_973), 2**31 - 1]


@pytest.mark.parametrize("ids", [CLOSE_TOGETHER, FAR_APART], ids=["close together", "far apart"])
def test_nobody_is_missing_or_there_twice_and_they_ascend(app, monkeypatch, ids):
    ids = list(ids)
    enrol(app, ids)
    wanted = ids[::2]
    monkeypatch.setattr("loyalty.groups.selecting.BATCH_ROWS", 7)
    with app.app_context():
        batches = list(rows.read_rows(BitMap(wanted), ["id", "name"], as_of=clock.now()))
    assert [len(batch) for batch in batches[:-1]] == [7] * (len(batches) - 1)
    assert [row for batch in batches for row in batch] == [(each, each, None) for each in wanted]


def test_range_and_list_find_the_same(app, api, monkeypatch):
    everybody = [buys(api, number, amount=10_000 * number) for number in range(1, 8)]
    agree(api, everybody[2], "sms")
    wanted, names, now = everybody[1:6:2], [*FIXED], clock.now()
    by_range = read_all(app, wanted, names, now)
    monkeypatch.setattr(member_fields, "DENSE", 0)
    assert read_all(app, wanted, names, now) == by_range
    assert len(by_range) == 3


def test_who_is_closed_or_was_never_there_has_no_row(app):
    enrol(app, [1, 2, 3])
    close(app, [2])
    assert read_all(app, [1, 2, 3, 4], ["id"]) == [(1, 1), (3, 3)]
    assert read_all(app, [2, 4], ["id", "tags", "consent_sms", "phone"]) == []
    assert read_all(app, [], ["id"]) == []


def test_transactions_go_on_between_batches(app, monkeypatch):
    enrol(app, range(1, 10))
    monkeypatch.setattr("loyalty.groups.selecting.BATCH_ROWS", 3)
    with app.app_context():
        for batch in rows.read_rows(BitMap(range(1, 10)), ["name"], as_of=clock.now()):
            in_transaction(partial(call_them_seen, [row[0] for row in batch]))
    assert [name for _, name in read_all(app, range(1, 10), ["name"])] == ["seen"] * 9


def call_them_seen(ids):
    theirs = table_of(Member).c.id.in_(ids)
    connection().execute(table_of(Member).update().where(theirs).values(name="seen"))


def test_a_phone_that_was_given_up_is_in_no_row(app, api):
    member_id = join(api, 1)
    change(app, "UPDATE member_phones SET active_until = CURRENT_TIMESTAMP")
    assert read_one(app, member_id, "phone") == {"phone": None}


@pytest.mark.parametrize("name", ["nothing", "attributes.nothing", "tier_id", "name_folded"])
def test_unknown_column_is_refused_before_anything_is_read(app, name):
    with pytest.raises(Problem) as raised:
        read_all(app, [1], ["name", name])
    assert raised.value.code == Code.UNKNOWN_COLUMN
    assert raised.value.extra["about"] == name


def test_reading_writes_nothing(app, api):
    member_id = join(api, 1)
    before = row_counts(app)
    read_one(app, member_id, *FIXED)
    assert row_counts(app) == before

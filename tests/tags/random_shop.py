"""A shop of odd members and receipts, the same for the same seed: everything a rule may ask
occurs, is missing, and stands exactly on a boundary."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from flask import Flask
from sqlalchemy import func, insert, select, update

from loyalty.core.bulk import insert_many
from loyalty.core.db import connection, table_of, transaction
from loyalty.members import attributes
from loyalty.members.attribute_rules import cells_of
from loyalty.members.consent_rules import PAIRS
from loyalty.members.models import AttributeKind, Consent, Member, MemberAttribute, MemberPhone
from loyalty.members.rules import folded_name
from loyalty.points.models import PointEntry, PointLot
from loyalty.programme import service as programme
from loyalty.purchases.models import Purchase, PurchaseLine, Return, ReturnLine

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AS_OF = datetime(2026, 3, 31, 10, 30, tzinfo=ZONE)
"""The last day of a month: a month earlier is clipped."""
MEMBERS = 40

STORES = ("S01", "S02", "S03")
NAMES = ("Lê Thu Hằng", "LE VAN AN", "Đỗ Minh", "สมชาย ใจดี", "50% off_x", "Ngô 'Q' \\ Anh")
EMAILS = ("an@shop.vn", "an_b@shop.vn", "anxb@shop.vn", "hang@shop.vn")
PLACES = (("VN", "vn34", "01"), ("VN", "vn63", "01"), ("VN", "vn63", "79"), ("TH", "th77", "01"))
TEXTS = ("doctor", "Doctor", "nurse", "kỹ sư", "k_ s%")
"""Of occupation, education and district."""
SOURCES = ("till", "api", "import")
PHONE_KINDS = ("mobile", "landline", "mobile_or_landline")
CATEGORIES = ("phones", "Phones", "cases")
SKUS = ("A-1", "A-2", "B-1")
PURCHASE_CHANNELS = ("store", "online", "self_service")
AMOUNTS = (0, 1, 10_000, 99_999, 100_000, 500_000, 2_000_000)
AGES = (0, 15, 16, 17, 18, 25, 26, 45, 46)
DAYS_AHEAD = (0, 1, 7, 30)
NUMBERS = (-1.5, 0, 1, 2.5, 10)
INTERESTS = ("sport", "music", "food")
CARS = ("car", "motorbike")
BACK = tuple((n, unit) for unit in ("days", "weeks", "months", "years") for n in (1, 3, 12))
DECLARED = {
    "nickname": (AttributeKind.TEXT, None),
    "distance_km": (AttributeKind.NUMBER, None),
    "has_pet": (AttributeKind.BOOL, None),
    "wedding": (AttributeKind.DATE, None),
    "vehicle": (AttributeKind.CHOICE, CARS),
    "interests": (AttributeKind.CHOICES, INTERESTS),
}


def fill_randomly(app: Flask, seed: int, *, members: int = MEMBERS) -> list[int]:
    """Fill an empty shop; returns the ids of its members, active and closed ones."""
    chance = random.Random(seed)
    with app.app_context(), transaction():
        for code in STORES:
            if code not in programme.snapshot().stores:
                programme.create_store(code=code, name=f"Store {code}")
        for name, (kind, choices) in DECLARED.items():
            attributes.declare(name=name, label=name, kind=kind, choices=choices)
        ids = _insert(Member, *(_member(chance) for _ in range(members)))
        for member_id in ids:
            _add_to(member_id, chance)
        return ids


def buy_randomly(app: Flask, member_id: int, seed: int) -> None:
    """Some receipts more of one member."""
    with app.app_context(), transaction():
        _buy(member_id, random.Random(seed))


def _insert(model: Any, *rows: dict[str, Any]) -> list[int]:
    return insert_many(table_of(model), rows)


def _put(model: Any, **row: Any) -> None:
    connection().execute(insert(table_of(model)).values(row))


def _add_to(member_id: int, chance: random.Random) -> None:
    _give_phones(member_id, chance)
    _say(member_id, chance)
    _keep_attributes(member_id, chance)
    _give_points(member_id, chance)
    _buy(member_id, chance)


def _maybe(chance: random.Random, *values: Any) -> Any:
    """One of them, or nothing."""
    return chance.choice((*values, None))


def _moment(chance: random.Random) -> datetime:
    """Often a boundary of a window or of a local day, or a microsecond beside it."""
    n, unit = chance.choice(BACK)
    at = (AS_OF.replace(tzinfo=None) - relativedelta(**{unit: n})).replace(tzinfo=ZONE)
    if chance.random() < 0.4:
        at = datetime.combine(at.date(), chance.choice((time(), time(9), time(23, 59))), ZONE)
    return at + timedelta(microseconds=chance.choice((-1, 0, 0, 1)))


def _born(chance: random.Random) -> date:
    """Often a birthday: of an age asked for, or one of the next days."""
    if chance.random() < 0.2:
        return chance.choice((date(2000, 2, 29), date(2008, 2, 29), date(1999, 3, 31)))
    day = AS_OF.date() - relativedelta(years=chance.choice(AGES))
    return day + timedelta(days=chance.choice((-1, 0, 0, 1, -40)))


def _member(chance: random.Random) -> dict[str, Any]:
    name = _maybe(chance, *NAMES)
    country, provinces, province = chance.choice((*PLACES, (None, None, None)))
    closed_at = chance.choice((AS_OF, *[None] * 9))
    return {
        "name": name,
        "name_folded": folded_name(name),
        "email": _maybe(chance, *EMAILS),
        "birth_date": chance.choice((_born(chance), _born(chance), None)),
        "gender": _maybe(chance, "female", "male", "other"),
        "income_band": _maybe(chance, "low", "middle", "high"),
        "occupation": _maybe(chance, *TEXTS),
        "education": _maybe(chance, *TEXTS),
        "family_size": _maybe(chance, 1, 2, 4, 6),
        "country": country,
        "province_list": provinces,
        "province": province,
        "district": _maybe(chance, *TEXTS),
        "urban": _maybe(chance, True, False),
        "source": chance.choice(SOURCES),
        "joined_at": _moment(chance),
        "restricted_at": chance.choice((AS_OF, *[None] * 9)),
        "objected_at": chance.choice((AS_OF - timedelta(days=9), *[None] * 5)),
        "closed_at": closed_at,
    }


def _give_phones(member_id: int, chance: random.Random) -> None:
    """One that ended, one of today, both or none."""
    for place, until in enumerate((AS_OF - timedelta(days=1), None)):
        if chance.random() < 0.8:
            _put(
                MemberPhone,
                member_id=member_id,
                e164=f"+8490{member_id:06}{place}",
                kind=chance.choice(PHONE_KINDS),
                active_from=AS_OF - timedelta(days=400),
                active_until=until,
            )


def _say(member_id: int, chance: random.Random) -> None:
    for channel, purpose in PAIRS:
        if chance.random() < 0.6:
            _put(
                Consent,
                member_id=member_id,
                channel=channel,
                purpose=purpose,
                granted=chance.random() < 0.8,
                confirmed=chance.random() < 0.8,
                guarded=chance.random() < 0.3,
                text_version="1",
                changed_at=AS_OF - timedelta(days=chance.choice((1, 9, 90))),
            )


def _keep_attributes(member_id: int, chance: random.Random) -> None:
    some = chance.sample(INTERESTS, chance.randint(0, 3))
    values = {
        "nickname": _maybe(chance, *TEXTS, "2026-01-01"),
        "distance_km": _maybe(chance, *NUMBERS),
        "has_pet": _maybe(chance, True, False),
        "wedding": _maybe(chance, _born(chance), date(2026, 1, 1)),
        "vehicle": _maybe(chance, *CARS),
        "interests": some or None,
    }
    for view in attributes.declared().values():
        for cells in cells_of(view.kind, values[view.name]):
            _put(MemberAttribute, member_id=member_id, attribute_id=view.id, **cells)


def _give_points(member_id: int, chance: random.Random) -> None:
    debt, left = chance.choice((0, 0, 5)), 0
    for _ in range(chance.randint(0, 3)):
        points = chance.choice((1, 10, 30, 100))
        remaining = chance.choice((0, points, points // 2))
        entry = {"kind": "adjust", "points": points, "occurred_at": AS_OF, "recorded_at": AS_OF}
        [entry_id] = _insert(PointEntry, {"member_id": member_id, "actor": "test", **entry})
        _put(
            PointLot,
            entry_id=entry_id,
            member_id=member_id,
            points=points,
            remaining=remaining,
            expires_at=_maybe(chance, *(AS_OF + timedelta(days=n) for n in (-1, 0, 1, 30, 31))),
        )
        left += remaining
    members = table_of(Member)
    standing = {"points": left - debt, "debt": debt}
    connection().execute(update(members).where(members.c.id == member_id).values(standing))


def _buy(member_id: int, chance: random.Random) -> None:
    for _ in range(chance.choice((0, 0, 1, 2, 3, 6))):
        purchase = _purchase(member_id, chance)
        [purchase_id] = _insert(Purchase, purchase)
        if chance.random() < 0.6:
            lines = _list_lines(purchase_id, purchase["amount"], chance)
            if purchase["amount_returned"]:
                _bring_back(purchase_id, purchase, lines, chance)
        elif chance.random() < 0.3:
            return_id = _put_return(None, purchase)
            _put_back(return_id, 0, None, chance.choice(AMOUNTS))


def _purchase(member_id: int, chance: random.Random) -> dict[str, Any]:
    at = chance.choice((_moment(chance), _moment(chance), AS_OF, AS_OF + timedelta(minutes=3)))
    local = at.astimezone(ZONE)
    amount = chance.choice(AMOUNTS)
    stores = programme.snapshot().stores
    known = select(func.count()).select_from(table_of(Purchase))
    return {
        "store_id": stores[chance.choice(STORES)].id,
        "register": "",
        "period": "",
        "receipt_no": f"R{connection().scalar(known)}",
        "member_id": member_id,
        "amount": amount,
        "quantity": _maybe(chance, 0, 1, 2, 5),
        "channel": chance.choice(PURCHASE_CHANNELS),
        "purchased_at": at,
        "recorded_at": at,
        "local_date": local.date(),
        "local_hour": local.hour,
        "local_weekday": local.isoweekday(),
        "late": False,
        "points_earned": 0,
        "amount_returned": chance.choice((0, 0, 0, amount // 2, amount)),
        "recorded_by": "test",
        "voided_at": chance.choice((AS_OF, *[None] * 6)),
    }


def _list_lines(purchase_id: int, amount: int, chance: random.Random) -> list[dict[str, Any]]:
    first = chance.choice((0, amount // 3, amount))
    lines = [
        {
            "purchase_id": purchase_id,
            "position": position,
            "sku": chance.choice(SKUS),
            "category": _maybe(chance, *CATEGORIES),
            "quantity": chance.choice((0, 1, 2)),
            "amount": part,
        }
        for position, part in enumerate((first, amount - first))
    ]
    for line in lines:
        _put(PurchaseLine, **line)
    return lines


def _bring_back(
    purchase_id: int, purchase: dict[str, Any], lines: list[dict[str, Any]], chance: random.Random
) -> None:
    """Some of what its lines hold, SKU by SKU."""
    return_id = _put_return(purchase_id, purchase)
    for position, sku in enumerate(sorted({line["sku"] for line in lines})):
        held = [line for line in lines if line["sku"] == sku]
        amount = sum(line["amount"] for line in held)
        quantity = chance.randint(0, sum(line["quantity"] for line in held))
        back = chance.choice((0, amount // 2, amount))
        _put_back(return_id, position, purchase_id, back, sku=sku, quantity=quantity)
    if chance.random() < 0.5:
        _put_back(return_id, len(SKUS), purchase_id, chance.randint(0, purchase["amount"]))


def _put_back(
    return_id: int, position: int, purchase_id: int | None, amount: int, **goods: Any
) -> None:
    _put(
        ReturnLine,
        return_id=return_id,
        position=position,
        purchase_id=purchase_id,
        amount=amount,
        **{"sku": None, "quantity": 0, **goods},
    )


def _put_return(purchase_id: int | None, purchase: dict[str, Any]) -> int:
    same = ("store_id", "register", "period", "member_id", "recorded_at", "local_date")
    [return_id] = _insert(
        Return,
        {
            **{name: purchase[name] for name in (*same, "recorded_by")},
            "return_no": purchase["receipt_no"],
            "purchase_id": purchase_id,
            "amount": purchase["amount_returned"],
            "returned_at": purchase["purchased_at"],
            "points_reversed": 0,
            "points_restored": 0,
        },
    )
    return return_id

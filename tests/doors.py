"""Every route of the service, and everyone who may knock: for tests that try them all.

Routes are found in the app's own map, so that a new one is tried from its first day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, Table, func, select, update
from werkzeug.test import TestResponse

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.access import SYSTEM, Action, Actor, Door, Role, Rule, rule_of
from loyalty.core.db import db, read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.exports import service as exports
from loyalty.exports.rules import Order
from loyalty.imports import service as imports
from loyalty.imports.files import Upload
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.pages import sessions
from loyalty.points.models import PointEntry
from loyalty.privacy import service as privacy
from loyalty.programme import promotions, tiers
from loyalty.programme import service as programme
from loyalty.purchases import returns
from loyalty.purchases import service as purchases
from loyalty.purchases.models import FlagKind, PurchaseFlag
from loyalty.rewards import service as rewards
from loyalty.staff import keys as staff_keys
from loyalty.staff import service as staff
from loyalty.staff.models import StaffSession, StaffStore, StaffUser
from loyalty.tags import finding
from loyalty.tags import service as tags
from tests.audiences.making import put_in_group
from tests.databases import Databases, environment, running_app

PASSWORD = "a password of tests"
OUT_OF_REACH = 10**12
"""Minor units: a tier of which nobody's receipts in tests come near."""
PHONE = "0912345678"
NAME = "Nguyễn Thị Thu Hằng"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one route, and what its view says of itself."""

    method: str
    route: str
    fields: frozenset[str]
    rule: Rule

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def action(self) -> Action:
        """Of a route that is not open."""
        assert self.rule.action is not None
        return self.rule.action

    @property
    def is_api(self) -> bool:
        return self.route.startswith("/api/")


def routes(app: Flask) -> list[Route]:
    return sorted(
        (
            Route(method=method, route=rule.rule, fields=frozenset(rule.arguments), rule=said)
            for rule in app.url_map.iter_rules()
            if (said := rule_of(app.view_functions[rule.endpoint]))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ),
        key=str,
    )


def guarded(app: Flask) -> list[Route]:
    return [route for route in routes(app) if route.rule.door is not Door.OPEN]


@dataclass
class Caller:
    """Someone at a door. `role` is what they act as; nobody has none."""

    name: str
    door: Door
    role: Role | None = None
    bounded: bool = False
    by_pin: bool = False
    login: str = ""
    key: str = ""
    ids: dict[str, Any] = field(default_factory=dict)
    """What stands in the paths this caller asks for, by the name of the path's field."""

    def may(self, route: Route) -> bool:
        """As the table says, and: a till taken over by PIN leads to no other page."""
        if self.role is None or route.rule.action is None or route.rule.door is not self.door:
            return False
        if self.by_pin and route.route.startswith(("/manage", "/account")):
            return False
        action = route.rule.action
        return self.role in action.roles and not (action.whole_shop and self.bounded)


@dataclass
class Shop:
    app: Flask
    callers: list[Caller]

    def knock(self, caller: Caller, route: Route, **given: Any) -> TestResponse:
        """One call, in a browser or program of its own; the body is empty unless given."""
        client = self.app.test_client()
        if caller.login:
            sign_in(self.app, client, caller.login, by_pin=caller.by_pin)
        headers = {"Authorization": f"Bearer {caller.key}"} if caller.key else {}
        if not given and route.method != "GET":
            given = {"json": {}} if route.is_api else {"data": {}}
        return client.open(self.path(caller, route), method=route.method, headers=headers, **given)

    def path(self, caller: Caller, route: Route) -> str:
        missing = route.fields - caller.ids.keys()
        assert not missing, f"say in tests/doors.py which {missing} a test may ask for"
        values = {name: caller.ids[name] for name in route.fields}
        endpoint = next(
            rule.endpoint
            for rule in self.app.url_map.iter_rules()
            if rule.rule == route.route and route.method in (rule.methods or ())
        )
        return self.app.url_map.bind("localhost").build(endpoint, values, method=route.method)

    def caller(self, name: str) -> Caller:
        return next(caller for caller in self.callers if caller.name == name)


def sign_in(app: Flask, client: FlaskClient, login: str, *, by_pin: bool = False) -> None:
    """As the form does, without the tenth of a second that a password takes."""
    with app.test_request_context(), transaction():
        user = db.session.scalars(select(StaffUser).filter_by(login=login)).one()
        sessions.begin(user)
        given = dict(flask.session)
        if by_pin:
            # Flush: it is the newest row that a PIN opened.
            db.session.flush()
            newest = select(func.max(StaffSession.id)).scalar_subquery()
            db.session.execute(
                update(StaffSession).where(StaffSession.id == newest).values(by_pin=True)
            )
    with client.session_transaction() as session:
        session.update(given)


def open_shop(app: Flask) -> Shop:
    """Two stores, everyone who may knock, and for each something of their own to knock at."""
    # Who may do what is one thing, whose form it was another: test_doors.py tries that.
    app.config["WTF_CSRF_METHODS"] = set()
    with app.app_context(), transaction():
        staff.create_owner(
            shop_name="An Nhiên",
            name="Bảo Trâm",
            login="owner",
            password=PASSWORD,
            first_store_name="Lê Văn Sỹ",
        )
        programme.create_store(code="S02", name="Nguyễn Trãi")
    callers = [*_people(app), *_machines(app)]
    for number, caller in enumerate(callers):
        caller.ids = _something_to_ask_for(app, caller, number)
    return Shop(app, callers)


@contextmanager
def standing_open(databases: Databases, folder: Path) -> Iterator[Shop]:
    """Such a shop for a whole module."""
    url = databases.fresh()
    try:
        with running_app(environment(url, folder)) as app:
            yield open_shop(app)
    finally:
        databases.drop(url)


def _people(app: Flask) -> Iterator[Caller]:
    for name, role, stores in (
        ("cashier", Role.CASHIER, ["S01"]),
        ("marketing", Role.MARKETING, []),
        ("manager", Role.MANAGER, []),
        ("bounded manager", Role.MANAGER, ["S01"]),
    ):
        login = name.replace(" ", "-")
        with app.app_context(), transaction():
            new_person(login, name, role, stores)
        yield Caller(name=name, door=Door.LOGIN, role=role, bounded=bool(stores), login=login)
    yield Caller(
        name="manager by PIN", door=Door.LOGIN, role=Role.CASHIER, by_pin=True, login="manager"
    )
    yield Caller(name="nobody at a browser", door=Door.LOGIN)


def _machines(app: Flask) -> Iterator[Caller]:
    for name, role, store in (
        ("cashier's key", Role.CASHIER, "S01"),
        ("marketing key", Role.MARKETING, None),
        ("manager's key", Role.MANAGER, None),
        ("bounded manager's key", Role.MANAGER, "S01"),
    ):
        key = new_key(app, name, role, store)
        yield Caller(name=name, door=Door.KEY, role=role, bounded=bool(store), key=key)
    revoked = new_key(app, "revoked key", Role.MANAGER, None, revoked=True)
    yield Caller(name="revoked key", door=Door.KEY, key=revoked)
    yield Caller(name="no key", door=Door.KEY)


def new_person(login: str, name: str, role: Role, store_codes: Sequence[str]) -> StaffUser:
    """Signed in by `sign_in` alone: hashing a password takes a tenth of a second."""
    user = StaffUser(
        login=login, name=name, role=role, password_hash="none", created_at=clock.now()
    )
    db.session.add(user)
    db.session.flush()
    for code in store_codes:
        db.session.add(StaffStore(staff_id=user.id, store_id=programme.store(code).id))
    db.session.flush()
    return user


def new_key(app: Flask, name: str, role: Role, store: str | None, *, revoked: bool = False) -> str:
    with app.app_context(), transaction():
        key, plain = staff_keys.create_api_key(name=name, role=role, store_code=store)
        if revoked:
            staff_keys.revoke_key(key.id)
    return plain


def _something_to_ask_for(app: Flask, caller: Caller, number: int) -> dict[str, Any]:
    """A customer with a receipt that the caller recorded, a colleague and a key in the
    caller's store, a request, a tag that is set by hand, an audience of the same slug and an
    export of it, an attribute, a file of customers: what may be spoilt."""
    with app.test_request_context(), transaction():
        flask.g.actor = _actor_of(caller)
        recorded = purchases.record(
            {
                "phone": PhoneNumber.parse(f"09121000{number:02d}", "VN"),
                "store": "S01",
                "receipt_no": f"HD-{number}",
                "amount": 150_000,
                "member": {"name": f"{NAME} {number}"},
            }
        )
        member_id = recorded.member["id"]
        flask.g.pop("actor")
        colleague = new_person(f"colleague-{number}", "A colleague", Role.CASHIER, ["S01"])
        key, _ = staff_keys.create_api_key(name="spare", role=Role.CASHIER, store_code="S01")
        request = privacy.receive(member_id, kind="copy", via="counter")
        tiers.create(
            slug=f"group-{number}",
            name=f"A tier {number}",
            threshold=OUT_OF_REACH + number,
            multiplier_percent=100,
        )
        attribute = attributes.declare(name=f"kept_{number}", label="Kept", kind=AttributeKind.TEXT)
        tag = tags.create(name=f"A tag {number}", slug=f"group-{number}")
        of_another = {"tag": tags.create(name=f"Within {number}", slug=f"within-{number}")["slug"]}
        audiences.create(name=f"A group {number}", slug=tag["slug"], expression=of_another)
        put_in_group(finding.look(of_another["tag"]).group_id, [member_id])
        asked = Order(format="csv", reach="sms")
        export = exports.create(tag["slug"], asked, purpose=f"Opening {number}")
        file = Upload(name="upload.csv", content=b"phone\n0912345678\n")
        received = imports.receive(file, file_name=f"{number}.csv")
        return {
            "member_id": member_id,
            "purchase_id": recorded.purchase["id"],
            "return_id": _returned(number),
            **_spent(member_id, number),
            "entry_id": db.session.scalar(select(PointEntry.id).filter_by(member_id=member_id)),
            "staff_id": colleague.id,
            "store_id": programme.store("S01").id,
            "key_id": key.id,
            "request_id": request["id"],
            "slug": tag["slug"],
            "name": attribute.name,
            "export_id": export["id"],
            "file_name": "manifest.json",
            "import_id": received["id"],
            "flag_id": _flagged(recorded.purchase["id"]),
            "promotion_id": _promotion(number),
            "topic": "redeeming",
        }


def _promotion(number: int) -> int:
    """One that runs, and asks for more than anybody buys."""
    made = promotions.create(
        name=f"A promotion {number}",
        terms={"points": 1, "when": {"min_amount": OUT_OF_REACH}},
        ends_at=clock.now() + timedelta(days=1),
    )
    promotion_id: int = made["id"]
    return promotion_id


def _spent(member_id: int, number: int) -> dict[str, int]:
    """A gift, and a point on hold."""
    gift = rewards.create({"name": f"A gift {number}", "kind": "gift", "cost": 1, "worth": 0})
    held = rewards.hold(member_id, points=1, store_id=programme.store("S01").id)
    return {"reward_id": gift.id, "redemption_id": held["id"]}


def _returned(number: int) -> int:
    """Goods of no purchase that is known."""
    made = returns.record_unnamed(
        {
            "phone": PhoneNumber.parse(f"09121000{number:02d}", "VN"),
            "store": "S01",
            "return_no": f"TH-{number}",
            "amount": 1,
        }
    )
    return_id: int = made.returned["id"]
    return return_id


def _flagged(purchase_id: int) -> int:
    """The purchase of somebody else, as it waits for a manager."""
    store_id = programme.store("S01").id
    flag = PurchaseFlag(
        purchase_id=purchase_id,
        store_id=store_id,
        kind=FlagKind.LATE,
        actor="person:0",
        flagged_at=clock.now(),
    )
    db.session.add(flag)
    db.session.flush()
    return flag.id


def _actor_of(caller: Caller) -> Actor:
    """Who the row remembers; the system where the caller is nobody."""
    if caller.login:
        user = db.session.scalars(select(StaffUser).filter_by(login=caller.login)).one()
        return Actor(kind="person", id=user.id, name=user.name, role=Role(user.role))
    return (staff_keys.authenticate_key(caller.key) if caller.key else None) or SYSTEM


_CHANGES_BY_LOOKING = {"api_keys": {"last_used_at"}, "staff_users": {"signed_in_at"}}
_GROWS_BY_LOOKING = {"audit_events", "staff_sessions", "rate_windows"}


def content(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for what a call leaves of itself."""
    with app.app_context(), read() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(_lasting(table))), key=str)
            for name, table in db.metadata.tables.items()
            if name not in _GROWS_BY_LOOKING
        }


def _lasting(table: Table) -> Select[Any]:
    volatile = _CHANGES_BY_LOOKING.get(table.name, set())
    return select(*(column for column in table.columns if column.name not in volatile))

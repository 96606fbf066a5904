"""Filling an empty installation with the demo shop."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.access import Role
from loyalty.core.db import in_transaction, read
from loyalty.core.limits import BATCH_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.demo import groups, history, offers, today
from loyalty.demo.history import Past
from loyalty.demo.people import People
from loyalty.demo.receipts import STORES, receipts
from loyalty.members import consents
from loyalty.members.models import Member
from loyalty.members.service import create as create_member
from loyalty.privacy import service as rights
from loyalty.programme import service as programme
from loyalty.staff import service as staff

SEED = 20261122
MEMBERS = 400
SHOP_NAME = "An Nhiên"
SINCE = timedelta(days=3 * 365)
"""So long it has given points: some of them expire soon."""
PEOPLE = (
    ("owner", "Trần Minh Khôi", Role.MANAGER, ()),
    ("han", "Ngọc Hân", Role.CASHIER, ("S01",)),
    ("lan", "Phương Lan", Role.CASHIER, ("S01",)),
    ("bao", "Quốc Bảo", Role.CASHIER, ("S02",)),
    ("vy", "Thảo Vy", Role.CASHIER, ("S03",)),
    ("duc", "Anh Đức", Role.CASHIER, ("S02", "S03")),
    ("mai", "Hoàng Mai", Role.MARKETING, ()),
)
PROOF = "Phiếu đăng ký có chữ ký, bìa 3"
ASKED = (("copy", "phone", 6), ("erase", "desk", 1))
"""What two members ask about their data: kind, by which way, how many days ago."""
AGREED = ((), ("zalo",), ("sms", "zalo", "ads"), ("sms", "email", "zalo", "call", "ads"))
"""To which channels somebody may have agreed, each as often as the others."""
OWN_PHONE = ("vy", "0938 404 117")
"""Whose number the shop knows as a cashier's."""
NEWCOMERS = 20
"""One person in so many is known and did not buy yet."""


@click.command("demo")
@click.option("--members", type=click.IntRange(1, 1_000_000), default=MEMBERS, show_default=True)
@with_appcontext
def demo_command(members: int) -> None:
    """Fill an empty database with a demo shop; print its logins and API key."""
    click.echo(fill_if_empty(members=members))


def fill_if_empty(*, members: int = MEMBERS) -> str:
    """Make the demo shop unless there is a shop; returns what to print.

    Logins and the key are random and kept in `demo.txt` in the data folder, mode
    0600, so that the next start can print them again.
    """
    with read():
        there = bool(programme.snapshot().stores) or staff.owner_exists()
    file = _credentials_file()
    if there:
        return file.read_text(encoding="utf-8") if file.exists() else "The shop has data already."
    passwords = {login: secrets.token_urlsafe(9) for login, *_ in PEOPLE}
    key = in_transaction(partial(_make_shop, passwords))
    text = _told(passwords, _give_pins(passwords), key)
    _keep(file, text)
    _fill(members)
    return text


def _fill(number: int) -> None:
    """With so many people, and what the shop knows and wants to know of them."""
    chance, now = random.Random(SEED), clock.now()  # nosec B311  # the same for the same seed
    offers.offer(now, since=SINCE)
    people = People(chance, seed=SEED, now=now)
    buyers = number - number // NEWCOMERS
    past = _past(now)
    for step in _steps(receipts(people, chance, buyers=buyers, now=now)):
        history.live_through(past, step, members=min(number, BATCH_ROWS))
    history.busy_days(past, members=number)
    for newcomers in _steps(map(people.make, range(buyers, number))):
        in_transaction(partial(_greet, newcomers))
    member_ids = _members()
    for ids in _steps(iter(member_ids)):
        in_transaction(partial(_agree, ids))
    in_transaction(partial(_ask, member_ids))
    login, written = OWN_PHONE
    phone = PhoneNumber.parse(written, "VN")
    in_transaction(lambda: staff.set_phone(staff.id_of(login), phone))
    today.live(past, members=number, labels=_labels(), own_phone=phone)
    groups.fill(member_ids, seed=SEED, now=now)


def _past(now: datetime) -> Past:
    """A POS in each store, and the cashiers who belong to it alone."""
    labels = _labels()
    pos = {code: f"key:{in_transaction(partial(_pos, code, name))}" for code, name in STORES}
    cashiers = {
        code: [
            labels[login]
            for login, _, role, stores in PEOPLE
            if role is Role.CASHIER and stores == (code,)
        ]
        for code, _ in STORES
    }
    return Past(
        chance=random.Random(SEED),  # nosec B311  # as above
        zone=current_app.extensions["settings"].time_zone,
        now=now,
        pos=pos,
        cashiers=cashiers,
    )


def _pos(code: str, name: str) -> int:
    key, _ = staff.create_api_key(name=f"POS {name}", role=Role.CASHIER, store_code=code)
    return key.id


def _labels() -> dict[str, str]:
    with read():
        return {login: f"person:{staff.id_of(login)}" for login, *_ in PEOPLE}


def _greet(newcomers: Sequence[tuple[PhoneNumber, dict[str, Any]]]) -> None:
    for phone, profile in newcomers:
        create_member(phone, profile, source="demo")


def _credentials_file() -> Path:
    data_dir: Path = current_app.extensions["settings"].data_dir
    return data_dir / "demo.txt"


def _make_shop(passwords: Mapping[str, str]) -> str:
    """Stores, people and a key, whose text is returned."""
    programme.set_up(shop_name=SHOP_NAME, now=clock.now() - SINCE)
    programme.rename_shop(SHOP_NAME)
    for code, name in STORES:
        programme.create_store(code=code, name=name)
    for login, name, role, stores in PEOPLE:
        staff.create_staff(
            login=login,
            name=name,
            password=passwords[login],
            role=role,
            store_codes=stores,
            is_owner=login == "owner",
        )
    return staff.create_api_key(name="demo", role=Role.MANAGER)[1]


def _give_pins(passwords: Mapping[str, str]) -> dict[str, str]:
    """So that cashiers can take over each other's till."""
    pins: dict[str, str] = {}
    for login, _, role, _ in PEOPLE:
        if role is Role.CASHIER:
            pins[login] = f"{secrets.randbelow(1000):03d}{len(pins) + 1}77"
            with read():
                staff_id = staff.id_of(login)
            staff.set_pin(staff_id, password=passwords[login], pin=pins[login])
    return pins


def _told(passwords: Mapping[str, str], pins: Mapping[str, str], key: str) -> str:
    lines = [
        f"  {role:<9} login {login:<6} password {passwords[login]}"
        + (f"  PIN {pins[login]}" if login in pins else "")
        for login, _, role, _ in PEOPLE
    ]
    return "\n".join(["Demo logins:", *lines, f"Demo API key: {key}"])


def _keep(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)


def _members() -> Sequence[int]:
    with read() as session:
        return session.scalars(select(Member.id).order_by(Member.id)).all()


def _agree(member_ids: Sequence[int]) -> None:
    """Three quarters agreed to marketing, on paper."""
    chance = random.Random(SEED + member_ids[0])  # nosec B311  # as above
    for member_id in member_ids:
        for channel in chance.choice(AGREED):
            consents.change(
                member_id,
                channel=channel,
                purpose="marketing",
                granted=True,
                via="import",
                proof=PROOF,
            )


def _ask(member_ids: Sequence[int]) -> None:
    for member_id, (kind, via, days) in zip(member_ids, ASKED, strict=False):
        asked_at = clock.now() - timedelta(days=days)
        rights.receive(member_id, kind=kind, via=via, received_at=asked_at)


T = TypeVar("T")


def _steps(rows: Iterator[T]) -> Iterator[list[T]]:
    while step := list(islice(rows, BATCH_ROWS)):
        yield step

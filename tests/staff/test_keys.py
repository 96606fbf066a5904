"""Keys: they end by themselves, are renewed with an overlap, and are revoked at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from loyalty.core import clock
from loyalty.core.db import db, read
from loyalty.core.errors import Problem
from loyalty.staff import key_use, keys, passwords
from loyalty.staff.models import ApiKey
from tests.api import BASE, Api
from tests.core.rows import column, scalar
from tests.purchases.receipts import buy, receipt
from tests.shop import make_key
from tests.staff.people import acting, furnish, hash_quickly

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def ids(app, monkeypatch):
    hash_quickly(monkeypatch)
    return furnish(app)


def works(client, key) -> bool:
    answer = Api(client, key).get("/members", phone="0912345678")
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def listed(app, login=None):
    with acting(app, login):
        return {view.id: view for view in keys.list_keys()}


def test_a_key_ends_at_its_second(app, client, store):
    with time_machine.travel(MORNING, tick=False) as now:
        with acting(app, None):
            end = clock.now() + timedelta(days=20)
            key, plain = keys.create_api_key(name="POS", role="cashier", expires_at=end)
            key_id = key.id
        assert listed(app)[key_id].state == "active"
        now.move_to(end - timedelta(seconds=1))
        assert works(client, plain)
        assert listed(app)[key_id].state == "expiring"
        now.move_to(end)
        assert not works(client, plain)
        assert listed(app)[key_id].state == "expired"
        with acting(app, None), pytest.raises(Problem, match="invalid_time"):
            keys.create_api_key(name="POS", role="cashier", expires_at=end)


def test_a_renewed_key_overlaps_and_then_ends(app, client, store):
    with time_machine.travel(MORNING, tick=False) as now:
        with acting(app, None):
            end = clock.now() + timedelta(days=90)
            old, old_text = keys.create_api_key(
                name="POS", role="cashier", store_code=store, expires_at=end
            )
            new, new_text = keys.rotate_key(old.id, overlap=timedelta(hours=2))
            old_id, new_id = old.id, new.id
        views = listed(app)
        assert (views[new_id].name, views[new_id].store_code) == ("POS", store)
        assert views[new_id].expires_at == end
        assert views[old_id].expires_at == MORNING + timedelta(hours=2)
        assert works(client, old_text)
        assert works(client, new_text)
        now.move_to(MORNING + timedelta(hours=2))
        assert not works(client, old_text)
        assert works(client, new_text)
        with acting(app, None), pytest.raises(Problem, match="key_ended"):
            keys.rotate_key(old_id, overlap=timedelta(0))


def test_an_overlap_gives_no_key_a_longer_life(app, store):
    with acting(app, None):
        end = clock.now() + timedelta(hours=1)
        old, _ = keys.create_api_key(name="POS", role="cashier", expires_at=end)
        keys.rotate_key(old.id, overlap=timedelta(days=30))
        assert old.expires_at == end
        for overlap in (timedelta(days=31), timedelta(hours=-1)):
            with pytest.raises(Problem, match="invalid_request"):
                keys.rotate_key(old.id, overlap=overlap)


def test_a_revoked_key_is_nobodys_at_once(app, client, store):
    key = make_key(app)
    assert works(client, key)
    for _ in range(2):
        with acting(app, None):
            keys.revoke_key(1)
        assert not works(client, key)
    assert column(app, "SELECT object_id FROM audit_events WHERE action = 'api_key.revoke'") == [
        "1"
    ]
    with acting(app, None), pytest.raises(Problem, match="unknown_key"):
        keys.revoke_key(99)


def test_a_batch_that_runs_when_its_key_is_revoked_ends_whole(app, api, store):
    """Revoked by another process while the rows are recorded: on SQLite it waits for them."""
    revoker = None

    def revoke() -> None:
        with acting(app, None):
            keys.revoke_key(1)

    def authenticate(plain):
        nonlocal revoker
        actor = keys.authenticate_key(plain)
        if revoker is None:
            revoker = threading.Thread(target=revoke)
            revoker.start()
            revoker.join(0.5)
        return actor

    found = app.extensions["authenticators"]
    app.extensions["authenticators"] = type(found)(by_key=authenticate, by_login=found.by_login)
    rows = [receipt(receipt_no=f"HD-{number}") for number in range(20)]
    answer = api.post("/purchases/batch", {"purchases": rows})
    assert answer.status_code == 200
    assert answer.json["recorded"] == 20
    assert revoker is not None
    revoker.join()
    assert api.post("/purchases/batch", {"purchases": rows}).status_code == 401
    assert scalar(app, "SELECT count(*) FROM purchases") == 20


def test_a_bounded_manager_looks_after_the_keys_of_the_own_stores(app, ids):
    with acting(app, None):
        everywhere, _ = keys.create_api_key(name="All", role="manager")
        other, _ = keys.create_api_key(name="S02", role="cashier", store_code="S02")
        wider = (everywhere.id, other.id)
    with acting(app, "quan"):
        own, _ = keys.create_api_key(name="S01", role="manager", store_code="S01")
        own_id = own.id
    assert set(listed(app, "quan")) == {own_id}
    assert set(listed(app, "kim")) == {own_id, *wider}
    for key_id in wider:
        for act in (keys.revoke_key, lambda key_id: keys.rotate_key(key_id, overlap=timedelta(0))):
            with pytest.raises(Problem, match="outside_your_stores"), acting(app, "quan"):
                act(key_id)
    for store_code in (None, "S02"):
        with pytest.raises(Problem, match="outside_your_stores"), acting(app, "quan"):
            keys.create_api_key(name="x", role="cashier", store_code=store_code)


# -- last used ------------------------------------------------------------------


def call(client, key):
    """To the end of the answer: only then the use is written down."""
    headers = {"Authorization": f"Bearer {key}"}
    with client.get(f"{BASE}/members?phone=0912345678", headers=headers) as answer:
        assert answer.status_code == 200


def used(app):
    with app.app_context(), read() as session:
        return session.scalar(db.select(ApiKey.last_used_at))


def test_last_used_is_right_to_a_minute_and_written_once_in_it(app, client, store):
    key = make_key(app)
    writes = []
    with app.app_context():
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda *given: writes.append(given[2]) if "UPDATE api_keys" in given[2] else None,
        )
    with time_machine.travel(MORNING, tick=False) as now:
        for _ in range(3):
            call(client, key)
        assert used(app) == MORNING
        assert len(writes) == 1
        now.shift(key_use.EXACT_TO)
        call(client, key)
        assert used(app) == MORNING + key_use.EXACT_TO
        assert len(writes) == 2


def test_a_use_that_cannot_be_written_fails_no_call(app, client, store, monkeypatch):
    key = make_key(app)

    def broken():
        raise RuntimeError

    monkeypatch.setattr(key_use, "connection", broken)
    call(client, key)
    assert used(app) is None


# -- no argon2 by key ----------------------------------------------------------------


class Untouchable:
    def __getattr__(self, name):
        raise AssertionError(f"argon2 was used: {name}")


def test_no_call_by_key_ever_hashes_a_password(app, api, client, store, monkeypatch):
    monkeypatch.setattr(passwords, "_hasher", Untouchable())
    buy(api)
    api.post("/purchases/batch", {"purchases": [receipt(receipt_no="HD-9")]})
    assert api.get("/members", phone="0912345678").status_code == 200
    for wrong in ("loy_" + "x" * 43, "x"):
        assert Api(client, wrong).get("/members", phone="0912345678").status_code == 401


def test_a_key_is_looked_up_in_one_statement(app, client, store):
    key = make_key(app)
    statements = []
    with app.app_context(), read():
        event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert keys.authenticate_key(key) is not None
        assert len([text for text in statements if text != "BEGIN"]) == 1

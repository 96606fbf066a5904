"""The log of who did what: the one function that writes it, and how it is searched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, has_request_context, request
from sqlalchemy import ColumnElement, Row, Select, select, true, tuple_, union_all

from loyalty.audit.models import AuditEvent
from loyalty.core import clock
from loyalty.core.access import Actor, current_actor
from loyalty.core.db import db, table_of
from loyalty.core.limits import PAGE_ROWS
from loyalty.core.logs import mask_digits

NAMES = "audit_names"
"""Name of the seam: people, keys and stores stand above this slice."""
STORES_APART = 50
"""A manager of more stores has most of the newest events: they are found by walking."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Handed in by `create_app`: the names of actors by label, the codes of stores by id."""

    actors: Callable[[Collection[str]], Mapping[str, str]]
    stores: Callable[[], Mapping[int, str]]


# -- writing -------------------------------------------------------------------


def record(
    action: str,
    object_kind: str,
    object_id: object,
    *,
    reason: str | None = None,
    actor: str | None = None,
    store_id: int | None = None,
    **details: Any,
) -> None:
    """Add one event to the transaction. `store_id` is whose matter it is, where it is one
    store's; left out, it is the store of an actor who has only one.

    `details` never hold a personal value: of a changed field only its name, so
    that an erasure leaves nothing here.
    """
    db.session.add(
        AuditEvent(
            at=clock.now(),
            actor=actor or current_actor().label,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            address=request.remote_addr if has_request_context() else None,
            reason=mask_digits(reason) if reason else None,
            store_id=store_id if store_id is not None else _only_store(),
            details=details or None,
        )
    )


def _only_store() -> int | None:
    stores = current_actor().store_ids
    return next(iter(stores)) if len(stores) == 1 else None


# -- searching -----------------------------------------------------------------

_events = table_of(AuditEvent)
_place = tuple_(_events.c.at, _events.c.id)
"""Where an event stands: by its time; the id decides between two of one moment."""


def search(
    *,
    actor: str | None = None,
    action: str | None = None,
    object_kind: str | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = PAGE_ROWS,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the log, newest first, and the cursor of the next one or None.

    `since` is within, `until` is not; `before` is the cursor of the last page. A manager
    whom stores bound gets what happened in those stores, and what they did themselves.
    """
    equal = {"actor": actor, "action": action, "object_kind": object_kind, "object_id": object_id}
    asked = [_events.c[name] == value for name, value in equal.items() if value is not None]
    asked += [_events.c.at >= since] if since is not None else []
    asked += [_events.c.at < until] if until is not None else []
    asked += [_older_than(before)] if before is not None else []
    parts = [_newest(asked, part, limit) for part in _parts_seen_by(current_actor())]
    whole = union_all(*parts).subquery()
    found = db.session.execute(
        select(whole).order_by(whole.c.at.desc(), whole.c.id.desc()).limit(limit + 1)
    ).all()
    page = found[:limit]
    return _as_views(page), str(page[-1].id) if len(found) > limit else None


def _older_than(event_id: int) -> ColumnElement[bool]:
    its_time = select(_events.c.at).where(_events.c.id == event_id).scalar_subquery()
    return _place < tuple_(its_time, event_id)


def _parts_seen_by(actor: Actor) -> list[ColumnElement[bool]]:
    """What the actor may see, in parts that an index answers each: one OR would read the
    whole log on the way to a store where little happens."""
    if not actor.store_ids:
        return [true()]
    own, others = _events.c.actor == actor.label, _events.c.actor != actor.label
    if len(actor.store_ids) > STORES_APART:
        return [own, others & _events.c.store_id.in_(actor.store_ids)]
    return [own, *(others & (_events.c.store_id == store_id) for store_id in actor.store_ids)]


def _newest(asked: list[ColumnElement[bool]], part: ColumnElement[bool], limit: int) -> Select[Any]:
    newest = (
        select(_events)
        .where(*asked, part)
        .order_by(_events.c.at.desc(), _events.c.id.desc())
        .limit(limit + 1)
        .subquery()
    )
    return select(newest)


def _as_views(rows: Collection[Row[Any]]) -> list[dict[str, Any]]:
    """Rows as `EventSchema` shows them."""
    names: Names = current_app.extensions[NAMES]
    actors = names.actors({row.actor for row in rows})
    stores = names.stores()
    return [
        {
            "id": row.id,
            "at": row.at,
            "actor": row.actor,
            "actor_name": actors.get(row.actor),
            "action": row.action,
            "object_kind": row.object_kind,
            "object_id": row.object_id,
            "store": None if row.store_id is None else stores.get(row.store_id),
            "address": row.address,
            "reason": row.reason,
            "details": row.details,
        }
        for row in rows
    ]

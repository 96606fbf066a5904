"""The one function that writes the log of who did what."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request

from loyalty.audit.models import AuditEvent
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.core.logs import mask_digits


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

"""When a key was last used, right to a minute: one small update a minute and key, after the
answer has gone out, so that no call waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, Response, after_this_request, current_app, g, has_request_context
from sqlalchemy import bindparam, or_, update

from loyalty.core.db import connection, table_of, transaction
from loyalty.core.logs import log
from loyalty.staff.models import ApiKey

EXACT_TO = timedelta(minutes=1)

_keys = table_of(ApiKey)
_USED = (
    update(_keys)
    .where(
        _keys.c.id == bindparam("key_id"),
        # Of several calls that saw the same old time, one writes.
        or_(_keys.c.last_used_at.is_(None), _keys.c.last_used_at <= bindparam("before")),
    )
    .values(last_used_at=bindparam("now"))
)


def note(key_id: int, last_used_at: datetime | None, now: datetime) -> None:
    """Write it down after this request, unless that was done within the last minute."""
    if last_used_at is not None and last_used_at > now - EXACT_TO:
        return
    if not has_request_context() or g.get("key_use_noted"):
        return
    g.key_use_noted = True
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    @after_this_request
    def when_sent(response: Response) -> Response:
        response.call_on_close(lambda: _write(app, key_id, now))
        return response


def _write(app: Flask, key_id: int, now: datetime) -> None:
    with app.app_context():
        try:
            with transaction():
                values = {"key_id": key_id, "before": now - EXACT_TO, "now": now}
                connection().execute(_USED, values)
        except Exception as error:
            # The call itself is answered and saved: the next one writes its time.
            log.error("key_use.failed", error=type(error).__name__)

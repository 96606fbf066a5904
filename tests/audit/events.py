"""A log to search: events written straight into the table, as many as a test needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from loyalty.audit.models import AuditEvent
from loyalty.core.db import db, transaction

START = datetime(2026, 11, 1, tzinfo=UTC)


def event(minute: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "at": START + timedelta(minutes=minute),
        "actor": "key:1",
        "action": "member.view",
        "object_kind": "member",
        "object_id": "1",
        **changes,
    }


def write(app: Flask, *events: dict[str, Any]) -> None:
    with app.app_context(), transaction():
        for row in events:
            db.session.execute(insert(AuditEvent).values(row))

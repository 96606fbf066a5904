"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text

from loyalty.core.access import open_to_anyone
from loyalty.core.db import db, read
from loyalty.core.errors import Code, Problem

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_anyone
def healthz() -> Response:
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
@open_to_anyone
def readyz() -> Response:
    """Ready when the database answers and has its schema."""
    with read():
        revision = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is None:
        raise Problem(Code.BUSY)
    return Response("ready\n", content_type="text/plain")

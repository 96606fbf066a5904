"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, NoResultFound

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
    try:
        with read():
            db.session.execute(text("SELECT version_num FROM alembic_version")).one()
    except (DBAPIError, NoResultFound):
        raise Problem(Code.BUSY) from None
    return Response("ready\n", content_type="text/plain")

"""The API's documentation for people, drawn from its OpenAPI document."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from loyalty.core.access import open_to_anyone

blueprint = Blueprint("docs", __name__)


@blueprint.get("/api/docs")
@open_to_anyone
def page() -> ResponseReturnValue:
    return render_template("pages/docs.html")

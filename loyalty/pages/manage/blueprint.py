"""The desk: where managers and marketing work. Each module of pages adds its views here."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("manage", __name__, url_prefix="/manage")

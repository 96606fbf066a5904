"""The till's routes hang on this; what they refuse is said where the cashier looks."""

from __future__ import annotations

from flask import Blueprint

from loyalty.core.errors import Problem
from loyalty.pages.till.refusals import refuse

blueprint = Blueprint("till", __name__, url_prefix="/till")
blueprint.register_error_handler(Problem, refuse)

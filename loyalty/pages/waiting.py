"""How long to wait after too many tries, in words."""

from __future__ import annotations

import math

from flask_babel import ngettext

from loyalty.core.errors import Code, Problem

_MINUTE = 60


def with_minutes(problem: Problem) -> object:
    """The problem's own sentence, or with the minutes where it says how long."""
    if problem.code is not Code.TOO_MANY_REQUESTS or "Retry-After" not in problem.headers:
        return problem.detail
    minutes = math.ceil(int(problem.headers["Retry-After"]) / _MINUTE)
    return ngettext(
        "Too many tries: wait %(num)s minute, then try again.",
        "Too many tries: wait %(num)s minutes, then try again.",
        minutes,
    )

"""Logging: one JSON line per event on standard error, never with a phone, name or secret.

`log.info("event", key=value)`: values are ids, codes, counts and durations. What
looks like a phone in a value is masked on its way out all the same.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

log = structlog.stdlib.get_logger("loyalty")

_DIGITS = re.compile(r"\+?\d(?:[ .()-]*\d){8,}")


def configure_logs() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("loyalty").setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def mask_numbers(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The last resort: nine digits or more in a text never leave in the clear."""
    return {
        key: mask_digits(value) if isinstance(value, str) and key != "timestamp" else value
        for key, value in event.items()
    }


def mask_digits(text: str) -> str:
    """`text` without what looks like a phone."""
    return _DIGITS.sub("•••", text)

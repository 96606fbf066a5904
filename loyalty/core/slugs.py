"""What things are called in addresses and in other things: `khach-quen`."""

from __future__ import annotations

import re

from loyalty.core.limits import ATTRIBUTE_NAME_LENGTH, SLUG_LENGTH

PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
ATTRIBUTE_PATTERN = rf"[a-z][a-z0-9_]{{0,{ATTRIBUTE_NAME_LENGTH - 1}}}"
"""A declared attribute is a word of the rules: `distance_km`."""


def is_slug(text: str) -> bool:
    return len(text) <= SLUG_LENGTH and re.fullmatch(PATTERN, text) is not None


def slug_of(folded: str) -> str:
    """Of a text in lower case without marks; empty where no letter of it can stand in one."""
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:SLUG_LENGTH].rstrip("-")

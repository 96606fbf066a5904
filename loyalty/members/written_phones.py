"""Lists of phones as people and programs write them, read one by one: a bad one stops none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app

from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber


def read(written: Sequence[str], name: str) -> tuple[dict[int, PhoneNumber], list[dict[str, Any]]]:
    """Those that can be read, by their place in the list, and why the others cannot. `name` is
    what the list is called."""
    region = current_app.extensions["settings"].default_region
    phones: dict[int, PhoneNumber] = {}
    rejected: list[dict[str, Any]] = []
    for index, text in enumerate(written):
        try:
            phones[index] = PhoneNumber.parse(text, region).as_member_key()
        except Problem as why:
            rejected.append(rejection(index, name, why))
    return phones, rejected


def rejection(index: int, name: str, why: Problem) -> dict[str, Any]:
    return {"index": index, "list": name, "code": str(why.code), "detail": str(why.detail)}

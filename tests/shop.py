"""The least a test or benchmark needs of a shop: a store and a key."""

from __future__ import annotations

from flask import Flask

from loyalty.core.access import Role
from loyalty.core.db import transaction
from loyalty.programme import service as programme
from loyalty.staff import service as staff


def make_store(app: Flask, code: str = "S01") -> str:
    with app.app_context(), transaction():
        programme.create_store(code=code, name=f"Store {code}")
    return code


def make_key(app: Flask, role: str = "manager", store_code: str | None = None) -> str:
    """The plain text of a new API key."""
    with app.app_context(), transaction():
        _, text = staff.create_api_key(name=f"test {role}", role=Role(role), store_code=store_code)
    return text

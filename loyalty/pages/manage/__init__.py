"""The desk of managers and marketing: importing a module of pages adds its views."""

from __future__ import annotations

from loyalty.pages.manage import (
    access,
    audit,
    customers,
    do_not_call,
    entry,
    exports,
    flags,
    gifts,
    groups,
    imports,
    keys,
    programme,
    requests,
    staff,
    stores,
    tags,
    today,
)
from loyalty.pages.manage.blueprint import blueprint

__all__ = [
    "access",
    "audit",
    "blueprint",
    "customers",
    "do_not_call",
    "entry",
    "exports",
    "flags",
    "gifts",
    "groups",
    "imports",
    "keys",
    "programme",
    "requests",
    "staff",
    "stores",
    "tags",
    "today",
]

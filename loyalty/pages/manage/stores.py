"""Stores as they are named in lists."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext

from loyalty.programme import service as programme


def named(codes: Iterable[str]) -> str:
    """`Lê Văn Sỹ, Nguyễn Trãi`; no code means every store."""
    stores = programme.snapshot().stores
    names = sorted(stores[code].name if code in stores else code for code in codes)
    return ", ".join(names) if names else gettext("Every store")

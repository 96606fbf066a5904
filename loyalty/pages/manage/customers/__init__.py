"""The pages by which a manager serves one customer: importing them adds their views."""

from __future__ import annotations

from loyalty.pages.manage.customers import rights, routes

__all__ = ["rights", "routes"]

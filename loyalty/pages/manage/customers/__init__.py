"""The pages by which a manager serves one customer: importing them adds their views."""

from __future__ import annotations

from loyalty.pages.manage.customers import account_routes, merging, number_routes, rights, routes

__all__ = ["account_routes", "merging", "number_routes", "rights", "routes"]

"""Gifts and vouchers: offered, changed, ended, and what was given."""

from __future__ import annotations

from loyalty.pages.manage.gifts import report, routes

__all__ = ["report", "routes"]

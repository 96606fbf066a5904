"""Receipts that wait for a manager, and what each cashier typed, cancelled and adjusted."""

from __future__ import annotations

from loyalty.pages.manage.flags import routes

__all__ = ["routes"]

"""The first page of whoever runs the shop: how it goes, and what somebody should look at."""

from __future__ import annotations

from loyalty.pages.manage.today import routes

__all__ = ["routes"]

"""Files made of customer groups, at the desk: importing the modules adds their views."""

from __future__ import annotations

from loyalty.pages.manage.exports import making, routes

__all__ = ["making", "routes"]

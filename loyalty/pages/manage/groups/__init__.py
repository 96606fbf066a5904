"""Customer groups at the desk: importing the modules adds their views."""

from __future__ import annotations

from loyalty.pages.manage.groups import overview, routes

__all__ = ["overview", "routes"]

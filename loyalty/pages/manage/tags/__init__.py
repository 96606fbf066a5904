"""The tags at the desk: importing the modules adds their views."""

from __future__ import annotations

from loyalty.pages.manage.tags import filling, overview, routes, rule_form

__all__ = ["filling", "overview", "routes", "rule_form"]

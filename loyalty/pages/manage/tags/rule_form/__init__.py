"""The form that makes a tag of one or two conditions: importing the modules adds their views."""

from __future__ import annotations

from loyalty.pages.manage.tags.rule_form import routes

__all__ = ["routes"]

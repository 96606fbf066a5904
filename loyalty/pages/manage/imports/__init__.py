"""Customers that come in by file, at the desk: importing the modules adds their views."""

from __future__ import annotations

from loyalty.pages.manage.imports import balances, one, routes

__all__ = ["balances", "one", "routes"]

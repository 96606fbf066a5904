"""The till: a cashier types a phone and an amount; the purchase is recorded and earns. Gifts are
given, points pay, goods come back. Importing a module of routes adds its views."""

from loyalty.pages.till import recording, redeeming, returning, routes
from loyalty.pages.till.blueprint import blueprint

__all__ = ["blueprint", "recording", "redeeming", "returning", "routes"]

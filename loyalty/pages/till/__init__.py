"""The till: a cashier types a phone and an amount; the purchase is recorded and earns."""

from loyalty.pages.till.routes import blueprint

__all__ = ["blueprint"]

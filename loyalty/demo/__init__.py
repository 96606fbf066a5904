"""A believable demo shop: the same people and receipts for the same seed."""

from loyalty.demo.shop import demo_command, fill_if_empty

__all__ = ["demo_command", "fill_if_empty"]

"""The stores a person works for, and which one's till this browser is."""

from __future__ import annotations

from loyalty.core.access import current_actor
from loyalty.pages import sessions
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView


def own_stores() -> list[StoreView]:
    """By name."""
    actor = current_actor()
    every = programme.snapshot().stores.values()
    own = [store for store in every if actor.may_use_store(store.id)]
    return sorted(own, key=lambda store: store.name)


def chosen_store() -> StoreView | None:
    """The only one, or the one chosen at this browser; None where it has to be asked."""
    own = {store.code: store for store in own_stores()}
    if len(own) == 1:
        return next(iter(own.values()))
    return own.get(sessions.chosen_store() or "")

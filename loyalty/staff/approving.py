"""A manager's PIN, typed at a cashier's till, for what the cashier alone may not do."""

from __future__ import annotations

from loyalty.core.access import Role
from loyalty.staff.switching import AtTill, checked_pin, people_of

_FAILED = "cashier.approval_failed"


def managers_of(store_id: int) -> list[AtTill]:
    """Who may approve something at this store, by name."""
    return people_of(store_id, roles=[Role.MANAGER])


def approve(staff_id: int, pin: str, *, token: str, store_id: int) -> None:
    """That the manager is there, at the till whose session is `token`. Not to be called within
    a transaction; what is approved notes by whom.

    Raises `wrong_pin` (also for who is no manager with a PIN at this store),
    `too_many_requests`, and `unauthenticated` where the session has ended. Tries count with
    those of taking over a till.
    """
    managers = [Role.MANAGER]
    with checked_pin(_FAILED, staff_id, pin, token=token, store_id=store_id, roles=managers):
        pass

"""Who may do what with people and keys. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

OWN_ACCOUNT = action(
    "account.change", *Role, says=_l("Change the own password and PIN, sign out everywhere")
)
SWITCH = action("cashier.switch", Role.CASHIER, Role.MANAGER, says=_l("Take over a till by PIN"))
MANAGE_STAFF = action(
    "staff.manage",
    Role.MANAGER,
    says=_l("Add people, reset passwords, end access: bound managers in their stores"),
)
MANAGE_KEYS = action(
    "api_key.manage",
    Role.MANAGER,
    says=_l("Make, renew and revoke API keys: bound managers for their stores"),
)

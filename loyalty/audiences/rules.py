"""Who may do what with customer groups. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

VIEW = action(
    "audience.view",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See customer groups and count them"),
    whole_shop=True,
)
CHANGE = action(
    "audience.change",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Make, change and delete customer groups"),
    whole_shop=True,
)
EXPLAIN = action(
    "audience.why",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See why one member is in a customer group or not"),
    whole_shop=True,
)

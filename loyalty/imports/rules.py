"""Who may bring members and balances in by file. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

IMPORT = action(
    "member.import",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Bring customers in by a file, and undo it"),
    whole_shop=True,
)
IMPORT_BALANCES = action(
    "balance.import",
    Role.MANAGER,
    says=_l("Bring opening balances of points in by a file"),
    whole_shop=True,
)

"""Who may read the log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

SEARCH = action(
    "audit.search", Role.MANAGER, says=_l("Read the log: bound managers that of their stores")
)

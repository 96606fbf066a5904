"""Who may carry out a member's rights, and by when. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

REQUESTS = action(
    "rights.handle", Role.MANAGER, says=_l("Receive and answer members' requests about their data")
)
COPY = action("rights.copy", Role.MANAGER, says=_l("Give a member everything held about them"))
RESTRICT = action("rights.restrict", Role.MANAGER, says=_l("Restrict, or lift a restriction"))
OBJECT = action(
    "rights.object", Role.CASHIER, Role.MANAGER, says=_l("Stop all marketing to a member")
)
ERASE = action(
    "rights.erase", Role.MANAGER, says=_l("Erase a member beyond recovery"), whole_shop=True
)

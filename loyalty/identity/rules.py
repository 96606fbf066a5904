"""Who may move a whole person, and what of two accounts stays. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

CHANGE_PHONE = action(
    "member.phone", Role.MANAGER, says=_l("Give a member another number, or detach one")
)
MERGE = action("member.merge", Role.MANAGER, says=_l("Make one account of two"), whole_shop=True)

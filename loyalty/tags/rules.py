"""Who may do what with tags. No database here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

VIEW = action(
    "tag.view",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See tags, their rules and how many members they have"),
    whole_shop=True,
)
CHANGE = action(
    "tag.change",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Make, change and delete tags"),
    whole_shop=True,
)
FILL = action(
    "tag.fill",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Put members into a tag by a list of phones"),
    whole_shop=True,
)
MARK = action(
    "tag.mark",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Give one member a tag that is set by hand, or take it off"),
)
SEE_OF_MEMBER = action(
    "tag.of_member",
    Role.MANAGER,
    says=_l("See which tags a member has, since when and why"),
)

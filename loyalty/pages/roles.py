"""The roles as people read them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role

ROLE_NAMES = {
    Role.CASHIER: _l("Cashier"),
    Role.MARKETING: _l("Marketing"),
    Role.MANAGER: _l("Manager"),
}

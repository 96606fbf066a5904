"""One of the staff as the desk shows them, and what the acting manager is offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.access import Actor, Role
from loyalty.pages import formats
from loyalty.pages.manage.stores import named
from loyalty.pages.roles import ROLE_NAMES
from loyalty.staff.rules import is_self
from loyalty.staff.service import StaffView

ROLE_LINES = {
    Role.CASHIER: _l("Records purchases and finds one member at a time, by the full phone."),
    Role.MARKETING: _l("Works with groups and counts; sees no full phone number."),
    Role.MANAGER: _l("Does everything, in the stores chosen below."),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    view: StaffView
    actor: Actor

    @property
    def id(self) -> int:
        return self.view.id

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def login(self) -> str:
        return self.view.login

    @property
    def role(self) -> Any:
        return ROLE_NAMES[self.view.role]

    @property
    def is_owner(self) -> bool:
        return self.view.is_owner

    @property
    def stores(self) -> str:
        return named(self.view.store_codes)

    @property
    def phone(self) -> str:
        """As it is written at home; empty where it is not known."""
        phone = self.view.phone
        return phone.as_written_in(formats.settings().default_region) if phone else ""

    @property
    def pin(self) -> str:
        return gettext("Yes") if self.view.has_pin else gettext("No")

    @property
    def signed_in_at(self) -> str:
        moment = self.view.signed_in_at
        return formats.date_and_time(moment) if moment else gettext("Not yet")

    @property
    def state(self) -> tuple[Any, str]:
        """Its word, and the badge that stands behind it."""
        if not self.view.active:
            return gettext("Access ended"), "quiet"
        if self.view.must_change_password:
            return gettext("Temporary password"), "warn"
        return gettext("Active"), ""

    @property
    def is_self(self) -> bool:
        return is_self(self.actor, self.view.id)

    @property
    def why_not(self) -> str | None:
        """Why nothing is offered, in a sentence: the service refuses it as well."""
        if self.is_self:
            return gettext("This is you: your password and PIN are in your own account.")
        if self.is_owner:
            return gettext("The owner's account stays as it is: only the owner changes it.")
        return None

    @property
    def may_be_managed(self) -> bool:
        return self.why_not is None


def shown(views: Iterable[StaffView], actor: Actor) -> list[Person]:
    """By name, those without access last."""
    people = [Person(view=view, actor=actor) for view in views]
    return sorted(people, key=lambda person: (not person.view.active, person.name.casefold()))

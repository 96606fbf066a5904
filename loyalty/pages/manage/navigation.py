"""The places of the desk, and where each person's work begins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, request, url_for
from flask_babel import lazy_gettext as _l

from loyalty.audiences.rules import VIEW as VIEW_GROUP
from loyalty.audit.rules import SEARCH
from loyalty.core.access import Action, Actor, current_actor
from loyalty.exports.rules import VIEW as VIEW_EXPORT
from loyalty.imports.rules import IMPORT
from loyalty.members.rules import DO_NOT_CALL
from loyalty.members.rules import VIEW as VIEW_MEMBER
from loyalty.privacy.rules import REQUESTS
from loyalty.privacy.service import count_due as count_due_requests
from loyalty.programme.rules import CHANGE, FIGURES, STORES
from loyalty.purchases.rules import FLAGS, RECORD
from loyalty.rewards.rules import MANAGE
from loyalty.staff.rules import MANAGE_KEYS, MANAGE_STAFF
from loyalty.tags.rules import VIEW as VIEW_TAG


@dataclass(frozen=True, kw_only=True)
class Place:
    """A tab of the desk, shown to whoever may do what is done there."""

    endpoint: str
    label: Any
    action: Action

    @property
    def address(self) -> str:
        return url_for(self.endpoint)

    @property
    def is_here(self) -> bool:
        """Also on the pages below it."""
        return f"{request.path}/".startswith(f"{self.address}/")


PLACES = (
    Place(endpoint="manage.today", label=_l("Today"), action=FIGURES),
    Place(endpoint="manage.programme", label=_l("Programme"), action=CHANGE),
    Place(endpoint="manage.gifts", label=_l("Gifts"), action=MANAGE),
    Place(endpoint="manage.customers", label=_l("Customers"), action=VIEW_MEMBER),
    Place(endpoint="manage.stores", label=_l("Stores"), action=STORES),
    Place(endpoint="manage.staff", label=_l("Staff"), action=MANAGE_STAFF),
    Place(endpoint="manage.flags", label=_l("To look at"), action=FLAGS),
    Place(endpoint="manage.requests", label=_l("Requests"), action=REQUESTS),
    Place(endpoint="manage.tags", label=_l("Tags"), action=VIEW_TAG),
    Place(endpoint="manage.groups", label=_l("Customer groups"), action=VIEW_GROUP),
    Place(endpoint="manage.exports", label=_l("Files"), action=VIEW_EXPORT),
    Place(endpoint="manage.imports", label=_l("Import customers"), action=IMPORT),
    Place(endpoint="manage.keys", label=_l("API keys"), action=MANAGE_KEYS),
    Place(endpoint="manage.do_not_call", label=_l("Do-not-call"), action=DO_NOT_CALL),
    Place(endpoint="manage.audit", label=_l("Log"), action=SEARCH),
)

MOST_TABS = 6
"""So many places fit beside each other at 1280 px; where there are more, the rest are folded."""


def places_of(actor: Actor) -> list[Place]:
    return [place for place in PLACES if place.action.allows(actor)]


def desk_of(actor: Actor) -> str | None:
    """The address of the first place that the actor may use; None where there is none."""
    return next((place.address for place in places_of(actor)), None)


def landing(actor: Actor) -> str:
    """Where the actor's work begins: what the shop's day is like for whoever runs it, the till,
    else the desk, else the own account."""
    if FIGURES.allows(actor):
        return url_for("manage.today")
    if RECORD.allows(actor):
        return url_for("till.page")
    return desk_of(actor) or url_for("account.page")


class Desk:
    """Read by the templates; each part is looked up only when it is shown."""

    @cached_property
    def places(self) -> list[Place]:
        return places_of(current_actor())

    @property
    def tabs(self) -> list[Place]:
        return self.places[:MOST_TABS]

    @property
    def folded(self) -> list[Place]:
        """What has no tab of its own in the bar."""
        return self.places[MOST_TABS:]

    @cached_property
    def waiting(self) -> dict[str, int]:
        """What is due at a place, by its endpoint; nothing where nothing is."""
        due = count_due_requests() if REQUESTS.allows(current_actor()) else 0
        return {"manage.requests": due} if due else {}

    @property
    def here(self) -> Place | None:
        return next((place for place in self.places if place.is_here), None)

    @property
    def way_in(self) -> str | None:
        """For the menu of the other pages; None at the desk itself."""
        return None if request.blueprint == "manage" else desk_of(current_actor())

    @property
    def leads_to_till(self) -> bool:
        return RECORD.allows(current_actor())


def configure_navigation(app: Flask) -> None:
    app.context_processor(lambda: {"desk": Desk()})

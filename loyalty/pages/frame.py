"""What surrounds every page: shop, person, language, appearance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, current_app, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import SQLAlchemyError

from config import LANGUAGES
from loyalty.core.access import current_actor
from loyalty.pages import formats
from loyalty.pages.language import NAMES, language
from loyalty.pages.roles import ROLE_NAMES
from loyalty.programme import service as programme
from loyalty.purchases.rules import RECORD
from loyalty.staff.rules import OWN_ACCOUNT, SWITCH

THEME_COOKIE = "theme"
THEMES = {
    "light": (_l("Light"), "sun"),
    "dark": (_l("Dark"), "moon"),
    "auto": (_l("Device"), "device"),
}
DEFAULT_THEME = "light"

# Refusals are answers with content of their own: they are swapped in like any other.
_HTMX = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "historyEnabled": False,
        "timeout": 20_000,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "4..", "swap": True, "error": False},
            {"code": "...", "swap": False, "error": True},
        ],
    }
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    code: str
    name: Any
    icon: str = ""


class Frame:
    """Read by the base template; each part is looked up only when it is shown."""

    htmx_config = _HTMX

    @cached_property
    def language(self) -> str:
        return language()

    @property
    def languages(self) -> list[Choice]:
        return [Choice(code=code, name=NAMES[code]) for code in LANGUAGES]

    @property
    def theme(self) -> str:
        chosen = request.cookies.get(THEME_COOKIE)
        return chosen if chosen in THEMES else DEFAULT_THEME

    @property
    def themes(self) -> list[Choice]:
        return [Choice(code=code, name=name, icon=icon) for code, (name, icon) in THEMES.items()]

    @cached_property
    def shop_name(self) -> str:
        return _shop_name() or gettext("Loyalty")

    @property
    def demo(self) -> bool:
        return bool(current_app.extensions["settings"].demo)

    @property
    def person(self) -> str:
        return current_actor().name

    @property
    def initials(self) -> str:
        return formats.initials(self.person)

    @property
    def role(self) -> Any:
        return ROLE_NAMES[current_actor().role]

    @property
    def may_change_store(self) -> bool:
        actor = current_actor()
        if not RECORD.allows(actor):
            return False
        stores = programme.snapshot().stores.values()
        return sum(actor.may_use_store(store.id) for store in stores) > 1

    @property
    def may_switch(self) -> bool:
        return SWITCH.allows(current_actor())

    @property
    def has_account(self) -> bool:
        return OWN_ACCOUNT.allows(current_actor())

    @property
    def here(self) -> str:
        return request.path


def configure_frame(app: Flask) -> None:
    app.context_processor(lambda: {"frame": Frame()})


def _shop_name() -> str:
    """Empty where the database does not answer: an error page needs a frame too."""
    try:
        return programme.snapshot().shop_name
    except SQLAlchemyError:
        return ""

"""A tag and its history as the desk shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.access import SYSTEM
from loyalty.core.errors import Code
from loyalty.groups.models import Cause
from loyalty.pages import formats

CAUSES: Mapping[str, Any] = {
    Cause.FIRST: _l("Counted for the first time"),
    Cause.RULE: _l("The rule was changed"),
    Cause.DATA: _l("Something about customers changed"),
    Cause.TIME: _l("Time passed"),
    Cause.MANUAL: _l("By hand"),
}
_GONE: Mapping[str, Any] = {
    Code.UNKNOWN_ATTRIBUTE: _l(
        "Could not be worked out: the shop no longer keeps “%(name)s” of its customers."
    ),
    Code.UNKNOWN_STORE: _l("Could not be worked out: there is no store %(name)s any more."),
}
_OF_PEOPLE = (Cause.RULE, Cause.MANUAL)


@dataclass(frozen=True, kw_only=True)
class ShownTag:
    """`view` as `tags.service` gives it."""

    view: Mapping[str, Any]
    now: datetime

    @property
    def slug(self) -> str:
        return self.view["slug"]

    @property
    def name(self) -> str:
        return self.view["name"]

    @property
    def link(self) -> str:
        return self.view["link"] or ""

    @property
    def is_by_hand(self) -> bool:
        return self.view["kind"] == "manual"

    @property
    def says(self) -> str:
        """The rule as a sentence."""
        if self.is_by_hand:
            return gettext("Set by hand, at the till or from a list")
        return formats.begun(self.view["sentence"])

    @property
    def failing(self) -> str:
        """Why it could not be worked out; empty where it could."""
        return _why(self.view["failing"]) if self.view["failing"] else ""

    @property
    def count(self) -> int:
        return self.view["count"]

    @property
    def as_of(self) -> str:
        """When the count was true."""
        if self.is_by_hand:
            return gettext("always current")
        if self.view["built_at"] is None:
            return gettext("not yet")
        moment = formats.lately(self.view["built_at"], self.now)
        return gettext("%(when)s, old", when=moment) if self.failing else moment


@dataclass(frozen=True, kw_only=True)
class Step:
    """One time that a tag was worked out or changed."""

    when: str
    why: str
    who: str
    failed: str
    count: str
    added: str
    removed: str


def step(build: Mapping[str, Any]) -> Step:
    """`build` as `tags.service.builds` gives it."""
    return Step(
        when=formats.date_and_time(build["ended_at"]),
        why=str(CAUSES[build["cause"]]),
        who=_who(build),
        failed=_why(build["failing"]) if build["failing"] else "",
        count="–" if build["count"] is None else formats.count(build["count"]),
        added=_change("+", build["added"]),
        removed=_change(formats.MINUS, build["removed"]),
    )


def _who(build: Mapping[str, Any]) -> str:
    if build["cause"] not in _OF_PEOPLE or build["by"] == SYSTEM.name:
        return ""
    return build["by"] or ""


def _change(sign: str, number: int | None) -> str:
    return f"{sign}{formats.count(number)}" if number else ""


def _why(failing: Mapping[str, Any]) -> str:
    sentence = _GONE.get(failing["code"])
    if sentence is None:
        return gettext("Could not be worked out: %(why)s", why=failing["detail"])
    return str(sentence) % {"name": failing["about"]}

"""The log as people read it: who did what, on what, when, from where and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.audit import service as audit_log
from loyalty.audit.rules import SEARCH
from loyalty.core import clock
from loyalty.core.access import SYSTEM, Door, current_actor, requires, takes_query
from loyalty.pages import formats
from loyalty.pages.manage import audit_words as words
from loyalty.pages.manage.audit_details import in_words
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.till.typed import row_id
from loyalty.programme import service as programme
from loyalty.staff import keys
from loyalty.staff import service as staff

ROWS = 50
_LENGTHS = {"actor": 64, "action": 64, "object_kind": 32, "object_id": 64}
_DAYS = ("from", "until")

Choices = list[tuple[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the form asks for, as typed, and what is wrong with it by field."""

    typed: Mapping[str, str]
    search: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    when: str
    who: str
    what: Any
    on: str
    leads_to: str | None
    store: str
    address: str
    why: str
    more: str


@blueprint.get("/audit")
@requires(SEARCH, door=Door.LOGIN)
@takes_query
def audit() -> ResponseReturnValue:
    """The filters stand in the address: other pages link to what they are about."""
    asked = _asked(request.args)
    events, older = ([], None) if asked.errors else audit_log.search(**asked.search, limit=ROWS)
    page = render_template(
        "pages/manage/audit.html",
        asked=asked,
        people=_people(asked.typed["actor"]),
        machines=_machines(),
        actions=_named(words.ACTIONS, asked.typed["action"]),
        kinds=_named(words.OBJECTS, asked.typed["object_kind"]),
        lines=_lines(events),
        older=_page_at(asked, older) if older else None,
        newest=_page_at(asked, None) if "before" in asked.search else None,
        is_filtered=any(asked.typed.values()),
    )
    return page, 422 if asked.errors else 200


# -- what is asked -----------------------------------------------------------------


def _asked(args: Mapping[str, str]) -> Asked:
    typed = {name: _one_line(args.get(name, ""), size) for name, size in _LENGTHS.items()}
    typed |= {name: _one_line(args.get(name, ""), 10) for name in _DAYS}
    errors: dict[str, Any] = {}
    search: dict[str, Any] = {name: typed[name] for name in _LENGTHS if typed[name]}
    if typed["object_id"] and not typed["object_kind"]:
        errors["object_kind"] = gettext("Choose what kind of thing it is.")
    for name, bound in (("from", "since"), ("until", "until")):
        try:
            search |= {bound: _instant(name, typed[name])} if typed[name] else {}
        except (ValueError, OverflowError):
            errors[name] = gettext("This is not a date.")
    if before := row_id(args.get("before", "")):
        search["before"] = before
    return Asked(typed=typed, search=search, errors=errors)


def _one_line(text: str, longest: int) -> str:
    text = text.strip()
    return text[:longest] if text.isprintable() else ""


def _instant(name: str, text: str) -> Any:
    """Days are the shop's, and the last one is within."""
    day = date.fromisoformat(text)
    zone = formats.settings().time_zone
    return clock.start_of_day(day, zone) if name == "from" else clock.end_of_day(day, zone)


def _page_at(asked: Asked, before: str | None) -> str:
    kept: dict[str, Any] = {name: value for name, value in asked.typed.items() if value}
    return url_for("manage.audit", **kept, before=before)


# -- what may be chosen ------------------------------------------------------------


def _people(chosen: str) -> Choices:
    """Those whom the reader may manage, the reader, and whoever the address asks for."""
    me = current_actor()
    found = {me.label: me.name, **{f"person:{p.id}": p.name for p in staff.list_staff()}}
    if chosen and not chosen.startswith("key:") and chosen not in found:
        found[chosen] = _name_of({"actor": chosen, "actor_name": None})
    return sorted(found.items(), key=lambda choice: choice[1])


def _machines() -> Choices:
    found = [(f"key:{key.id}", f"{key.name} ({key.prefix}…)") for key in keys.list_keys()]
    return sorted(found, key=lambda choice: choice[1])


def _named(known: Mapping[str, Any], chosen: str) -> Choices:
    found = dict(known) | ({chosen: chosen} if chosen and chosen not in known else {})
    return sorted(found.items(), key=lambda choice: str(choice[1]).casefold())


# -- what is shown -----------------------------------------------------------------


def _lines(events: Sequence[Mapping[str, Any]]) -> list[Line]:
    stores = {store.code: store.name for store in programme.snapshot().stores.values()}
    return [_line(event, stores) for event in events]


def _line(event: Mapping[str, Any], stores: Mapping[str, str]) -> Line:
    kind, number = event["object_kind"], event["object_id"]
    return Line(
        when=formats.date_and_time(event["at"]),
        who=_name_of(event),
        what=words.ACTIONS.get(event["action"], event["action"]),
        on=f"{words.OBJECTS.get(kind, kind)} {number}",
        leads_to=_address_of(kind, number),
        store=stores.get(event["store"] or "", ""),
        address=event["address"] or "",
        why=event["reason"] or "",
        more=in_words(event["details"] or {}),
    )


def _name_of(event: Mapping[str, Any]) -> str:
    if event["actor"] == SYSTEM.label:
        return gettext("The service itself")
    return event["actor_name"] or event["actor"]


def _address_of(kind: str, number: str) -> str | None:
    """The page of what an event is about, where it has one."""
    endpoint, name = words.PAGES.get(kind, ("", ""))
    if endpoint not in current_app.view_functions or not number.isdigit():
        return None
    field_of_path: dict[str, Any] = {name: int(number)}
    return url_for(endpoint, **field_of_path)

"""Who may do what: a table made from the declared actions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from loyalty.core.access import ACTIONS, Action, Door, Role, requires
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.roles import ROLE_NAMES
from loyalty.staff.rules import MANAGE_STAFF

_BOUND_MANAGER = _l("Manager of some stores")
_YES = (_l("Yes"), "yes")
_NO = (_l("No"), "no")


@dataclass(frozen=True, kw_only=True)
class Row:
    says: Any
    cells: list[tuple[Any, tuple[Any, str]]]
    """Of each column its name, the word in it, and its kind."""


@blueprint.get("/access")
@requires(MANAGE_STAFF, door=Door.LOGIN)
def access() -> ResponseReturnValue:
    columns = [*ROLE_NAMES.values(), _BOUND_MANAGER]
    rows = [_row(action, columns) for action in _in_order()]
    return render_template("pages/manage/access.html", columns=columns, rows=rows)


def _in_order() -> list[Action]:
    """What most may do first; then as their names sort, which keeps a slice together."""
    return sorted(ACTIONS.values(), key=lambda action: (-len(action.roles), action.name))


def _row(action: Action, columns: list[Any]) -> Row:
    words = [_YES if role in action.roles else _NO for role in ROLE_NAMES]
    words.append(_for_a_bound_manager(action))
    return Row(says=action.says, cells=list(zip(columns, words, strict=True)))


def _for_a_bound_manager(action: Action) -> tuple[Any, str]:
    if Role.MANAGER not in action.roles or action.whole_shop:
        return _NO
    return _YES

"""Who may do what: the words in which every slice and every route says it.

A slice declares its actions at the head of its `rules.py`; `requires(ACTION)`
stands on every view. It opens the request's one transaction, finds the actor
inside it, compares the role, and honours an Idempotency-Key. How a key or a
login is looked up is handed in by `create_app`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue

from loyalty.core import idempotency, tally
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Code, Problem


class Role(StrEnum):
    CASHIER = "cashier"
    MARKETING = "marketing"
    MANAGER = "manager"


class Door(StrEnum):
    """By which way the actor shows who it is."""

    KEY = "key"
    LOGIN = "login"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person, a key, or the service itself; `store_ids` empty means every store."""

    kind: str
    id: int
    name: str
    role: Role
    store_ids: frozenset[int] = field(default_factory=frozenset)
    by_pin: bool = False

    @property
    def label(self) -> str:
        """How rows remember who it was: `key:3`, `person:7`, `system:0`."""
        return f"{self.kind}:{self.id}"

    @property
    def is_manager(self) -> bool:
        return self.role is Role.MANAGER

    def may_use_store(self, store_id: int) -> bool:
        return not self.store_ids or store_id in self.store_ids


SYSTEM = Actor(kind="system", id=0, name="system", role=Role.MANAGER)


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that people and keys may do. `name` is also its name in the audit log; `says`
    stands in the table of who may do what. `whole_shop`: only whoever no store bounds;
    `by_password`: not whoever took over a till by PIN."""

    name: str
    says: Any
    roles: frozenset[Role]
    whole_shop: bool = False
    by_password: bool = False

    def allows(self, actor: Actor) -> bool:
        if (self.whole_shop and actor.store_ids) or (self.by_password and actor.by_pin):
            return False
        return actor.role in self.roles


CARRIED_ON_BY = "carried_on_by"
"""Name of the seam: members hand in who carries on the account of a member that was merged."""
ACTIONS: dict[str, Action] = {}
"""Every declared action by its name: what the table of who may do what is made from."""


def action(
    name: str, *roles: Role, says: Any, whole_shop: bool = False, by_password: bool = False
) -> Action:
    """Declare an action, once, in the rules of its slice."""
    if name in ACTIONS:
        raise ValueError(f"{name} is declared twice")
    ACTIONS[name] = Action(
        name=name,
        says=says,
        roles=frozenset(roles),
        whole_shop=whole_shop,
        by_password=by_password,
    )
    return ACTIONS[name]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a view says of itself: by which door, and for which action; none where it is open."""

    door: Door
    action: Action | None = None


@dataclass(frozen=True, kw_only=True)
class Authenticators:
    """Handed in by `create_app`: each returns the actor, or None for nobody."""

    by_key: Callable[[str], Actor | None]
    by_login: Callable[[], Actor | None]


View = Callable[..., ResponseReturnValue]


def open_to_anyone(view: View) -> View:
    """For routes that need no actor and open no transaction: health, docs, login form."""
    view.access_rule = Rule(door=Door.OPEN)  # type: ignore[attr-defined]
    return view


def takes_query(view: View) -> View:
    """For views that read the query string themselves; elsewhere one is refused."""
    view.takes_query = True  # type: ignore[attr-defined]
    return view


def requires(action: Action, *, door: Door = Door.KEY, writes: bool | None = None) -> Any:
    """Let in only who may do this. `writes` defaults to what the HTTP method says."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            _refuse_unknown_query(view)
            # A slow sender must not hold the transaction: the body is read before it.
            request.get_data()
            changes = request.method not in ("GET", "HEAD") if writes is None else writes

            def answer() -> ResponseReturnValue:
                if changes:
                    with idempotency.running():
                        return in_transaction(respond_once)
                with read():
                    _enter(door, action)
                    return respond()

            def respond() -> Response:
                return current_app.make_response(view(*args, **kwargs))

            def respond_once() -> Response:
                _enter(door, action)
                return idempotency.answer_once(current_actor().label, respond)

            try:
                return answer()
            except Problem as problem:
                if not _leads_on(problem, kwargs):
                    raise
            return answer()

        guarded.access_rule = Rule(door=door, action=action)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _leads_on(problem: Problem, arguments: dict[str, Any]) -> bool:
    """Whether the path names a member whose account another one carries on: the path is then
    the other's. Asked where nobody was found, so that it costs the others nothing."""
    if problem.code is not Code.UNKNOWN_MEMBER or "member_id" not in arguments:
        return False
    with read():
        survivor = current_app.extensions[CARRIED_ON_BY](arguments["member_id"])
    if survivor is not None:
        arguments["member_id"] = survivor
    return survivor is not None


def current_actor() -> Actor:
    """Who acts in this request or command; the system where nobody signed in."""
    return g.get("actor", SYSTEM)


@contextmanager
def acting_as(label: str) -> Iterator[None]:
    """For work that goes on after a request: what it writes is remembered as done by whoever
    asked for it, `label` as in `Actor.label`."""
    kind, _, number = label.partition(":")
    before = current_actor()
    g.actor = Actor(kind=kind, id=int(number), name="", role=Role.MANAGER)
    try:
        yield
    finally:
        g.actor = before


def rule_of(view: Callable[..., Any]) -> Rule | None:
    return getattr(view, "access_rule", None)


def _enter(door: Door, action: Action) -> None:
    authenticators: Authenticators = current_app.extensions["authenticators"]
    if door is Door.KEY:
        actor = authenticators.by_key(_bearer())
        _count(actor)
    else:
        actor = authenticators.by_login()
    if actor is None:
        headers = {"WWW-Authenticate": "Bearer"} if door is Door.KEY else None
        raise Problem(Code.UNAUTHENTICATED, headers=headers)
    if not action.allows(actor):
        raise Problem(Code.FORBIDDEN)
    g.actor = actor


def _count(caller: Actor | None) -> None:
    """Against the rate limits; raises `too_many_requests`."""
    if caller is not None:
        tally.spend_call(caller.label)
    elif _bearer():
        tally.spend_wrong_key(request.remote_addr)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_unknown_query(view: View) -> None:
    if request.query_string and not getattr(view, "takes_query", False):
        raise Problem(
            Code.INVALID_REQUEST, errors={name: ["Unknown field."] for name in request.args}
        )

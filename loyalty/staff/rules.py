"""Who may do what with people and keys, and what a login, a password and a PIN must be.
No database here."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from loyalty.core.access import SYSTEM, Actor, Role, action
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import LOGIN_LENGTH, PASSWORD_LENGTH
from loyalty.staff.guessable import is_guessable, is_run

OWN_ACCOUNT = action(
    "account.change",
    *Role,
    says=_l("Change the own password and PIN, sign out everywhere"),
    by_password=True,
)
SWITCH = action("cashier.switch", Role.CASHIER, Role.MANAGER, says=_l("Take over a till by PIN"))
MANAGE_STAFF = action(
    "staff.manage",
    Role.MANAGER,
    says=_l("Add people, reset passwords, end access: bound managers in their stores"),
    by_password=True,
)
MANAGE_KEYS = action(
    "api_key.manage",
    Role.MANAGER,
    says=_l("Make, renew and revoke API keys: bound managers for their stores"),
    by_password=True,
)

SHORTEST_PASSWORD = 8
PIN_LENGTHS = range(4, 9)
_LOGIN = re.compile(rf"[a-z0-9._@-]{{2,{LOGIN_LENGTH}}}")


# -- logins, passwords, PINs -----------------------------------------------------


def normal_login(text: str) -> str:
    """A login as it is kept and looked up: `ＬＡＮ ` is `lan`. Raises `invalid_login` for what
    no login looks like: look-alikes of other scripts (Cyrillic а), combining marks, NUL."""
    login = unicodedata.normalize("NFKC", text.strip()[: LOGIN_LENGTH + 1]).casefold()
    if len(text.strip()) > LOGIN_LENGTH or _LOGIN.fullmatch(login) is None:
        raise Problem(Code.INVALID_LOGIN, field="login")
    return login


def check_password(password: str, *, login: str, name: str) -> None:
    """Raises `weak_password` for what is too short, too long, or tried first by who guesses.
    No rules on kinds of characters (NIST SP 800-63B, 3.1.1.2)."""
    if len(password) > PASSWORD_LENGTH:
        sentence = _l("At most %(count)s characters.", count=PASSWORD_LENGTH)
        raise Problem(Code.WEAK_PASSWORD, detail=sentence, field="password")
    known = (login, login.partition("@")[0], name, *name.split())
    is_short = len(password) < SHORTEST_PASSWORD
    if is_short or not is_text(password) or is_guessable(password, known=known):
        raise Problem(Code.WEAK_PASSWORD, field="password")


def check_pin(pin: str) -> None:
    """4 to 8 digits 0-9, neither a run nor all the same; raises `weak_pin`."""
    is_pin = pin.isascii() and pin.isdigit() and len(pin) in PIN_LENGTHS
    if not is_pin or is_run(pin) or len(set(pin)) == 1:
        raise Problem(Code.WEAK_PIN, field="pin")


def is_text(text: str) -> bool:
    """Without NUL, and with bytes: a lone surrogate has none."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


# -- who manages whom --------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Person:
    """What decides who may manage somebody; `store_ids` empty means every store."""

    id: int
    store_ids: frozenset[int]
    is_owner: bool


def check_may_manage(actor: Actor, person: Person) -> None:
    """A manager whom no store bounds manages everybody but the owner; a bounded one only who
    is bounded to the same stores or fewer. Raises `owner_stays`, `outside_your_stores`."""
    if person.is_owner and actor.kind != SYSTEM.kind and not is_self(actor, person.id):
        raise Problem(Code.OWNER_STAYS)
    check_within(actor, person.store_ids)


def is_within(actor: Actor, store_ids: frozenset[int]) -> bool:
    """Whether a person or key of these stores (empty: of every store) reaches no further than
    the actor."""
    return not actor.store_ids or (bool(store_ids) and store_ids <= actor.store_ids)


def check_within(actor: Actor, store_ids: frozenset[int]) -> None:
    if not is_within(actor, store_ids):
        raise Problem(Code.OUTSIDE_YOUR_STORES, field="stores")


def is_self(actor: Actor, staff_id: int) -> bool:
    return actor.kind == "person" and actor.id == staff_id

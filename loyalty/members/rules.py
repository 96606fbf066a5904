"""Who may do what with members, names as they are searched, provinces as they are stored.
No database here."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import lazy_gettext as _l

from config import ROOT
from loyalty.core.access import Role, action
from loyalty.core.limits import NAME_LENGTH

FIND = action(
    "member.find", Role.CASHIER, Role.MANAGER, says=_l("Find one member by the full phone")
)
CREATE = action("member.create", Role.CASHIER, Role.MANAGER, says=_l("Add a member"))
VIEW = action("member.view", Role.MANAGER, says=_l("See a member's profile and full phone"))
CHANGE = action("member.change", Role.MANAGER, says=_l("Correct a member's profile"))
SEE_CONSENTS = action(
    "consent.view", Role.CASHIER, Role.MANAGER, says=_l("See what a member agreed to")
)
CONSENT = action(
    "consent.change",
    Role.CASHIER,
    Role.MANAGER,
    says=_l("Record what a member agrees to or refuses"),
)
DO_NOT_CALL = action(
    "do_not_call.change",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Keep the do-not-call list"),
    whole_shop=True,
)

SEE_ATTRIBUTES = action(
    "attribute.view",
    Role.CASHIER,
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See which attributes the shop keeps of its members"),
)
DECLARE_ATTRIBUTES = action(
    "attribute.change",
    Role.MANAGER,
    says=_l("Decide which attributes the shop keeps of its members"),
    whole_shop=True,
)

CURRENT_LISTS = {"VN": "vn34", "TH": "th77"}
"""Which list of a country is today's: seven Vietnamese codes of before July 2025 name
another province in it, so a code is stored with its list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    list: str
    code: str
    name: str
    name_en: str
    region: str


def fold(text: str) -> str:
    """For search: no case, no marks, d for đ."""
    plain = text.casefold().replace("đ", "d")
    return unicodedata.normalize("NFD", plain).translate(_WITHOUT_MARKS)


class _WithoutMarks(dict[int, int | None]):
    """For `str.translate`: of each letter that was met, itself or nothing."""

    def __missing__(self, letter: int) -> int | None:
        self[letter] = None if unicodedata.category(chr(letter)) == "Mn" else letter
        return self[letter]


_WITHOUT_MARKS = _WithoutMarks()


def folded_name(name: str | None) -> str | None:
    """As it is stored for search. Folding may lengthen a name (ß, Hangul): it is cut then."""
    return fold(name)[:NAME_LENGTH] if name else None


def find_province(text: str, country: str) -> Province | None:
    """By code of today's list, by `list:code` (`vn63:02`), or by name in either language."""
    return _provinces(country).get(fold(text))


def provinces_today(country: str) -> list[Province]:
    """Today's list of a country, by code; empty where none is kept here."""
    today = CURRENT_LISTS.get(country)
    named = {one.code: one for one in _provinces(country).values() if one.list == today}
    return [named[code] for code in sorted(named)]


def every_province() -> list[Province]:
    """Of every list that is kept here, those of before too."""
    found = [one for country in CURRENT_LISTS for one in _provinces(country).values()]
    return list({(one.list, one.code): one for one in found}.values())


@lru_cache(maxsize=8)
def _provinces(country: str) -> dict[str, Province]:
    file = ROOT / "config" / "regions" / f"{country.lower()}.csv"
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as rows:
        provinces = [Province(**row) for row in csv.DictReader(rows)]
    found: dict[str, Province] = {}
    # Today's list comes first: a name in both lists means the province of today.
    for province in sorted(provinces, key=lambda p: p.list != CURRENT_LISTS.get(country)):
        keys = [f"{province.list}:{province.code}", fold(province.name), fold(province.name_en)]
        if province.list == CURRENT_LISTS.get(country):
            keys.append(province.code)
        for key in keys:
            found.setdefault(key, province)
    return found

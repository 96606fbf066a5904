"""Values in the normal form that a platform hashes: another form is another hash, and matches
nobody. Every function gives "" for a value that has none.

Sources: of Meta, "Customer information parameters",
https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters;
of Google, "Customer Match",
https://developers.google.com/google-ads/api/docs/remarketing/audience-types/customer-match, and the
template of its files, https://g.co/wudy8r; of TikTok, "List of supported IDs and formats for a
Customer File", https://ads.tiktok.com/help/article/list-of-supported-ids-and-formats-for-a-customer-file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from loyalty.members.rules import find_province, fold

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_EARLIEST_YEAR = 1900
_NOTE = re.compile(r"[(\[{（][^)\]}）]*[)\]}）]?")
"""In brackets, or from one that stays open to the end."""

Normal = Callable[[str], str]


def sha256(text: str) -> str:
    """Lowercase hex of the UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


sha256_of_word = lru_cache(65_536)(sha256)
"""For what few people have to themselves: the words of names."""


def phone(e164: str) -> str:
    """With its +: Google's and TikTok's way."""
    return e164 if _E164.fullmatch(e164) else ""


def phone_digits(e164: str) -> str:
    """With the country code and without +: Meta's and Zalo's way."""
    return phone(e164)[1:]


def email(address: str) -> str:
    """Trimmed and lowercased, dots and +labels kept: who signed up as `lan.le+shop@gmail.com`
    is known by that."""
    plain = unicodedata.normalize("NFC", address).strip().lower()
    return plain if _EMAIL.fullmatch(plain) else ""


def birth_date(day: date, *, today: date) -> str:
    """YYYYMMDD, from 1900 to today."""
    return day.strftime("%Y%m%d") if day.year >= _EARLIEST_YEAR and day <= today else ""


def country(code: str) -> str:
    """Two letters, uppercase."""
    return code.upper() if _COUNTRY.fullmatch(code) else ""


# -- Names ---------------------------------------------------------------------


def without_punctuation(word: str) -> str:
    """Meta: lowercase, no punctuation; accents stay."""
    return _kept(word, "LMN")


def without_hidden(word: str) -> str:
    """Google: lowercase, no spaces; only what nobody sees goes, such as a direction mark."""
    return _kept(word, "LMNPS")


def split_names(word: Normal, *, family_first: bool) -> tuple[Normal, Normal]:
    """The given and the family's name of a whole one: the words at its two ends. A single
    word is taken for the given name. What a shop notes beside a name is none of it: `Lan
    (VIP)`, `Lan 0912345678`."""
    family_at, given_at = (0, -1) if family_first else (-1, 0)

    def given(name: str) -> str:
        words = _words(name, word)
        return words[given_at] if words else ""

    def family(name: str) -> str:
        words = _words(name, word)
        return words[family_at] if len(words) > 1 else ""

    return given, family


def _words(name: str, word: Normal) -> list[str]:
    """Those with a letter in them: a number is no name."""
    words = map(word, _NOTE.sub(" ", name).split())
    return [each for each in words if any(map(str.isalpha, each))]


@lru_cache(maxsize=65_536)  # people share their names
def _kept(word: str, categories: str) -> str:
    """Of a text without letters and digits nothing is kept: no name is an emoji."""
    plain = unicodedata.normalize("NFC", word).lower()
    kept = "".join(each for each in plain if unicodedata.category(each)[0] in categories)
    return kept if any(map(str.isalnum, kept)) else ""


# -- Places --------------------------------------------------------------------


def place(name: str) -> str:
    """Meta: lowercase without punctuation and spaces, in a to z where that can be."""
    joined = "".join(name.split())
    plain = _kept(fold(joined), "LMN")
    return plain if plain.isascii() else _kept(joined, "LMN")


def province(listed: str) -> str:
    """`vn34:79` is `hochiminh`: by its English name."""
    found = find_province(listed, listed[:2].upper())
    return place(found.name_en) if found else ""

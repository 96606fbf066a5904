"""What a cell means, however people and other systems write it: words in English, Vietnamese and
Thai, dates, numbers, places. What is not certain raises `ValueError`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale

from config import LANGUAGES
from loyalty.core import clock
from loyalty.members.rules import Province, find_province, fold

_SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of spreadsheets; as they count the 29th of February 1900, right from that March on."""
_SERIAL = re.compile(r"([1-6][0-9]{4})(\.[0-9]+)?")
"""From 1927 to 2091."""
_DATE = re.compile(r"(\d{1,4})([/.\- ])(\d{1,2})\2(\d{1,4})(?:[T ,]+(\d[\d:.+Z-]{3,31}))?")
_BUDDHIST_FROM = 2400
_BUDDHIST_AHEAD = 543

_WHOLE = re.compile(r"(\d{1,15})(?:[.,]0{1,2})?")
_GROUPED = re.compile(r"\d{1,3}([., ])\d{3}(?:\1\d{3}){0,3}")
_NUMBER = re.compile(r"-?\d{1,16}(?:\.\d{1,20}|,\d{1,2})?(?:[eE][+-]?\d{1,3})?")
_BETWEEN_NAMES = re.compile(r"[;|\n]")


def _words(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {fold(word): code for code, each in words.items() for word in (code, *each)}


_YES_NO = _words(
    {
        "yes": ("y", "true", "1", "x", "có", "đồng ý", "ใช่", "ยินยอม"),
        "no": ("n", "false", "0", "không", "ko", "không đồng ý", "ไม่", "ไม่ใช่", "ไม่ยินยอม"),
    }
)
GENDERS = _words(
    {
        "female": ("f", "nữ", "หญิง"),
        "male": ("m", "nam", "ชาย"),
        "other": ("khác", "อื่น ๆ", "อื่นๆ"),
    }
)
INCOMES = _words(
    {
        "low": ("thấp", "ต่ำ"),
        "middle": ("medium", "trung bình", "ปานกลาง"),
        "high": ("cao", "สูง"),
    }
)
_UNKNOWN = frozenset(map(fold, ("-", "unknown", "n/a", "không xác định", "chưa xác định", "ไม่ระบุ")))
"""What systems write where nothing is known."""


_LONGEST_WORD = 100


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """Lists hold few words, many times."""
    return fold(text)


def folded(text: str) -> str:
    """Empty for what is too long to be a word: it would stay in memory."""
    return _folded(text) if len(text) <= _LONGEST_WORD else ""


def code_of(text: str, codes: Mapping[str, str]) -> str:
    """`female` for `Nữ`; codes themselves are words too."""
    code = codes.get(folded(text))
    if code is None:
        raise ValueError
    return code


def is_unknown(text: str) -> bool:
    return folded(text) in _UNKNOWN


def yes_or_no(text: str) -> bool:
    return code_of(text, _YES_NO) == "yes"


def day(text: str, region: str) -> date:
    """`1990-02-28`, `28/2/1990`, `28-02-1990`, each also with a time behind it; Buddhist years
    in Thailand; the number that a spreadsheet keeps a date as. The day comes first, and years
    have four digits: `2/3/90` could be anything."""
    return _day_and_time(text, region)[0]


def moment(text: str, *, region: str, zone: ZoneInfo) -> datetime:
    """Aware UTC; what says nothing of its zone is the shop's."""
    local_day, local_time = _day_and_time(text, region)
    return clock.parse_time(f"{local_day.isoformat()}T{local_time}", zone)


def _day_and_time(text: str, region: str) -> tuple[date, str]:
    if serial := _SERIAL.fullmatch(text):
        seconds = round(float(serial[2] or 0) * 24 * 60 * 60)
        at = datetime.combine(_SERIAL_ZERO, datetime.min.time()) + timedelta(
            days=int(serial[1]), seconds=seconds
        )
        return at.date(), at.time().isoformat()
    if (written := _DATE.fullmatch(text)) is None:
        raise ValueError
    first, _, month, last, rest = written.groups()
    year, number = (first, last) if len(first) == 4 else (last, first)
    if len(year) != 4 or len(number) > 2:
        raise ValueError
    return date(_year(int(year), region), int(month), int(number)), _time(rest)


def _year(year: int, region: str) -> int:
    return year - _BUDDHIST_AHEAD if region == "TH" and year >= _BUDDHIST_FROM else year


def _time(text: str | None) -> str:
    """`9:05` -> `09:05`."""
    if not text:
        return "00:00"
    return text.rjust(len(text) + 1, "0") if text[1:2] == ":" else text


def whole(text: str) -> int:
    """`1250`, `1250.0`, `1.250`, `1,250`: of what is counted whole, a mark before three digits
    parts thousands."""
    if _GROUPED.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    if plain := _WHOLE.fullmatch(text):
        return int(plain[1])
    raise ValueError


def number(text: str) -> int | float:
    """`2.5` and `2,5`. A point is always one of decimals; `1,250` could be either."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError
    return float(text.replace(",", ".")) if re.search("[.,eE]", text) else int(text)


def names(text: str) -> list[str]:
    """Several in one cell, each once: `VIP; Khách quen`, `VIP|Khách quen`."""
    each = (part.strip() for part in _BETWEEN_NAMES.split(unicodedata.normalize("NFC", text)))
    return list(dict.fromkeys(filter(None, each)))


# -- places ------------------------------------------------------------------


def country(text: str) -> str:
    """A code of ISO 3166, or a country's name."""
    return code_of(text, _countries())


@cache
def _countries() -> dict[str, str]:
    named = {
        name: code
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }
    return {fold(written): code for name, code in named.items() for written in (name, code)}


_BEFORE_PROVINCES = re.compile(
    r"(?:tỉnh|thành phố|t\.?p\.?|province of|จังหวัด|จ\.)\s*", re.IGNORECASE
)
_WITH_LIST = re.compile(r"[a-z]{2}[0-9]{2}:[0-9]{2}")
_PROVINCES_SPELT = {
    "hcm": "Hồ Chí Minh",
    "sai gon": "Hồ Chí Minh",
    "hn": "Hà Nội",
    "thua thien hue": "Huế",
    "thua thien - hue": "Huế",
    "ba ria vung tau": "Bà Rịa - Vũng Tàu",
    fold("กรุงเทพฯ"): "กรุงเทพมหานคร",
    fold("กทม"): "กรุงเทพมหานคร",
    fold("กทม."): "กรุงเทพมหานคร",
}
"""As people write them; a province that is no longer is in the list of before."""


@lru_cache(maxsize=4096)
def province(text: str, countries: tuple[str, ...]) -> Province | None:
    """By name, code or `list:code`, in the first of these countries that has it."""
    if len(text) > _LONGEST_WORD:
        return None
    text = unicodedata.normalize("NFC", text)
    short = text[before.end() :] if (before := _BEFORE_PROVINCES.match(text)) else text
    spelt = _PROVINCES_SPELT.get(fold(short), short)
    with_list = (text[:2].upper(),) if _WITH_LIST.fullmatch(text) else ()
    for country_code in (*with_list, *countries):
        if found := find_province(text, country_code) or find_province(spelt, country_code):
            return found
    return None

"""Whether a place is in a town, by the words that districts are written with. No database here.

Vietnam: phường, thị trấn, quận, thị xã and thành phố are urban, xã and huyện are not; of
several the smaller unit decides, in whatever order they stand. Thailand: เขต, แขวง, เทศบาล and
the อำเภอเมือง of a province are urban, ตำบล and อบต. are not; another อำเภอ may be either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from loyalty.members.rules import fold, provinces_today

WHOLLY_URBAN = {("th77", "01")}
"""(list, code) of provinces that are a city from end to end: Bangkok."""


def is_urban(
    *, district: str | None, province_list: str | None, province: str | None
) -> bool | None:
    """None where the words do not tell."""
    if (province_list, province) in WHOLLY_URBAN:
        return True
    if not district:
        return None
    text = unicodedata.normalize("NFC", district).casefold()
    return _by_thai_words(text) if _THAI.search(text) else _by_vietnamese_words(text)


# -- Vietnam -----------------------------------------------------------------

_Words = Sequence[tuple[str, bool]]
_WARDS: _Words = (
    (r"phường\b|p\.|p\s?\d", True),
    (r"thị trấn\b|tt\b|t\.t\b", True),
    (r"xã\b|x\.", False),
)
_DISTRICTS: _Words = (
    (r"quận\b|q\.|q\s?\d", True),
    (r"thị xã\b|tx\b|t\.x\b", True),
    (r"thành phố\b|tp\b|t\.p\b", True),
    (r"huyện\b|h\.", False),
)
_LEVELS = (_WARDS, _DISTRICTS)
_BETWEEN_PARTS = re.compile(r"[,;/()\n]|\s-\s")
_PROVINCES = ("hồ chí minh", "hcm", "hà nội", "hn", "hải phòng", "đà nẵng", "cần thơ")
_A_PROVINCE = re.compile(rf"(thành phố|tp\.?|t\.p\.?)\s*({'|'.join(_PROVINCES)})")
"""Cities that are provinces have villages too: their names tell nothing."""


def _by_vietnamese_words(text: str) -> bool | None:
    """A text without a single mark is read by words without marks: in any other, Quan Hóa is
    a name and no quận."""
    bare = text == fold(text)
    parts = [part.strip() for part in _BETWEEN_PARTS.split(text)]
    told = [part for part in parts if not _compiled(_A_PROVINCE.pattern, bare).match(part)]
    for level in _LEVELS:
        for part in told:
            for words, urban in level:
                if _compiled(words, bare).match(part):
                    return urban
    return None


@lru_cache
def _compiled(words: str, bare: bool) -> re.Pattern[str]:
    return re.compile(fold(words) if bare else words)


# -- Thailand ----------------------------------------------------------------

_THAI = re.compile(r"[\u0e00-\u0e7f]")
_URBAN = re.compile(r"เขต|แขวง|เทศบาล|เมืองพัทยา")
_CAPITAL = re.compile(r"(?:^|\s|อำเภอ|อ\.)\s*เมือง\s*([^\s,]*)")
_RURAL = re.compile(r"ตำบล|(?:^|\s)ต\.|อบต")


def _by_thai_words(text: str) -> bool | None:
    """เมือง before the name of its province is the town; เมืองปาน is a name like another."""
    if _URBAN.search(text):
        return True
    capital = _CAPITAL.search(text)
    if capital and capital[1].rstrip("ฯ") in {"", *(one.name for one in provinces_today("TH"))}:
        return True
    return False if _RURAL.search(text) else None

"""Vietnam's numbers of the past, which `phonenumbers` does not know.

Mobiles went from 11 digits to 10 on 15 September 2018, one new prefix for each old one, so
the number of today is certain. Landlines changed their area codes in 2017, and some old ones
have the digits of a mobile of today: those are known by their grouping alone, and refused.
"""

from __future__ import annotations

import re

_MOBILE_PREFIX_SINCE_2018 = {
    "162": "32",  # Viettel
    "163": "33",
    "164": "34",
    "165": "35",
    "166": "36",
    "167": "37",
    "168": "38",
    "169": "39",
    "120": "70",  # MobiFone
    "121": "79",
    "122": "77",
    "126": "76",
    "128": "78",
    "123": "83",  # Vinaphone
    "124": "84",
    "125": "85",
    "127": "81",
    "129": "82",
    "186": "56",  # Vietnamobile
    "188": "58",
    "199": "59",  # Gmobile
}
_MOBILE_BEFORE_2018 = re.compile(
    rf"((?:\+|00)?84)?0?({'|'.join(_MOBILE_PREFIX_SINCE_2018)})(\d{{7}})", re.ASCII
)


def mobile_before_2018(compact: str, region: str) -> str | None:
    """The E.164 of today: `01694567890`, `841694567890` -> `+84394567890`.

    Without 84 it is Vietnamese only in a shop of Vietnam.
    """
    old = _MOBILE_BEFORE_2018.fullmatch(compact)
    if not old or not (old[1] or region == "VN"):
        return None
    return f"+84{_MOBILE_PREFIX_SINCE_2018[old[2]]}{old[3]}"


# Area codes until 2017 without their 0: Hà Nội and Hồ Chí Minh City, before 8 digits, and the
# two lengths of the others, before 7. (210, 211, 218 and 219 stayed, so they are not here.)
_CITY = "[48]"
_SHORT = "(?:2[025679]|3[0136-9]|5[2-9]|6[0-46-8]|7[02-79])"
_LONG = "(?:2[348][01]|3[25][01]|5[01][01]|65[01]|7[18][01])"

# A code of 3 digits and a number in one block ("058 3823456") or after the 3 that all numbers
# got in 2008 ("058.3.823.456"); "058 382 3456" is how a mobile is written.
_SHORT_GROUPED = rf"{_SHORT} (?:\d{{7}}|\d \d{{3}} ?\d{{3}}|\d \d\d \d{{4}})"
_CITY_GROUPED = rf"{_CITY} (?:\d ?){{8}}"  # "(08) 3823 4567", "84 8 38234567", "848 3823 4567"
_LONG_GROUPED = rf"{_LONG} (?:\d ?){{7}}"  # "0511 3823456"
_FROM_ABROAD = r"((?:00 ?)?84)"

_BY_GROUPS = re.compile(
    rf"(?:{_FROM_ABROAD} ?0? ?|0)(?:{_CITY_GROUPED}|{_SHORT_GROUPED}|{_LONG_GROUPED})"
    rf"|{_CITY_GROUPED}|{_SHORT_GROUPED}",  # the 0 lost
    re.ASCII,
)
_BY_BRACKETS = re.compile(  # "(058) 382 3456", "(84-58) 382 3456"
    rf"{_FROM_ABROAD}?\({_FROM_ABROAD}? ?0?{_SHORT}\)(?:\d ?){{7}}", re.ASCII
)
_BY_DIGITS = re.compile(  # for what no reading takes: "0438234567", "05113823456"
    rf"(\+84|0084|84)?0?(?:{_CITY}\d{{8}}|{_SHORT}\d{{7}}|{_LONG}\d{{7}})", re.ASCII
)


def is_grouped_as_old_landline(body: str, region: str) -> bool:
    """Whether the separators show an area code from before 2017."""
    groups = " ".join(re.findall(r"\d+", body))
    bracketed = re.sub(r" ?([()]) ?", r"\1", re.sub(r"[^\d()]+", " ", body).strip())
    shapes = _BY_GROUPS.fullmatch(groups), _BY_BRACKETS.fullmatch(bracketed)
    return any(shape and _is_of_vietnam(shape, body, region) for shape in shapes)


def has_digits_of_old_landline(compact: str, region: str) -> bool:
    """The same without separators, for digits that are no number of today."""
    shape = _BY_DIGITS.fullmatch(compact)
    return shape is not None and _is_of_vietnam(shape, compact, region)


def _is_of_vietnam(shape: re.Match[str], written: str, region: str) -> bool:
    return any(shape.groups()) or (region == "VN" and "+" not in written)

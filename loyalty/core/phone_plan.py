"""What the numbering plans say of digits: the number in E.164, or why there is none.

`phonenumbers` is the authority. The shortcut for the plain mobile of the shop's country gives
what the library gives, about nine times sooner: tests compare them. Source: semantics, Phones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, ValidationResult

from loyalty.core.errors import Code
from loyalty.core.phone_text import Written, compact_of, refusal
from loyalty.core.phone_vietnam import (
    has_digits_of_old_landline,
    is_grouped_as_old_landline,
    mobile_before_2018,
)

_E164 = phonenumbers.PhoneNumberFormat.E164
_LONGEST = 20  # digits: a dialling prefix of 5 and the 15 of E.164
_SHORTEST_BARE = 9  # with a country code but no +; 7 or 8 are a landline without its area code
_FEWEST = 7


def e164_of(written: Written, region: str) -> str:
    """The number meant. Raises `Problem` with the code of why there is none."""
    if written.body != written.compact:
        _refuse_by_grouping(written.body, region)
    found = read_quickly(written.compact, region) or read_in_full(written, region)
    if found is None:
        raise refusal(_why_not(written, region))
    return found


# Readings, in their order -----------------------------------------------------


def read_quickly(compact: str, region: str) -> str | None:
    """A plain mobile of the region, or None for all that needs the library."""
    shortcut = _shortcut(region)
    found = shortcut[1].fullmatch(compact) if shortcut else None
    return f"+{shortcut[0]}{found[1]}" if shortcut and found else None


def read_in_full(written: Written, region: str) -> str | None:
    for reading in _READINGS:
        if found := reading(written, region):
            return found
    return None


def _as_national(written: Written, region: str) -> str | None:
    compact = written.compact
    if compact.startswith(("+", "00")):
        return None
    return valid(compact, region) or _with_lost_zero(compact, region)


def _with_lost_zero(compact: str, region: str) -> str | None:
    """Italy's 0 is part of the number, so the library does not add it: `212345678` (02...)."""
    found = None if compact[0] == "0" else valid("0" + compact, region)
    return found if found and found.endswith("0" + compact) else None


def _as_mobile_before_2018(written: Written, region: str) -> str | None:
    return mobile_before_2018(written.compact, region)


def _as_international(written: Written, region: str) -> str | None:
    compact = written.compact
    if compact.startswith("00"):
        readings = [_abroad("+" + compact[2:]), valid(compact, region)]
        return next(filter(None, readings[:: -1 if _dials_abroad(written, region) else 1]), None)
    if compact[0] != "+" and (compact[0] == "0" or len(compact) < _SHORTEST_BARE):
        return None
    return _abroad("+" + compact.removeprefix("+"))


def _dials_abroad(written: Written, region: str) -> bool:
    """Thailand dials 001 to 009, and `001 65 8234 5678` is not the Jamaica of +1 658."""
    plan = PhoneMetadata.metadata_for_region(region)
    group = re.search(r"\d+", written.body)
    return bool(group and plan and re.fullmatch(plan.international_prefix or "", group[0]))


def _abroad(number: str) -> str | None:
    return valid(number, None) or _without_zero(number)


def _without_zero(number: str) -> str | None:
    """A 0 after the country code where the library knows no such prefix: `+65 (0) 8123 4567`."""
    code = _country_code(number)
    rest = number[1 + len(code) :]
    return valid(f"+{code}{rest[1:]}", None) if code and rest[:1] == "0" else None


_READINGS: tuple[Callable[[Written, str], str | None], ...] = (
    _as_national,
    _as_mobile_before_2018,
    _as_international,
)


# The library ------------------------------------------------------------------


def valid(text: str, region: str | None) -> str | None:
    """What the library reads, if that number is in use."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, _E164)


def _country_code(number: str) -> str:
    """The digits after the + that are a country's, else "". No code begins another."""
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((number[1:end] for end in (2, 3, 4) if int(number[1:end] or 0) in known), "")


@cache  # a few hundred regions
def _shortcut(region: str) -> tuple[int, re.Pattern[str]] | None:
    """The country code, and the ways to write a mobile of a country whose plan is simple:
    it shares its code with no other, its trunk prefix is 0, its mobiles have one length, and
    no number of it is so long that it could be one with the country code."""
    plan = PhoneMetadata.metadata_for_region(region)
    if plan is None:
        raise ValueError(f"no such region: {region}")
    code, mobile, general = plan.country_code, plan.mobile, plan.general_desc
    if code is None or mobile is None or general is None or len(mobile.possible_length) != 1:
        return None
    is_simple = (
        phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code] == (region,)
        and (plan.national_prefix, plan.national_prefix_for_parsing) == ("0", "0")
        and str(plan.international_prefix).startswith("00")
        and mobile.possible_length[0] + len(str(code)) not in general.possible_length
    )
    number = mobile.national_number_pattern
    ways = re.compile(rf"(?:(?:\+|00)?{code})?0?({number})", re.ASCII)
    return (code, ways) if is_simple else None


def is_plain_mobile(e164: str) -> bool:
    """Whether the plan of its country, which shares its code with no other, knows the number as
    a mobile and as nothing else. Where it does not, `phonenumbers` has to be asked."""
    for end in (2, 3, 4):
        mobiles = _mobiles(e164[1:end])
        if mobiles is not None:
            return mobiles.fullmatch(e164[end:]) is not None
    return False


_NONE = re.compile(r"(?!)")


@cache  # no code begins another, so as many as there are digits to try
def _mobiles(code: str) -> re.Pattern[str] | None:
    """What follows a country code in such numbers; None where that is no country code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if regions is None:
        return None
    plan = PhoneMetadata.metadata_for_region(regions[0]) if len(regions) == 1 else None
    if plan is None or plan.mobile is None or plan.general_desc is None:
        return _NONE
    kinds = (
        *(plan.premium_rate, plan.toll_free, plan.shared_cost, plan.voip, plan.pager),
        *(plan.personal_number, plan.uan, plan.voicemail, plan.fixed_line),
    )
    others = "|".join(kind.national_number_pattern or "(?!)" for kind in kinds if kind)
    number, general = (
        desc.national_number_pattern or "(?!)" for desc in (plan.mobile, plan.general_desc)
    )
    lengths = "|".join(rf"\d{{{length}}}" for length in plan.mobile.possible_length)
    has_length, is_general = rf"(?=(?:{lengths})\Z)", rf"(?=(?:{general})\Z)"
    return re.compile(rf"{has_length}{is_general}(?!(?:{others})\Z)(?:{number})", re.ASCII)


# Refusals ---------------------------------------------------------------------

_ENDS_IN_RANGE = re.compile(r"\d{3} ?[-/~] ?\d$|^[^/]*\d{3} ?/ ?\d\d?$", re.ASCII)
_LISTED = re.compile(r"\d(?=[ ().]*[-/~,;|&])", re.ASCII)


def _refuse_by_grouping(body: str, region: str) -> None:
    """What digits alone would hide: `02-583-6050-9`, `(08) 3823 4567`."""
    if _ENDS_IN_RANGE.search(body):
        raise refusal(Code.TWO_NUMBERS)
    if is_grouped_as_old_landline(body, region):
        raise refusal(Code.OLD_LANDLINE)


def _why_not(written: Written, region: str) -> Code:
    digits = written.compact.lstrip("+")
    if _are_two_numbers(written.body, len(digits), region):
        return Code.TWO_NUMBERS
    if not digits.strip("0"):
        return Code.TOO_LONG if len(digits) > _LONGEST else Code.NO_NUMBER
    if len(digits) > _LONGEST:
        return Code.TOO_LONG
    if has_digits_of_old_landline(written.compact, region):
        return Code.OLD_LANDLINE
    return _what_is_wrong(written.compact, region)


def _are_two_numbers(body: str, length: int, region: str) -> bool:
    """`0912345678, 0987654321`, `0912345678 0987654321`, `028 38234567/68/69`."""
    groups = [len(group) for group in re.findall(r"\d+", body)]
    starts = [sum(groups[:end]) for end in range(1, len(groups))]
    if length > 15 and any(_FEWEST <= start <= length - _FEWEST for start in starts):
        return True
    return any(_is_number(part, region) for part in _parts(body))


def _parts(body: str) -> Iterator[str]:
    """What stands before each separator of a list, where it has the length of a number."""
    for end in _LISTED.finditer(body):
        part = compact_of(body[: end.end()])
        if _FEWEST <= len(part) <= _LONGEST:
            yield part


def _is_number(compact: str, region: str) -> bool:
    return read_in_full(Written(compact, compact), region) is not None


def _what_is_wrong(compact: str, region: str) -> Code:
    """By the country meant: a digit less or more would make a number, or no digit would."""
    home = str(phonenumbers.country_code_for_region(region))
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    elif compact.startswith(home) and len(compact) >= len(home) + _FEWEST:
        compact = "+" + compact
    try:
        number = phonenumbers.parse(compact, region)
    except NumberParseException as error:
        return _BY_ERROR.get(error.error_type, Code.TOO_SHORT)
    return _by_length(number) or _BY_POSSIBILITY.get(
        phonenumbers.is_possible_number_with_reason(number), Code.NOT_IN_USE
    )


_BY_ERROR = {
    NumberParseException.INVALID_COUNTRY_CODE: Code.NO_SUCH_COUNTRY,
    NumberParseException.TOO_LONG: Code.TOO_LONG,
}
_BY_POSSIBILITY = {
    ValidationResult.INVALID_COUNTRY_CODE: Code.NO_SUCH_COUNTRY,
    ValidationResult.TOO_SHORT: Code.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Code.TOO_SHORT,
    ValidationResult.TOO_LONG: Code.TOO_LONG,
}


def _by_length(number: phonenumbers.PhoneNumber) -> Code | None:
    """Finer than the library, for which `091234567` has the length of Vietnam's 1900 1234."""
    code = number.country_code or 0
    region = phonenumbers.region_code_for_country_code(code)
    plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    kinds = [kind for kind in (plan.mobile, plan.fixed_line) if kind] if plan else []
    lengths = [length for kind in kinds for length in kind.possible_length]
    if plan is None or not lengths:
        return None
    digits = phonenumbers.national_significant_number(number)
    digits = digits.removeprefix(plan.national_prefix or "")
    patterns = [kind.national_number_pattern for kind in kinds]
    in_use = re.compile("|".join(filter(None, patterns)), re.ASCII)
    shorter = (digits[:end] for end in range(min(lengths), len(digits)))
    if len(digits) > max(lengths) or any(map(in_use.fullmatch, shorter)):
        return Code.TOO_LONG
    longer = (digits + digit * more for more in range(1, 10) for digit in "123456789")
    if len(digits) < min(lengths) or any(map(in_use.fullmatch, longer)):
        return Code.TOO_SHORT
    return None

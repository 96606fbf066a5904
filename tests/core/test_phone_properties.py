"""What holds for any text and any number."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.core.phone_plan import is_plain_mobile, read_in_full, read_quickly
from loyalty.core.phone_text import Written

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
PHONE_CODES = set(list(Code)[: list(Code).index(Code.SERVICE_NUMBER)])

SCRAPS = [
    "0",
    "00",
    "84",
    "+84",
    "912345678",
    "0912 345 678",
    "38234567",
    "(08)",
    "ext 1",
    "máy lẻ",
]
SCRAPS += [
    "SĐT:",
    "tel:",
    ";phone-context=+",
    "E+08",
    ".0",
    "(",
    ")",
    "/",
    ", ",
    "-",
    "x",
    "*",
    "O",
]
SCRAPS += ["ต่อ", "๐๘๑", "\u200b", "\u0301", "\ud800", "\0", "ﷺ", "𝟎", "hoặc", "<", "=", "'", "|"]
WRITTEN = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text("0123456789+-. ()/,;:~#=*xeo", max_size=30),
    st.lists(st.sampled_from(SCRAPS), max_size=12).map("".join),
)


def mobiles_of(region: str) -> st.SearchStrategy[str]:
    plan = PhoneMetadata.metadata_for_region(region)
    assert plan
    assert plan.mobile
    return st.from_regex(f"(?a:{plan.mobile.national_number_pattern})", fullmatch=True)


def read_or_refused(text: str, region: str) -> PhoneNumber | Code:
    try:
        return PhoneNumber.parse(text, region)
    except Problem as problem:
        return problem.code


@settings(max_examples=2_000, deadline=None)
@example(text="++00000;0", region="VN")
@given(text=WRITTEN, region=st.sampled_from(["VN", "TH", "IT", "US", "JP", "AR", "BR", "SG"]))
def test_any_text_is_a_number_or_a_problem(text: str, region: str) -> None:
    number = read_or_refused(text, region)
    if isinstance(number, Code):
        assert number in PHONE_CODES
        return
    read = phonenumbers.parse(number.e164)
    assert phonenumbers.is_valid_number(read)
    for other in (region, "VN", "TH", "US"):
        assert PhoneNumber.parse(number.e164, other) == number


FORMS = {
    "0{n}",
    "{n}",
    "84{n}",
    "+84{n}",
    "0084{n}",
    "+84(0){n}",
    "(+84) {n}",
    "+84 0{n}",
    "'0{n}",
    " 0{n} ",
    "\u200b0{n}",
    "\u202d+84{n}\u202c",
    "tel:+84{n}",
    "tel:+84{n};ext=1",
    "0{n}.0",
    "{n}.0",
    "{a}.{rest}E8",
    "SĐT: 0{n}",
    "Zalo0{n}",
    "0{n} (Lan)",
    "0{n} ext 5",
    '="0{n}"',
    "0{a}{b} {c} {d}",
    "0{a}{b}.{c}.{d}",
    "0{a}{b}-{c}-{d}",
    "0{a}{b}\u00a0{c}\u00a0{d}",
    "(+84) {a}{b} {c} {d}",
    "+84-{a}{b}-{c}-{d}",
}


@settings(max_examples=300, deadline=None)
@given(number=mobiles_of("VN"))
def test_every_form_of_a_mobile_is_one_number(number: str) -> None:
    parts = dict(zip("abcd", (number[0], number[1], number[2:5], number[5:]), strict=True))
    read = {form: form.format(n=number, rest=number[1:], **parts) for form in FORMS}
    assert {
        form: PhoneNumber.parse(text, "VN").e164 for form, text in read.items()
    } == dict.fromkeys(FORMS, f"+84{number}")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in f"0{number}")
    thai = "".join(chr(ord(digit) + 0x0E20) for digit in f"0{number}")
    assert PhoneNumber.parse(wide, "VN") == PhoneNumber.parse(thai, "VN")


def simple_regions() -> list[str]:
    """Those whose mobiles may be read without the library."""
    example_of = phonenumbers.example_number_for_type
    mobile = phonenumbers.PhoneNumberType.MOBILE
    numbers = {region: example_of(region, mobile) for region in REGIONS}
    return [
        region
        for region, number in numbers.items()
        if number and read_quickly(f"+{number.country_code}{number.national_number}", region)
    ]


PREFIXES = ["", "0", "{c}", "{c}0", "+{c}", "+{c}0", "00{c}", "00{c}0"]


@pytest.mark.parametrize("region", simple_regions())
def test_shortcut_says_what_the_library_says(region: str) -> None:
    code = phonenumbers.country_code_for_region(region)
    digits = st.text("0123456789", min_size=6, max_size=11)

    @settings(max_examples=1_000 if region in {"VN", "TH"} else 50, deadline=None)
    @given(prefix=st.sampled_from(PREFIXES), number=st.one_of(mobiles_of(region), digits))
    def compare(prefix: str, number: str) -> None:
        compact = prefix.format(c=code) + number
        quick = read_quickly(compact, region)
        assert quick is None or quick == read_in_full(Written(compact, compact), region)

    compare()


def test_shortcut_is_taken_in_both_countries_of_the_shops() -> None:
    assert {"VN", "TH"} <= set(simple_regions())


@given(number=mobiles_of("VN"))
@example(number="848445678")
def test_shortcut_agrees_with_the_library_alone(number: str) -> None:
    read = phonenumbers.parse(f"0{number}", "VN")
    assert phonenumbers.is_valid_number(read)
    assert read_quickly(f"0{number}", "VN") == phonenumbers.format_number(read, 0)


@st.composite
def numbers_of_any_country(draw: st.DrawFn) -> str:
    """E.164 of a mobile, or any digits behind a country code."""
    region = draw(st.sampled_from(["VN", "TH", *REGIONS]))
    code = phonenumbers.country_code_for_region(region)
    plan = PhoneMetadata.metadata_for_region(region)
    digits = st.from_regex(r"(?a:[1-9]\d{4,11})", fullmatch=True)
    if plan and plan.mobile and plan.mobile.national_number_pattern:
        digits |= mobiles_of(region)
    return f"+{code}{draw(digits)}"


@settings(max_examples=1_000, deadline=None)
@given(numbers_of_any_country())
@example("+84912345678")
@example("+84799123456")
@example("+841900123456")
def test_plain_mobile_is_what_the_library_calls_a_mobile(e164: str) -> None:
    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    if is_plain_mobile(e164):
        assert kind == phonenumbers.PhoneNumberType.MOBILE


@pytest.mark.parametrize("region", ["VN", "TH"])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mobiles_of_our_countries_are_plain(region: str, data: st.DataObject) -> None:
    e164 = f"+{phonenumbers.country_code_for_region(region)}{data.draw(mobiles_of(region))}"
    number = phonenumbers.parse(e164)
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    assert is_plain_mobile(e164) == is_mobile

"""What people write in a phone box, and what we make of it (semantics, Phones)."""

from __future__ import annotations

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber

LAN = "+84912345678"
OFFICE = "+842838234567"
MALEE = "+66812345678"


SEPARATORS = {
    "no-break space": "091\u00a0234\u00a05678",
    "ideographic space": "091\u3000234\u30005678",
    "tab and line end": "\t0912345678\r\n",
    "zero-width space inside": "0912\u200b345\u200b678",
    "direction marks": "\u202d+84912345678\u202c",
    "byte order mark": "\ufeff0912345678",
    "soft hyphen": "0912\u00ad345\u00ad678",
    "dots": "0912.345.678",
    "middle dots": "0912·345·678",
    "katakana dots": "0912・345・678",
    "en dashes": "0912–345–678",
    "no-break hyphens": "0912‑345‑678",
    "minus signs": "0912−345−678",
    "long vowel marks as dashes": "0912ー345ー678",
    "brackets": "(0912) 345 678",
    "square brackets": "[0912] 345 678",
    "full-width brackets": "（0912）345－678",
    "corner brackets": "【0912345678】",
    "comma": "0912,345,678",
    "slash": "0912/345/678",
    "underscore": "0912_345_678",
    "semicolons": "0912;345;678;",
    "tilde": "~0912345678",
    "number sign": "#0912345678",
    "formula": '="0912345678"',
    "curly quotes": "“0912345678”",
    "apostrophe of a text cell": "'0912345678",
    "pairs": "09 12 34 56 78",
    "one by one": "0 9 1 2 3 4 5 6 7 8",
    "two pluses": "++84912345678",
    "plus before a bracket": "+(+84) 912 345 678",
    "full-width plus": "＋84 912 345 678",
    "handset": "📞0912 345 678",
    "hand with a skin": "🤙🏽 0912 345 678",
    "old handset": "☎ 0912 345 678",
    "bullet": "• 0912345678",
    "trailing full stop": "0912 345 678.",
    "tel": "tel:+84912345678",
    "tel with parameters": "tel:+84-912-345-678;ext=12;isub=1",
    "tel with a context": "tel:912345678;phone-context=+84",
    "tel with a domain": "tel:0912345678;phone-context=example.com",
    "full-width digits": "０９１２３４５６７８",
    "Thai digits": "๐๙๑๒๓๔๕๖๗๘",
    "Arabic digits": "٠٩١٢٣٤٥٦٧٨",
    "keycap emoji": "".join(f"{digit}\ufe0f\u20e3" for digit in "0912345678"),
    "float": "912345678.0",
    "float as text": "0912345678.0",
    "float with a decimal comma": "84912345678,0",
    "float with thousands": "912,345,678.00",
    "whole mantissa": "9.12345678E8",
    "whole mantissa with code": "8,4912345678E+10",
}

COUNTRY_CODES = {
    "lost 0": "912345678",
    "plus": "+84 912 345 678",
    "bare code": "84912345678",
    "00": "0084912345678",
    "00 after a plus": "+0084912345678",
    "superfluous 0": "+840912345678",
    "superfluous 0 in brackets": "+84 (0) 912 345 678",
    "superfluous 0 without plus": "840912345678",
    "superfluous 0 after 00": "00840912345678",
    "code in brackets": "(84) 912 345 678",
    "plus in brackets": "(+84)912345678",
}

LABELS = {
    "SĐT": "SĐT: 0912345678",
    "unaccented": "dien thoai 0912345678",
    "decomposed accents": "\u0110ie\u0323\u0302n thoa\u0323i: 0912 345 678",
    "a name": "Ms Lan 0912345678",
    "a name made of look-alikes": "Ms Lợi 912345678",
    "Ông": "Ô 0912345678",
    "name in brackets": "(chị Lan) 0912345678",
    "Zalo": "Zalo 0912345678",
    "touching": "Zalo0912345678",
    "touching in Vietnamese": "SĐT0912345678",
    "Thai touches": "คุณเอ+84912345678",
    "a label with an index": "SĐT 2: 0912345678",
    "a label with an index and a dot": "Q.2 0912345678",
    "hotline": "Hotline: 0912.345.678",
    "note": "0912345678 (chị Lan)",
    "note with digits": "0912345678 (sau 18h)",
    "two notes": "0912345678 (Lan) (Q1)",
    "nested notes": "0912345678 (Lan (Q1))",
    "note cut off": "0912345678 (chị L",
    "label and note": "Zalo: 0912345678 (VIP)",
}

EXTENSIONS = {
    "ext": "028 38234567 ext 102",
    "Ext. touching": "02838234567Ext.102",
    "in brackets": "028 38234567 (ext 102)",
    "máy lẻ": "028 38234567 máy lẻ 102",
    "may le": "028 38234567 - may le: 102",
    "số máy lẻ": "(028) 38.234.567, số máy lẻ 5",
    "nhánh": "028.38234567 nhánh 5",
    "Thai": "+84 28 3823 4567 ต่อ ๓๔๑",
    "list": "028 38234567 ext 102, 103, 104",
    "list with spaces": "028 38234567 ext 102 103",
    "list by slash": "028 38234567 máy lẻ 102/103",
    "list by word": "028 38234567 nhánh 5 hoặc nhánh 6",
    "range": "028 38234567 ext 102-105",
}


def cases(*named: dict[str, str]) -> list[object]:
    return [pytest.param(text, id=name) for group in named for name, text in group.items()]


@pytest.mark.parametrize("text", cases(SEPARATORS, COUNTRY_CODES, LABELS))
def test_all_writings_are_one_number(text: str) -> None:
    assert PhoneNumber.parse(text, "VN") == PhoneNumber(LAN)


@pytest.mark.parametrize("text", cases(EXTENSIONS))
def test_extension_is_dropped(text: str) -> None:
    assert PhoneNumber.parse(text, "VN").e164 == OFFICE


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("0084912345678", LAN),  # 00, not Thailand's 008 and Germany
        ("84912345678", LAN),
        ("00184912345678", LAN),
        ("00966812345678", MALEE),
        ("0066812345678", MALEE),
        ("660812345678", MALEE),
        ("+841694567890", "+84394567890"),
        ("841694567890", "+84394567890"),
        ("001 65 8234 5678", "+6582345678"),  # the group is 001, not 00 and Jamaica's +1 658
        ("0016502530000", "+16502530000"),
        ("โทร. 081-234-5678", MALEE),
        ("คุณเอ0812345678", MALEE),
        ("08 1234 5678", MALEE),  # Vietnam's old landlines are Vietnam's
        ("081-234-5678 ต่อ 12 หรือ 13", MALEE),
        ("tel:0912345678;phone-context=+84", LAN),
    ],
)
def test_thai_shop(text: str, e164: str) -> None:
    assert PhoneNumber.parse(text, "TH").e164 == e164


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("66812345678", "VN", MALEE),
        ("660812345678", "VN", MALEE),
        ("+65 (0) 8123 4567", "VN", "+6581234567"),
        ("+44 07400 123456", "VN", "+447400123456"),
        ("+39 02 1234 5678", "VN", "+390212345678"),
        ("0212345678", "IT", "+390212345678"),
        ("212345678", "IT", "+390212345678"),  # the 0 lost, and it is part of the number
        ("(201) 555-0123", "US", "+12015550123"),
        ("011 84 912 345 678", "US", LAN),
    ],
)
def test_other_countries(text: str, region: str, e164: str) -> None:
    assert PhoneNumber.parse(text, region).e164 == e164


@pytest.mark.parametrize(
    "text",
    ["01694567890", "1694567890", "0169 456 7890", "0169.4567.890", "841694567890"]
    + ["+841694567890", "+84 (0) 169 456 7890", "00841694567890", "SĐT: 01694567890"],
)
def test_mobile_from_before_2018(text: str) -> None:
    assert PhoneNumber.parse(text, "VN").e164 == "+84394567890"


@pytest.mark.parametrize(
    "text",
    ["0838234567", "083 823 4567", "0838 234 567", "083.823.4567", "+84 838 234 567"]
    + ["84838234567", "+84 83 823 4567", "838234567"],
)
def test_old_landline_digits_in_mobile_grouping_are_a_mobile(text: str) -> None:
    assert PhoneNumber.parse(text, "VN").e164 == "+84838234567"


@pytest.mark.parametrize(
    "text", ["058 382 3456", "(+84) 58 382 3456", "0583823456", "0583 823 456"]
)
def test_old_three_digit_code_in_mobile_grouping_is_a_mobile(text: str) -> None:
    assert PhoneNumber.parse(text, "VN").e164 == "+84583823456"


@pytest.mark.parametrize(
    "text", ["0210 3823456", "0236 3823456", "(84.24) 38234567", "028 38234567"]
)
def test_area_codes_of_today_are_read(text: str) -> None:
    assert PhoneNumber.parse(text, "VN").kind == "landline"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1800 1234", "toll_free"),
        ("1900 1234", "premium"),
        ("+800 1234 5678", "toll_free"),
        ("+808 1234 5678", "shared_cost"),
        ("+979 123 456 789", "premium"),
        ("+39 848 000 000", "shared_cost"),
        ("0799 1234", "company"),  # a mobile cut short would be read so
    ],
)
def test_service_number_is_no_member_key(text: str, kind: str) -> None:
    number = PhoneNumber.parse(text, "VN")
    assert number.kind == kind
    with pytest.raises(Problem) as refused:
        number.as_member_key()
    assert refused.value.code == Code.SERVICE_NUMBER


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LAN, "mobile"),
        (OFFICE, "landline"),
        ("+12015550123", "mobile_or_landline"),
        ("+84672123456", "voip"),
        ("+447012345678", "personal"),
    ],
)
def test_person_and_landline_are_member_keys(text: str, kind: str) -> None:
    number = PhoneNumber.parse(text, "VN")
    assert number.as_member_key() is number
    assert number.kind == kind


def test_written_for_people() -> None:
    lan, malee = PhoneNumber(LAN), PhoneNumber(MALEE)
    assert lan.as_written_in("VN") == lan.national == "0912 345 678"
    assert malee.as_written_in("VN") == "+66 81 234 5678"
    assert malee.national == "081 234 5678"
    assert PhoneNumber(OFFICE).as_written_in("VN") == "028 3823 4567"
    assert lan.as_written_in("TH") == "+84 912 345 678"
    assert (lan.country, malee.region) == ("VN", "TH")
    assert PhoneNumber("+80012345678").national == "+800 1234 5678"


def test_only_three_digits_reach_a_log() -> None:
    number = PhoneNumber(LAN)
    assert number.masked == "••• 678"
    assert "91234" not in f"{number} {number!r} {[number]}"


def test_unknown_region_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="XX"):
        PhoneNumber.parse("0912345678", "XX")

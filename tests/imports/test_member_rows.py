"""Rows of a list of customers: what each says, however it is written, or why it is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH, OPENING_POINTS, TAGS_OF_A_ROW
from loyalty.imports.member_rows import MemberReader
from loyalty.members.attribute_rules import AttributeView
from loyalty.members.models import AttributeKind

PHONE = "0912345678"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ATTRIBUTES = {
    "vehicle": (AttributeKind.CHOICE, ("Xe máy", "Ô tô")),
    "hobbies": (AttributeKind.CHOICES, ("Đọc sách", "Bơi; lặn", "Nấu ăn")),
    "distance": (AttributeKind.NUMBER, ()),
    "has_car": (AttributeKind.BOOL, ()),
    "since": (AttributeKind.DATE, ()),
    "note": (AttributeKind.TEXT, ()),
}


def load(*, region="VN", phone=PHONE, **cells):
    """Read a row of these cells; `attributes__vehicle` is the field `attributes.vehicle`."""
    named = {"phone": phone} | {field.replace("__", "."): text for field, text in cells.items()}
    reader = MemberReader(
        {field: place for place, field in enumerate(named)},
        width=len(named),
        region=region,
        zone=ZONE,
        attributes={
            name: AttributeView(id=1, name=name, label=name, kind=kind, choices=choices)
            for name, (kind, choices) in ATTRIBUTES.items()
        },
    )
    return reader.load(2, list(named.values()))


def refused(**cells):
    with pytest.raises(Problem) as why:
        load(**cells)
    return why.value


PROFILE = {
    "name": ("  Trần Thị Lan ", "Trần Thị Lan"),
    "email": (" Lan@Example.COM ", "lan@example.com"),
    "birth_date": ("28/02/1990", date(1990, 2, 28)),
    "gender": ("Nữ", "female"),
    "income_band": ("trung bình", "middle"),
    "occupation": ("Giáo viên", "Giáo viên"),
    "education": ("Đại học", "Đại học"),
    "family_size": ("4", 4),
    "country": ("VN", "VN"),
    "district": ("Quận 1", "Quận 1"),
}


@pytest.mark.parametrize("field", PROFILE)
def test_field_of_the_profile_is_read(field):
    text, value = PROFILE[field]
    assert load(**{field: text}).profile == {field: value}


def test_row_says_no_more_than_it_says():
    row = load(name="", email=" ", birth_date="", gender="-", province="", tags=" ; ", points="")
    assert (row.profile, row.tags, row.consents, row.attributes) == ({}, (), {}, {})
    assert (row.points, row.joined_at, row.line, row.phone.e164) == (None, None, 2, "+84912345678")


DAYS = {
    "1990-02-28": "VN",
    "28/02/1990": "VN",
    "28-2-1990": "VN",
    "28.2.1990": "VN",
    "1990/02/28": "VN",
    "1990-02-28T00:00:00": "VN",
    "28/02/1990 0:00": "VN",
    "32932": "VN",
    "28/02/2533": "TH",
    "2533-02-28": "TH",
    "28/2/1990": "TH",
    "๒๘/๐๒/๒๕๓๓": "TH",
}


@pytest.mark.parametrize(("text", "region"), DAYS.items())
def test_day_is_read_however_it_is_written(text, region):
    phone = "0812345678" if region == "TH" else PHONE
    row = load(birth_date=text, region=region, phone=phone)
    assert row.profile == {"birth_date": date(1990, 2, 28)}


NO_DAYS = ["28/2/90", "2/28/1990", "30/02/1990", "1990", "9/1990", "28/02-1990", "hôm qua"]
NO_DAYS += ["28/02/2533", "31/12/2199", "01/01/1899", "51290.5.1", "280290", "1990-2-28-1"]


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_could_be_another_day_refuses_the_row(text):
    why = refused(birth_date=text)
    assert (why.code, "birth_date" in why.errors) == (Code.INVALID_REQUEST, True)
    assert str(why.detail).startswith("Date of birth: ")


MOMENTS = {
    "22/11/2025": datetime(2025, 11, 21, 17, tzinfo=UTC),
    "22/11/2025 9:05": datetime(2025, 11, 22, 2, 5, tzinfo=UTC),
    "2025-11-22 09:05": datetime(2025, 11, 22, 2, 5, tzinfo=UTC),
    "2025-11-22T09:05:30": datetime(2025, 11, 22, 2, 5, 30, tzinfo=UTC),
    "2025-11-22T09:05:00+09:00": datetime(2025, 11, 22, 0, 5, tzinfo=UTC),
    "2025-11-22T09:05:00Z": datetime(2025, 11, 22, 9, 5, tzinfo=UTC),
    "45983.5": datetime(2025, 11, 22, 5, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "moment"), MOMENTS.items())
def test_moment_is_read_in_the_shops_zone(text, moment):
    assert load(joined_at=text).joined_at == moment


@pytest.mark.parametrize("text", ["22/11/2190", "1980-01-01", "22/11/2025 25:00", "9:05"])
def test_moment_that_cannot_be_refuses_the_row(text):
    assert "joined_at" in refused(joined_at=text).errors


GENDERS = {"Nam": "male", "NỮ": "female", "nu": "female", "F": "female", "male": "male"}
GENDERS |= {"หญิง": "female", "ชาย": "male", "อื่น ๆ": "other", "Khác": "other", "m": "male"}


@pytest.mark.parametrize(("text", "gender"), GENDERS.items())
def test_gender_is_read_in_three_languages(text, gender):
    assert load(gender=text).profile == {"gender": gender}


@pytest.mark.parametrize("text", ["Không xác định", "unknown", "ไม่ระบุ", "-"])
def test_what_says_that_nothing_is_known_is_an_empty_cell(text):
    assert load(gender=text, income_band=text).profile == {}


YES_NO = dict.fromkeys(["yes", "Có", "ใช่", "TRUE", "1", "x", "Đồng ý", "ยินยอม"], True)
YES_NO |= dict.fromkeys(["no", "Không", "ไม่", "FALSE", "0", "không đồng ý", "ไม่ยินยอม"], False)


@pytest.mark.parametrize(("text", "granted"), YES_NO.items())
def test_consent_is_a_yes_or_a_no_and_never_silence(text, granted):
    assert load(consent_sms=text, consent_ads="").consents == {"sms": granted}


@pytest.mark.parametrize("field", ["consent_zalo", "attributes__has_car"])
def test_a_word_that_is_neither_refuses_the_row(field):
    assert "write one of these: yes, no." in str(refused(**{field: "maybe"}).detail)


PROVINCES = {
    "Hà Nội": ("vn34", "01"),
    "ha noi": ("vn34", "01"),
    "Thành phố Hà Nội": ("vn34", "01"),
    "01": ("vn34", "01"),
    "vn63:02": ("vn63", "02"),
    "TP. Hồ Chí Minh": ("vn34", "79"),
    "TPHCM": ("vn34", "79"),
    "Tỉnh Hải Dương": ("vn63", "30"),
    "Bà Rịa - Vũng Tàu": ("vn63", "77"),
    "th77:10": ("th77", "10"),
}


@pytest.mark.parametrize(("text", "place"), PROVINCES.items())
def test_province_is_read_by_name_or_code(text, place):
    profile = load(province=text).profile
    assert (profile["province_list"], profile["province"]) == place


def test_province_is_looked_for_in_the_country_of_the_row():
    assert load(province="กรุงเทพฯ", country="Thái Lan").profile == {
        "country": "TH",
        "province": "01",
        "province_list": "th77",
    }
    assert load(province="Hà Nội", country="TH").profile["province_list"] == "vn34"


def test_district_behind_the_province_is_read_too():
    assert load(province="Hà Nội - Quận Tây Hồ").profile == {
        "province": "01",
        "province_list": "vn34",
        "district": "Quận Tây Hồ",
    }
    told = load(province="Hà Nội - Quận Tây Hồ", district="Ba Đình").profile
    assert told["district"] == "Ba Đình"
    assert "district" in refused(province="Hà Nội - " + "x" * 101).errors


def test_province_that_is_none_refuses_the_row():
    for text in ("Atlantis", "99", "vn34:99", "../vn", "Atlantis - Hà Nội"):
        assert refused(province=text).code is Code.UNKNOWN_PROVINCE


@pytest.mark.parametrize("text", ["TH", "th", "Thailand", "Thái Lan", "ไทย"])
def test_country_is_read_by_code_or_name(text):
    assert load(country=text).profile == {"country": "TH"}


POINTS: dict[str, int | None] = {"1250": 1250, "1250.0": 1250, "1.250": 1250, "1 250": 1250}
POINTS |= {"1,250,000": 1_250_000}
POINTS |= {"0": None, "": None, str(OPENING_POINTS): OPENING_POINTS}


@pytest.mark.parametrize(("text", "points"), POINTS.items())
def test_points_are_read(text, points):
    assert load(points=text).points == points


@pytest.mark.parametrize("text", ["-1", "1.5", "1,25,000", "1.250,000", "x", "9" * 30, "1e3"])
def test_points_that_are_no_whole_number_refuse_the_row(text):
    why = refused(points=text)
    assert str(why.detail).startswith("Points: this is no whole number from 0 to ")


def test_tags_are_read_apart_and_once_each():
    assert load(tags="VIP; Khách quen|VIP\nMới, nữ").tags == ("VIP", "Khách quen", "Mới, nữ")


@pytest.mark.parametrize(
    "text", ["x" * (NAME_LENGTH + 1), ";".join(map(str, range(TAGS_OF_A_ROW + 1))), "a\tb"]
)
def test_too_many_or_too_long_tags_refuse_the_row(text):
    assert str(refused(tags=text).detail).startswith("Tags: at most 20")


VALUES: dict[str, dict[str, Any]] = {
    "vehicle": {"Xe máy": "Xe máy", "xe may": "Xe máy", "Ô TÔ": "Ô tô"},
    "hobbies": {
        "nấu ăn; ĐỌC SÁCH": ["Đọc sách", "Nấu ăn"],
        "Bơi; lặn": ["Bơi; lặn"],
    },
    "distance": {"2.5": 2.5, "2,5": 2.5, "-3": -3, "1250": 1250, "1e-07": 1e-07},
    "has_car": {"có": True, "ไม่": False},
    "since": {"22/11/2025": date(2025, 11, 22), "45983": date(2025, 11, 22)},
    "note": {"=1+1": "=1+1", "'=1+1": "=1+1"},
}
CASES = [(name, text, value) for name, each in VALUES.items() for text, value in each.items()]


@pytest.mark.parametrize(("name", "text", "value"), CASES)
def test_attribute_is_read_by_its_kind(name, text, value):
    assert load(**{f"attributes__{name}": text}).attributes == {name: value}


REFUSED = [
    ("name", "x" * 201, "Name: this is more than 200 characters, or not on one line."),
    ("name", "a\x07b", "Name: this is more than 200 characters, or not on one line."),
    ("district", "x" * 101, "District: this is more than 100 characters, or not on one line."),
    ("email", "lan@", "E-mail: this is no e-mail address."),
    ("gender", "girl", "Gender: write one of these: female, male, other."),
    ("income_band", "rich", "Income: write one of these: low, middle, high."),
    ("family_size", "0", "Size of the family: this is no whole number from 1 to 50."),
    ("country", "Atlantis", "Country: there is no country with this code or name."),
    ("attributes__vehicle", "Ngựa", "Vehicle: write one of these: Xe máy, Ô tô."),
    ("attributes__distance", "1,250", "Distance: this is no number."),
    ("attributes__since", "2025", "Since: this is no date such as 31/12/1990, or one that cannot"),
    ("attributes__note", "x" * 101, "Note: this is more than 100 characters"),
]


@pytest.mark.parametrize(("field", "text", "sentence"), REFUSED)
def test_cell_that_cannot_be_refuses_its_row_with_a_sentence(field, text, sentence):
    why = refused(**{field: text, "occupation": "Giáo viên"})
    assert why.code is Code.INVALID_REQUEST
    assert str(why.detail).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.NO_NUMBER),
        ("0912xxxxxx", Code.LETTERS_IN_NUMBER),
        ("1900 1234", Code.SERVICE_NUMBER),
        ("9.12E+08", Code.DIGITS_LOST),
    ],
)
def test_phone_refuses_with_its_own_code(text, code):
    assert refused(phone=text, email="no mail", points="x").code is code


@pytest.mark.parametrize("text", ["912345678", "912345678.0", "'0912345678", "'+84912345678"])
def test_phone_is_read_as_spreadsheets_and_exports_write_it(text):
    assert load(phone=text).phone.e164 == "+84912345678"


@pytest.mark.parametrize(
    ("region", "phone", "name"),
    [("VN", PHONE, "Trần Lan"), ("TH", "0812345678", "Lan Trần")],
)
def test_name_in_two_columns_is_put_together_in_the_shops_order(region, phone, name):
    row = load(region=region, phone=phone, family_name="Trần", name="Lan")
    assert row.profile == {"name": name}
    assert load(region=region, phone=phone, family_name="Trần").profile == {"name": "Trần"}


def test_name_that_is_too_long_together_refuses_the_row():
    assert "longer than 200" in str(refused(family_name="x" * 150, name="y" * 150).detail)


def test_row_of_another_width_is_refused():
    reader = MemberReader({"phone": 0, "name": 2}, width=3, region="VN", zone=ZONE, attributes={})
    for cells in ([PHONE, ""], [PHONE, "", "Lan", "more"]):
        with pytest.raises(Problem):
            reader.load(2, cells)
    assert reader.load(2, [PHONE, "", "Lan", " "]).profile == {"name": "Lan"}


def test_refusals_do_not_hold_what_stands_in_the_row():
    secrets = {"email": "lan(at)example", "name": "x" * 201, "birth_date": "28/13/1990"}
    for field, text in secrets.items():
        assert text not in str(refused(**{field: text}).detail)

"""What Meta, Google and TikTok get: hashes of values in the form that they publish."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from tests.exports.formatted import AROUND, lines_of, make, write

HASHED = ["meta", "google", "tiktok"]
GIVEN_FIRST = replace(AROUND, family_name_first=False, region="TH")
OF_NOTHING = sha256(b"").hexdigest()
LAN = {
    "phone": "+84912345678",
    "email": "Lan.Le+Shop@Gmail.com",
    "name": "Lê Thị Lan",
    "district": "Quận 1",
    "province": "vn34:79",
    "country": "VN",
    "birth_date": date(1990, 1, 5),
    "gender": "female",
}


def hashed(normal_form: str) -> str:
    return sha256(normal_form.encode("utf-8")).hexdigest()


def cell(tmp_path, platform, header, around=AROUND, **member):
    (line,) = lines_of(make(platform, around=around), [member], tmp_path)
    return line[header]


# What a platform publishes as an example ---------------------------------------


@pytest.mark.parametrize(
    ("header", "member", "published"),
    [
        (
            "email",
            {"email": " John_Smith@gmail.com "},
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        (
            "phone",
            {"phone": "+16505551212"},
            "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
        ),
        (
            "fn",
            {"name": "Mary"},
            "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec",
        ),
        (
            "fn",
            {"name": "Valéry"},
            "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
        ),
        (
            "fn",
            {"name": "정"},
            "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14",
        ),
    ],
)
def test_meta_hashes_as_its_published_examples(tmp_path, header, member, published):
    assert cell(tmp_path, "meta", header, **member) == published


def test_meta_line_is_that_of_the_written_normal_forms(tmp_path):
    assert lines_of(make("meta"), [LAN], tmp_path) == [
        {
            "phone": hashed("84912345678"),
            "email": hashed("lan.le+shop@gmail.com"),
            "fn": hashed("lan"),
            "ln": hashed("lê"),
            "ct": hashed("quan1"),
            "st": hashed("hochiminh"),
            "country": hashed("vn"),
            "dob": hashed("19900105"),
            "gen": hashed("f"),
        }
    ]


def test_google_line_is_that_of_the_written_normal_forms(tmp_path):
    assert lines_of(make("google"), [LAN], tmp_path) == [
        {
            "Email": hashed("lan.le+shop@gmail.com"),
            "Phone": hashed("+84912345678"),
            "First Name": hashed("lan"),
            "Last Name": hashed("lê"),
            "Country": "VN",
            "Zip": "",
        }
    ]


def test_tiktok_line_is_that_of_the_written_normal_forms(tmp_path):
    assert lines_of(make("tiktok"), [LAN], tmp_path) == [
        {
            "Phone_SHA256": hashed("+84912345678"),
            "Email_SHA256": hashed("lan.le+shop@gmail.com"),
        }
    ]


# Phones ------------------------------------------------------------------------

E164 = ["+84912345678", "+842838234567", "+390612345678", "+66812345678"]


@pytest.mark.parametrize("phone", E164)
def test_zeros_within_a_phone_stay_and_only_meta_takes_the_plus_away(tmp_path, phone):
    assert cell(tmp_path, "meta", "phone", phone=phone) == hashed(phone[1:])
    assert cell(tmp_path, "google", "Phone", phone=phone) == hashed(phone)
    assert cell(tmp_path, "tiktok", "Phone_SHA256", phone=phone) == hashed(phone)


# Names -------------------------------------------------------------------------

NAMES = [
    ("Nguyễn Thị Ánh", "ánh", "nguyễn"),
    ("NGUYỄN VĂN ĐỨC", "đức", "nguyễn"),
    (unicodedata.normalize("NFD", "Nguyễn Thị Ánh"), "ánh", "nguyễn"),
    ("  Trần \u00a0 Bình  ", "bình", "trần"),
    ("Lan", "lan", None),
    ("Lê Lan 💖", "lan", "lê"),
    ("\u202eLê\u202c Lan\u200b", "lan", "lê"),
    ("Lê\nLan", "lan", "lê"),
    ("Lê Lan (VIP)", "lan", "lê"),
    ("Lê Lan [nợ 2 triệu", "lan", "lê"),
    ("Lan (khách quen, chị của Hoa)", "lan", None),
    ("Lê Lan 0912345678", "lan", "lê"),
    ("0912.345.678 Lê Lan", "lan", "lê"),
]


@pytest.mark.parametrize(("name", "given", "family"), NAMES)
@pytest.mark.parametrize(
    ("platform", "first", "last"), [("meta", "fn", "ln"), ("google", "First Name", "Last Name")]
)
def test_family_name_is_the_first_word_in_vietnam(
    tmp_path, platform, first, last, name, given, family
):
    (line,) = lines_of(make(platform), [{"name": name}], tmp_path)
    assert line[first] == hashed(given)
    assert line[last] == (hashed(family) if family else "")


def test_given_name_is_the_first_word_elsewhere(tmp_path):
    member = {"name": "Somchai na Ayutthaya"}
    (line,) = lines_of(make("meta", around=GIVEN_FIRST), [member], tmp_path)
    assert (line["fn"], line["ln"]) == (hashed("somchai"), hashed("ayutthaya"))


def test_thai_name_keeps_its_marks(tmp_path):
    assert cell(tmp_path, "meta", "fn", GIVEN_FIRST, name="น้ำฝน ใจดี") == hashed("น้ำฝน")


def test_meta_takes_punctuation_out_of_names_and_google_does_not(tmp_path):
    assert cell(tmp_path, "meta", "fn", name="Lê O'Brien-Vũ") == hashed("obrienvũ")
    assert cell(tmp_path, "google", "First Name", name="Lê O'Brien-Vũ") == hashed("o'brien-vũ")


# Places, birth dates, gender ---------------------------------------------------


@pytest.mark.parametrize(
    ("header", "member", "normal_form"),
    [
        ("ct", {"district": "Phường Đống Đa"}, "phuongdongda"),
        ("ct", {"district": "TP. Thủ Đức"}, "tpthuduc"),
        ("ct", {"district": "เขตบางรัก"}, "เขตบางรัก"),
        ("st", {"province": "vn34:01"}, "hanoi"),
        ("st", {"province": "vn63:02"}, "hagiang"),
        ("st", {"province": "th77:01"}, "bangkok"),
        ("country", {"country": "TH"}, "th"),
        ("dob", {"birth_date": date(1900, 1, 1)}, "19000101"),
        ("gen", {"gender": "male"}, "m"),
    ],
)
def test_meta_writes_places_days_and_genders_its_way(tmp_path, header, member, normal_form):
    assert cell(tmp_path, "meta", header, **member) == hashed(normal_form)


def test_gender_without_a_letter_of_metas_is_an_empty_cell_and_nothing_wrong(tmp_path):
    fmt = make("meta")
    (line,) = lines_of(fmt, [{**LAN, "gender": "other"}], tmp_path)
    assert line["gen"] == ""
    assert not fmt.left_out


# What is missing or wrong ------------------------------------------------------


@pytest.mark.parametrize("name", HASHED)
def test_nothing_is_an_empty_cell_and_never_the_hash_of_nothing(tmp_path, name):
    fmt = make(name)
    (line,) = lines_of(fmt, [{}], tmp_path)
    assert set(line.values()) == {""}
    assert not fmt.left_out


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("email", "lan at example.com"),
        ("email", "lan@localhost"),
        ("email", "a@b.vn, c@d.vn"),
        ("email", "   "),
        ("name", "💖"),
        ("name", "***"),
        ("name", "0912 345 678"),
        ("birth_date", date(1899, 12, 31)),
        ("birth_date", date(2026, 11, 23)),
        ("country", "Việt Nam"),
        ("province", "xx99:01"),
        ("district", "---"),
        ("phone", "0912345678"),
    ],
)
def test_bad_value_is_left_out_and_counted(tmp_path, column, bad):
    fmt = make("meta")
    good, left = lines_of(fmt, [LAN, {column: bad}], tmp_path)
    assert set(left.values()) == {""}
    assert "" not in good.values()
    assert fmt.left_out == {column: 1}


def test_birth_date_of_today_is_one_by_the_shops_clock(tmp_path):
    late = replace(AROUND, as_of=AROUND.as_of.replace(hour=17))
    born = date(2026, 11, 23)
    assert cell(tmp_path, "meta", "dob", late, birth_date=born) == hashed("20261123")


@pytest.mark.parametrize("name", HASHED)
def test_platform_file_is_plain_ascii_and_holds_nothing_in_the_clear(tmp_path, name):
    hostile = {**LAN, "name": '=cmd|"/C calc"!A0', "email": "=1+1@example.com"}
    (file,) = write(make(name), [LAN, hostile], tmp_path).files
    text = (tmp_path / file.name).read_text(encoding="ascii")
    assert "cmd" not in text
    assert "example" not in text
    assert OF_NOTHING not in text
    assert "84912345678" not in text

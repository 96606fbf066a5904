"""The shared real data, read where it stands; skipped by name where it is absent."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest

from loyalty.core import phone
from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def rows_of(name: str) -> Iterator[dict[str, str]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    opened = gzip.open if name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def key_of(text: str, region: str) -> str:
    """The E.164 of a member key, or "" if refused."""
    try:
        return PhoneNumber.parse(text, region).as_member_key().e164
    except Problem:
        return ""


def unescaped(text: str) -> str:
    return codecs.decode(text.encode("ascii", "backslashreplace"), "unicode_escape")


def test_every_phone_case_is_read_as_meant() -> None:
    read = [
        (row["input_escaped"], row["default_region"], row["human_intent_e164"])
        for row in rows_of("phone_cases.csv")
    ]
    wrong = [case for case in read if key_of(unescaped(case[0]), case[1]) != case[2]]
    assert len(read) == 139
    assert wrong == []


@pytest.mark.parametrize("shop", ["VN", "TH", "own"])
def test_every_form_of_every_example_is_one_number(shop: str) -> None:
    wrong, forms = [], 0
    for row in rows_of("example_numbers_all_regions.csv"):
        home = row["region"]
        at = home if shop == "own" else shop
        asked = {"e164": at, "international": at, "rfc3966": at}
        asked |= {"national": home, "dialled_from_VN": "VN"}
        for form, region in asked.items():
            if region == "001":  # belongs to no country, so has no national form
                continue
            forms += 1
            if PhoneNumber.parse(row[form], region).e164 != row["e164"]:
                wrong.append((row["region"], form, row[form]))
    assert forms > 6_000
    assert wrong == []


def test_the_21_prefixes_of_2018() -> None:
    rows = list(rows_of("vn_mobile_prefix_migration_2018.csv"))
    assert len(rows) == 21
    for row in rows:
        for written in (row["example_old"], row["lib_old_e164"], row["example_old"][1:]):
            assert PhoneNumber.parse(written, "VN").e164 == row["lib_new_e164"]
        assert PhoneNumber.parse(row["lib_old_e164"], "TH").e164 == row["lib_new_e164"]


def test_cdnow_has_23570_members_and_25_rows_without_a_phone() -> None:
    keys = Counter(key_of(row["phone"], "VN") for row in rows_of("cdnow_purchases.csv.gz"))
    assert keys.total() == 71_094
    assert keys.pop("") == 25
    assert len(keys) == 23_570


def test_online_retail_has_2767_members_and_refuses_only_empty_phones() -> None:
    refused, keys = Counter[str](), set()
    for row in rows_of("online_retail_2010-12_2011-05.csv.gz"):
        if key := key_of(row["phone"], "VN"):
            keys.add(key)
        else:
            refused[row["phone"]] += 1
    assert set(refused) == {""}
    assert len(keys) == 2_767


def test_what_the_library_calls_valid_we_read_alike() -> None:
    """But for vanity letters, which name digits only for a library: `1-800-FLOWERS`."""
    compared = 0
    for row in rows_of("libphonenumber_testsuite_inputs.csv"):
        text, region = unescaped(row["input_escaped"]), row["default_region"] or "ZZ"
        if row["real_valid"] != "1" or region in {"ZZ", "001"}:
            continue
        try:
            number = PhoneNumber.parse(text, region)
        except Problem:
            continue
        compared += 1
        assert number.e164 == row["real_e164"], text
    assert compared > 50


def test_e164_taken_apart_is_what_the_library_parses():
    numbers = {row["e164"] for row in rows_of("example_numbers_all_regions.csv")}
    assert len(numbers) > 500
    for e164 in numbers:
        assert phone._parsed(e164) == phonenumbers.parse(e164)

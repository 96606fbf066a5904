"""Provinces: stored as a code with the list that the code belongs to."""

from __future__ import annotations

import csv

import pytest

from loyalty.members.rules import find_province, fold
from tests.purchases.receipts import PHONE, problem

FOUND = [
    ("VN", "01", "vn34", "01"),
    ("VN", "Hà Nội", "vn34", "01"),
    ("VN", "ha noi", "vn34", "01"),
    ("VN", "HÀ NỘI", "vn34", "01"),
    ("VN", "vn63:02", "vn63", "02"),
    ("TH", "Bangkok", "th77", None),
    ("TH", "กรุงเทพมหานคร", "th77", None),
]


@pytest.mark.parametrize(("country", "written", "list_name", "code"), FOUND)
def test_province_is_found_by_code_or_name(country, written, list_name, code):
    found = find_province(written, country)
    assert found is not None
    assert found.list == list_name
    assert code in (None, found.code)


@pytest.mark.parametrize(
    ("country", "written"), [("VN", "Atlantis"), ("VN", "999"), ("GB", "Kent")]
)
def test_no_such_province(country, written):
    assert find_province(written, country) is None


@pytest.mark.parametrize(
    ("file", "list_name"),
    [
        ("geo/vn_provinces_34_from_2025-07.csv", "vn34"),
        ("geo/vn_provinces_63_pre_2025-07.csv", "vn63"),
        ("geo/th_provinces_77.csv", "th77"),
    ],
)
def test_every_province_of_the_official_lists_is_found_by_its_name(shared_data, file, list_name):
    country = list_name[:2].upper()
    with shared_data(file).open(encoding="utf-8-sig", newline="") as rows:
        provinces = list(csv.DictReader(rows))
    assert provinces
    for row in provinces:
        name = next(value for key, value in row.items() if "name" in key.lower())
        found = find_province(name, country)
        assert found is not None, name
        assert list_name in (found.list, "vn63")


def test_folding_takes_marks_and_case_away():
    assert fold("Đà NẴNG") == "da nang"
    assert fold("Ðà") != ""


def test_code_is_kept_with_its_list(api, store):
    member = api.post("/members", {"phone": PHONE, "province": "vn63:02"}).get_json()
    assert (member["province_list"], member["province"]) == ("vn63", "02")
    changed = api.patch(f"/members/{member['id']}", {"province": "Hà Nội"}).get_json()
    assert (changed["province_list"], changed["province"]) == ("vn34", "01")
    cleared = api.patch(f"/members/{member['id']}", {"province": None}).get_json()
    assert (cleared["province_list"], cleared["province"]) == (None, None)


def test_country_of_the_body_chooses_the_list(api, store):
    member = api.post(
        "/members", {"phone": PHONE, "province": "Bangkok", "country": "TH"}
    ).get_json()
    assert member["province_list"] == "th77"


def test_unknown_province_is_refused(api, store):
    for body in (
        {"province": "Atlantis"},
        {"province": "Bangkok"},
        {"province": "01", "country": "GB"},
    ):
        refused = problem(api.post("/members", {"phone": PHONE, **body}), 422, "unknown_province")
        assert refused["errors"].keys() == {"province"}

"""What is written for people is what an import of members reads back, in every language."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from loyalty.exports.columns import DEFAULT, ColumnKind
from loyalty.imports import member_columns, source
from loyalty.imports.member_rows import MemberReader
from loyalty.members.attribute_rules import AttributeView
from loyalty.members.models import AttributeKind
from tests.exports.formatted import AROUND, attribute, make, write
from tests.tags.speaking import speaking

ATTRIBUTES = {
    view.name: view
    for view in (
        AttributeView(id=1, name="vehicle", label="Xe", kind=AttributeKind.TEXT),
        AttributeView(id=2, name="distance", label="Đường xa", kind=AttributeKind.NUMBER),
        AttributeView(id=3, name="wed", label="Ngày cưới", kind=AttributeKind.DATE),
        AttributeView(id=4, name="owner", label="Chủ nhà", kind=AttributeKind.BOOL),
        AttributeView(
            id=5,
            name="likes",
            label="Sở thích",
            kind=AttributeKind.CHOICES,
            choices=("trà", "=cà phê"),
        ),
    )
}
COLUMNS: list[Any] = [
    *DEFAULT,
    *(
        attribute(view.name, ColumnKind(view.kind), label=view.label)
        for view in ATTRIBUTES.values()
    ),
]
LAN = {
    "phone": "+84912345678",
    "name": "=cmd|'/C calc'!A0",
    "email": "lan@example.com",
    "birth_date": date(1990, 1, 5),
    "gender": "female",
    "income_band": "middle",
    "occupation": "'giáo viên",
    "education": "-",
    "family_size": 4,
    "country": "VN",
    "province": "vn34:79",
    "district": 'Quận "1", phường 2',
    "joined_at": datetime(2026, 11, 22, 5, 7, tzinfo=UTC),
    "points": 1250,
    "consent_sms": True,
    "consent_email": False,
    "tags": ("VIP", "+Khách quen"),
    "attributes.vehicle": "@Honda",
    "attributes.distance": -3.25,
    "attributes.wed": date(2015, 2, 28),
    "attributes.owner": True,
    "attributes.likes": ("trà", "=cà phê"),
}
BINH = {
    "phone": "+66812345678",
    "name": "Bình 💖",
    "birth_date": date(1900, 1, 1),
    "gender": "other",
    "province": "vn63:01",
    "attributes.distance": 3.0,
    "attributes.owner": False,
}


def read_back(path):
    file = source.check(path)
    places = member_columns.guess(file.header, attributes=ATTRIBUTES)
    reader = MemberReader(
        places, width=len(file.header), region="VN", zone=AROUND.zone, attributes=ATTRIBUTES
    )
    return [reader.load(line, cells) for line, cells in source.rows_of(file)]


@pytest.fixture(params=["csv", "xlsx"])
def rows(request, tmp_path, language):
    with speaking(language):
        (file,) = write(make(request.param, COLUMNS), [LAN, BINH], tmp_path).files
        yield read_back(tmp_path / file.name)


@pytest.fixture(params=["en", "vi", "th"])
def language(request):
    return request.param


def test_export_reads_back_as_the_same_members(rows):
    lan, binh = rows
    assert lan.phone.e164 == LAN["phone"]
    assert lan.profile == {
        "name": LAN["name"],
        "email": LAN["email"],
        "birth_date": LAN["birth_date"],
        "gender": "female",
        "income_band": "middle",
        "occupation": LAN["occupation"],
        "education": "-",
        "family_size": 4,
        "country": "VN",
        "province": "79",
        "province_list": "vn34",
        "district": LAN["district"],
    }
    assert lan.joined_at == LAN["joined_at"]
    assert lan.points == 1250
    assert lan.tags == LAN["tags"]
    assert lan.consents == {"sms": True, "email": False}
    assert lan.attributes == {
        "vehicle": "@Honda",
        "distance": -3.25,
        "wed": date(2015, 2, 28),
        "owner": True,
        "likes": ["trà", "=cà phê"],
    }
    assert binh.phone.e164 == BINH["phone"]
    assert binh.profile == {
        "name": "Bình 💖",
        "birth_date": date(1900, 1, 1),
        "gender": "other",
        "province": "01",
        "province_list": "vn63",
    }
    assert binh.attributes == {"distance": 3, "owner": False}
    assert (binh.tags, binh.consents, binh.points, binh.joined_at) == ((), {}, None, None)

"""In a town or not, by the words that a district is written with."""

from __future__ import annotations

import pytest

from loyalty.members.urban_rules import is_urban
from tests.core.rows import column
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy

IN_TOWN = [
    "Quận 3",
    "Q3",
    "Q. Bình Thạnh",
    "quan 3",
    "QUẬN TÂN PHÚ",
    "Phường Bến Nghé",
    "p.Tân Định",
    "P5 Q3",
    "Phường 5, Quận 3, TP.HCM",
    "Thị xã Sơn Tây",
    "tx. son tay",
    "TP Thủ Đức",
    "Thành phố Huế",
    "Thị trấn Củ Chi, huyện Củ Chi",
    "Huyện Gia Lâm, TT. Trâu Quỳ",
    "Bình Thạnh (quận)",
    "เขตบางรัก",
    "แขวงสีลม เขตบางรัก",
    "เทศบาลนครเชียงใหม่",
    "เมืองเชียงใหม่",
    "ตำบลสุเทพ อำเภอเมืองเชียงใหม่",
    "ต.ปากพูน อ.เมืองฯ",
]
IN_THE_COUNTRY = [
    "Huyện Củ Chi",
    "h. Củ Chi",
    "huyen cu chi",
    "Xã An Phú",
    "Xã An Phú, Thành phố Thủ Dầu Một",
    "TP. Hồ Chí Minh, huyện Củ Chi",
    "ตำบลบ้านใหม่",
    "ต.บ้านใหม่",
    "อบต.บ้านใหม่",
]
UNTOLD = [
    "",
    "Cầu Giấy",
    "Quan Hóa",
    "Phương Mai",
    "TP. Hồ Chí Minh",
    "Đặc khu Phú Quốc",
    "อำเภอหาดใหญ่",
    "อำเภอเมืองปาน",
    "Camden",
    None,
]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((written, True) for written in IN_TOWN),
        *((written, False) for written in IN_THE_COUNTRY),
        *((written, None) for written in UNTOLD),
    ],
)
def test_words_of_a_district_tell(written, expected):
    assert is_urban(district=written, province_list="vn34", province="01") is expected


def test_bangkok_is_a_city_from_end_to_end():
    for district in (None, "บางรัก", "ต.บ้านใหม่"):
        assert is_urban(district=district, province_list="th77", province="01") is True
    assert is_urban(district=None, province_list="vn34", province="01") is None


def urban_of(api, member_id):
    return api.get(f"/members/{member_id}").get_json()["urban"]


def test_member_is_shown_with_it_and_follows_every_change(api, store):
    made = api.post("/members", {"phone": PHONE, "district": "Quận 3"}).get_json()
    assert made["urban"] is True
    for change, expected in (
        ({"district": "Huyện Củ Chi"}, False),
        ({"name": "Hằng"}, False),
        ({"district": None}, None),
        ({"province": "Bangkok", "country": "TH"}, True),
        ({"province": None}, None),
    ):
        changed = api.patch(f"/members/{made['id']}", change).get_json()
        assert changed["urban"] is urban_of(api, made["id"]) is expected, change


def test_purchase_that_fills_the_district_fills_it(api, store):
    bought = buy(api, phone=OTHER_PHONE, member={"district": "Xã An Phú"})
    assert urban_of(api, bought["member"]["id"]) is False
    buy(api, phone=OTHER_PHONE, receipt_no="HD-2", member={"district": "Quận 3"})
    assert urban_of(api, bought["member"]["id"]) is False


def test_erasure_takes_it_too(api, app, store):
    member_id = api.post("/members", {"phone": PHONE, "district": "Quận 3"}).get_json()["id"]
    assert api.post(f"/members/{member_id}/erasure", {"reason": "asked"}).status_code == 200
    assert column(app, "SELECT urban FROM members") == [None]

"""The people of the demo shop: their numbers, and what it knows of them."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from loyalty.core.phone import PhoneNumber
from loyalty.members.rules import find_province

ABROAD = 0.1
"""So many of them are from Thailand."""
_STARTS = {
    "VN": ("090", "091", "093", "096", "097", "098", "032", "035", "038", "070", "077", "081"),
    "TH": ("081", "086", "089", "091", "098"),
}
_PROVINCES = {
    # Today's list; two codes of the list before July 2025, from an old card file.
    "VN": ("79", "79", "79", "79", "75", "80", "82", "01", "48", "vn63:74", "vn63:77"),
    "TH": ("01", "01", "38"),
}
_DISTRICTS = {
    "VN": (
        "Phường Võ Thị Sáu",
        "Phường Bến Thành",
        "Phường An Khánh",
        "Xã Bình Hưng",
        "Xã Long Hưng",
        "Thị trấn Củ Chi",
    ),
    "TH": ("เขตบางรัก", "เขตจตุจักร", "ตำบลสุเทพ"),
}
_OCCUPATIONS = {
    "VN": (
        "Nhân viên văn phòng",
        "Nhân viên văn phòng",
        "Kinh doanh",
        "Giáo viên",
        "Sinh viên",
        "Công nhân",
        "Nội trợ",
    ),
    "TH": ("พนักงานบริษัท", "ค้าขาย", "นักศึกษา"),
}
_EDUCATIONS = {
    "VN": ("Trung học", "Cao đẳng", "Đại học", "Đại học", "Sau đại học"),
    "TH": ("มัธยมศึกษา", "ปริญญาตรี", "ปริญญาโท"),
}
_AGE_DAYS = (5_850, 27_000)
"""From 16 years, when nobody has to agree in one's place, to 74."""


class People:
    """Made one after another; the same again for the same seed."""

    def __init__(self, chance: random.Random, *, seed: int, now: datetime) -> None:
        from faker import Faker  # only the demo needs it in memory

        self._chance = chance
        self._today = now.date()
        self._names = {"VN": Faker("vi_VN"), "TH": Faker("th_TH")}
        for faker in self._names.values():
            faker.seed_instance(seed)

    def make(self, number: int) -> tuple[PhoneNumber, dict[str, Any]]:
        """Phone and profile of the person with this number."""
        region = "TH" if self._chance.random() < ABROAD else "VN"
        return self._phone(region, number), self._profile(region, number)

    def _phone(self, region: str, number: int) -> PhoneNumber:
        start = self._chance.choice(_STARTS[region])
        written = f"{start}{(number * 7919 + 1234567) % 10_000_000:07d}"
        return PhoneNumber.parse(written, region)

    def _profile(self, region: str, number: int) -> dict[str, Any]:
        gender = self._chance.choice(("female", "female", "male"))
        faker = self._names[region]
        profile = {
            "name": faker.name_female() if gender == "female" else faker.name_male(),
            "gender": gender,
            "birth_date": self._known(0.7, self._birth_date()),
            "email": self._known(0.3, f"khach{number}@example.com"),
        }
        if self._chance.random() < 0.6:
            profile |= self._home(region) | self._card(region)
        return profile

    def _home(self, region: str) -> dict[str, Any]:
        province = find_province(self._chance.choice(_PROVINCES[region]), region)
        assert province is not None  # noqa: S101  # nosec B101  # for the types
        return {
            "country": region,
            "province_list": province.list,
            "province": province.code,
            "district": self._chance.choice(_DISTRICTS[region]),
        }

    def _card(self, region: str) -> dict[str, Any]:
        """What people told when they filled in a card."""
        return {
            "occupation": self._known(0.8, self._chance.choice(_OCCUPATIONS[region])),
            "education": self._known(0.6, self._chance.choice(_EDUCATIONS[region])),
            "income_band": self._known(0.6, self._chance.choice(("low", "middle", "high"))),
            "family_size": self._known(0.7, self._chance.randint(1, 7)),
        }

    def _birth_date(self) -> date:
        return self._today - timedelta(days=self._chance.randint(*_AGE_DAYS))

    def _known(self, share: float, value: Any) -> Any:
        return value if self._chance.random() < share else None

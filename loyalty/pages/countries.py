"""The countries of the phone field: the shop's neighbours first, then by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

FIRST = ("VN", "TH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    region: str
    dial: int
    name: str
    chosen: bool


@lru_cache(maxsize=8)
def countries(language: str, default_region: str) -> tuple[Country, ...]:
    """Every country with phone numbers, in the reader's language; the shop's own chosen."""
    names = Locale(language).territories
    first = (default_region, *(region for region in FIRST if region != default_region))
    others = sorted(SUPPORTED_REGIONS - set(first), key=lambda region: names.get(region, region))
    return tuple(
        Country(
            region=region,
            dial=country_code_for_region(region),
            name=names.get(region, region),
            chosen=region == default_region,
        )
        for region in (*first, *others)
    )

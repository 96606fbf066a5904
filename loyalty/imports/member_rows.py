"""A row of a list of customers, read: what it says of whom, or why it cannot be taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.core.limits import NAME_LENGTH
from loyalty.core.phone import PhoneNumber
from loyalty.core.spreadsheets import plain_cell
from loyalty.imports import member_cells, member_values
from loyalty.imports.member_columns import ATTRIBUTE
from loyalty.imports.member_values import Reading, Shop
from loyalty.imports.refused_rows import check_width, no_phone
from loyalty.members.attribute_rules import AttributeView, Value

_CONSENT = "consent_"
_BESIDE_PROFILE = ("tags", "points", "joined_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """What a row says: `profile` by the columns of `members` (a province with its list),
    `attributes` by name as `attribute_rules.checked` returns them, `consents` to marketing by
    channel. What the row does not say is not in it; a balance of 0 says nothing."""

    line: int
    phone: PhoneNumber
    profile: dict[str, Any]
    attributes: dict[str, Value]
    tags: tuple[str, ...]
    consents: dict[str, bool]
    points: int | None
    joined_at: datetime | None


class MemberReader:
    """Reads the rows of one file. `columns`: field -> place, of `MEMBER_COLUMNS` and of the
    declared `attributes`; `width`: as many columns does the header name."""

    def __init__(
        self,
        columns: Mapping[str, int],
        *,
        width: int,
        region: str,
        zone: ZoneInfo,
        attributes: Mapping[str, AttributeView],
    ) -> None:
        self._least = max(columns.values()) + 1
        self._width = width
        self._region = region
        self._phone = columns["phone"]
        self._province = columns.get("province")
        shop = Shop(region=region, zone=zone)
        self._district = member_values.of_field("district", 0, shop)
        fields = [
            member_values.of_field(field, place, shop)
            for field, place in columns.items()
            if field not in ("phone", "province") and not field.startswith(ATTRIBUTE)
        ]
        self._consents = [one for one in fields if one.field.startswith(_CONSENT)]
        self._others = [one for one in fields if one.field in _BESIDE_PROFILE]
        self._profile = [one for one in fields if one not in (*self._consents, *self._others)]
        self._attributes = [
            member_values.of_attribute(attributes[field.removeprefix(ATTRIBUTE)], place, shop)
            for field, place in columns.items()
            if field.startswith(ATTRIBUTE)
        ]

    def load(self, line: int, cells: Sequence[str]) -> MemberRow:
        """Raises `Problem`: the phone's own codes, `unknown_province`, and `invalid_request`
        with a sentence that names the column."""
        check_width(cells, least=self._least, width=self._width)
        written = plain_cell(cells[self._phone]).strip()
        if not written:
            raise no_phone()
        phone = PhoneNumber.parse(written, self._region).as_member_key()
        others = _said(self._others, cells)
        return MemberRow(
            line=line,
            phone=phone,
            profile=self._profile_in(cells),
            attributes=_said(self._attributes, cells),
            tags=others.get("tags", ()),
            consents=_said(self._consents, cells),
            points=others.get("points"),
            joined_at=others.get("joined_at"),
        )

    def _profile_in(self, cells: Sequence[str]) -> dict[str, Any]:
        profile = _said(self._profile, cells)
        if (family := profile.pop("family_name", None)) is not None:
            profile["name"] = self._full_name(family, profile.get("name"))
        if self._province is not None and (text := cells[self._province].strip()):
            profile |= self._place(text, profile)
        return profile

    def _full_name(self, family: str, given: str | None) -> str:
        """In the shop's order: family first in Vietnam."""
        in_order = (family, given) if self._region == "VN" else (given, family)
        name = " ".join(filter(None, in_order))
        if len(name) > NAME_LENGTH:
            too_long = gettext("The name is longer than %(count)s characters.", count=NAME_LENGTH)
            raise Problem(Code.INVALID_REQUEST, detail=too_long, field="name")
        return name

    def _place(self, text: str, profile: Mapping[str, Any]) -> dict[str, Any]:
        """A province with its list; KiotViet writes the district behind it: `Hà Nội - Quận Tây
        Hồ`."""
        countries = (profile.get("country", self._region), self._region)
        if found := member_cells.province(text, countries):
            return {"province": found.code, "province_list": found.list}
        head, _, tail = map(str.strip, text.partition(" - "))
        if (found := member_cells.province(head, countries)) is None:
            raise Problem(Code.UNKNOWN_PROVINCE, field="province")
        district = profile.get("district") or self._district.value_in([tail])
        return {"province": found.code, "province_list": found.list, "district": district}


def _said(readings: Iterable[Reading], cells: Sequence[str]) -> dict[str, Any]:
    said = {}
    for each in readings:
        if (value := each.value_in(cells)) is not None:
            said[each.key] = value
    return said

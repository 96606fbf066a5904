"""Which column of a list of customers holds what: guessed from its header, for a person to
confirm, and known beforehand of the systems that shops come from."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loyalty.imports import source
from loyalty.imports.columns import PHONE_WORDS, plain
from loyalty.imports.files import CheckedFile
from loyalty.members.attribute_rules import AttributeView

ATTRIBUTE = "attributes."
_SAMPLE_LENGTH = 100
PRESETS = Path(__file__).with_name("presets")

MEMBER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": PHONE_WORDS,
    "name": (
        *("name", "full name", "customer name", "customer", "member name"),
        *("tên", "họ tên", "họ và tên", "tên khách hàng", "họ tên khách hàng", "khách hàng"),
        *("ชื่อ-นามสกุล", "ชื่อ นามสกุล", "ชื่อและนามสกุล", "ชื่อลูกค้า", "ชื่อ"),
        *("first name", "given name"),
    ),
    "family_name": (
        *("family name", "last name", "surname", "họ", "họ đệm", "họ và tên đệm"),
        *("นามสกุล", "สกุล"),
    ),
    "email": (
        *("e-mail", "email", "mail", "email address", "e-mail address"),
        *("địa chỉ email", "thư điện tử", "อีเมล", "อีเมล์"),
    ),
    "birth_date": (
        *("date of birth", "birth date", "birthday", "birthdate", "dob"),
        *("ngày sinh", "ngày tháng năm sinh", "sinh nhật", "sinh ngày"),
        *("วันเกิด", "วันเดือนปีเกิด", "วัน/เดือน/ปีเกิด"),
    ),
    "gender": ("gender", "sex", "giới tính", "phái", "เพศ"),
    "income_band": ("income", "income band", "thu nhập", "mức thu nhập", "รายได้"),
    "occupation": (
        *("occupation", "job", "profession", "nghề nghiệp", "công việc", "nghề"),
        "อาชีพ",
    ),
    "education": ("education", "học vấn", "trình độ học vấn", "trình độ", "การศึกษา"),
    "family_size": (
        *("size of the family", "family size", "household size"),
        *("số người trong gia đình", "số thành viên gia đình"),
        "จำนวนสมาชิกในครอบครัว",
    ),
    "country": ("country", "country code", "quốc gia", "nước", "mã quốc gia", "ประเทศ"),
    "province": (
        *("province", "city", "province/city", "tỉnh/thành", "tỉnh thành", "tỉnh"),
        *("tỉnh/thành phố", "tỉnh thành phố", "thành phố", "จังหวัด"),
    ),
    "district": (
        *("district", "quận/huyện", "quận huyện", "quận", "huyện"),
        *("อำเภอ/เขต", "อำเภอ", "เขต"),
    ),
    "joined_at": (
        *("member since", "joined at", "join date", "joined", "created at", "created on"),
        *("ngày tham gia", "ngày đăng ký", "ngày tạo", "ngày vào"),
        *("วันที่สมัครสมาชิก", "วันที่สมัคร", "สมาชิกตั้งแต่"),
    ),
    "tags": (
        *("tags", "tag", "labels", "group", "groups", "customer group"),
        *("nhãn", "thẻ tag", "nhóm khách hàng", "nhóm khách", "nhóm"),
        *("แท็ก", "กลุ่มลูกค้า", "กลุ่ม"),
    ),
    "points": (
        *("points", "point balance", "balance of points", "current points", "loyalty points"),
        *("điểm", "điểm hiện tại", "điểm còn lại", "số điểm", "điểm tích lũy", "điểm thưởng"),
        *("คะแนน", "คะแนนคงเหลือ", "แต้ม", "แต้มคงเหลือ"),
    ),
    "consent_sms": (
        *("agreed to marketing by SMS", "consent SMS", "SMS marketing", "accepts SMS marketing"),
        *("đồng ý nhận tiếp thị qua SMS", "nhận SMS", "đồng ý SMS"),
        *("ยินยอมรับการตลาดทาง SMS", "ยินยอม SMS"),
    ),
    "consent_email": (
        *("agreed to marketing by e-mail", "consent email", "accepts marketing"),
        *("accepts email marketing", "email marketing"),
        *("đồng ý nhận tiếp thị qua email", "nhận email", "đồng ý email"),
        *("nhận email quảng cáo", "ยินยอมรับการตลาดทางอีเมล", "ยินยอมอีเมล"),
    ),
    "consent_zalo": (
        *("agreed to marketing by Zalo", "consent Zalo"),
        *("đồng ý nhận tiếp thị qua Zalo", "nhận Zalo", "đồng ý Zalo"),
        "ยินยอมรับการตลาดทาง Zalo",
    ),
    "consent_call": (
        *("agreed to marketing by call", "consent call"),
        *("đồng ý nhận cuộc gọi tiếp thị", "nhận cuộc gọi", "ยินยอมรับการตลาดทางโทรศัพท์"),
    ),
    "consent_ads": (
        *("agreed to be shown ads", "consent ads"),
        *("đồng ý nhận quảng cáo", "ยินยอมให้แสดงโฆษณา"),
    ),
}
"""Field -> words in English, Vietnamese and Thai, the better ones first; what exports write
above their columns is among them. `family_name`, where it stands apart from the rest of the
name. Besides these there are `attributes.<name>`, found by the attribute's name or label."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What another system calls its columns. Where the `signs` stand in a header, the list
    comes from there; they are names that other systems do not use."""

    name: str
    label: str
    columns: Mapping[str, tuple[str, ...]]
    signs: tuple[str, ...]


_GIVEN_NAMES = frozenset(map(plain, ("first name", "given name", "tên", "ชื่อ")))
"""Of the words for a name those that leave room for a family name beside it."""


def guess(
    header: Sequence[str],
    *,
    attributes: Mapping[str, AttributeView],
    preset: str | None = None,
) -> dict[str, int]:
    """Field -> place, for those that are found; of two columns that fit a field, the one whose
    word stands without a note, then that with the better word, then the first. No family name
    beside whole names: it would stand there twice. `preset`: a name of `presets()`, whose words
    come before all others."""
    words = _words(attributes)
    if preset is not None:
        chosen = presets()[preset].columns
        words |= {field: (*names, *words.get(field, ())) for field, names in chosen.items()}
    names = [_names(written) for written in header]
    found: dict[str, int] = {}
    for field, known in words.items():
        ranks = {plain(word): rank for rank, word in reversed(list(enumerate(known)))}
        free = (place for place in range(len(names)) if place not in found.values())
        fitting = [
            (has_note, ranks[name], place)
            for place in free
            for name, has_note in names[place].items()
            if name in ranks
        ]
        if fitting:
            found[field] = min(fitting)[-1]
    if "name" in found and _GIVEN_NAMES.isdisjoint(names[found["name"]]):
        found.pop("family_name", None)
    return found


def _words(attributes: Mapping[str, AttributeView]) -> dict[str, tuple[str, ...]]:
    """Those of the profile first: an attribute of the same name takes what is left."""
    declared = {
        f"{ATTRIBUTE}{name}": (f"{ATTRIBUTE}{name}", name, view.label)
        for name, view in attributes.items()
    }
    return {**MEMBER_COLUMNS, **declared}


def _names(written: str) -> dict[str, bool]:
    """A header as it stands, and without its marks, `Tên (*)`: False; and where it has a note,
    without that, `Ngày sinh (dd/mm/yyyy)`: True, as it may say that another's is meant."""
    unmarked = re.sub(r"\(\s*\*\s*\)|[*:]", " ", written)
    unnoted = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", unmarked)
    names = {plain(unnoted): True, plain(unmarked): False, plain(written): False}
    return {name: has_note for name, has_note in names.items() if name}


def presets() -> dict[str, Preset]:
    """By name, in the order in which they are offered."""
    return _presets()


def recognise(header: Sequence[str]) -> str | None:
    """The preset all of whose signs stand in the header; of several, the one with the most."""
    names = set(itertools.chain.from_iterable(map(_names, header)))
    fitting = [
        preset
        for preset in presets().values()
        if all(plain(sign) in names for sign in preset.signs)
    ]
    return max(fitting, key=lambda preset: len(preset.signs)).name if fitting else None


@cache
def _presets() -> dict[str, Preset]:
    return {preset.name: preset for preset in map(_preset, sorted(PRESETS.glob("*.json")))}


def _preset(file: Path) -> Preset:
    written = json.loads(file.read_text(encoding="utf-8"))
    return Preset(
        name=file.stem,
        label=written["label"],
        columns={field: tuple(names) for field, names in written["columns"].items()},
        signs=tuple(written["signs"]),
    )


def samples(file: CheckedFile, count: int) -> list[list[str]]:
    """The cells of the first rows, for a person to see whether the file was read right."""
    rows = itertools.islice(source.rows_of(file), count)
    return [_sample(cells, len(file.header)) for _, cells in rows]


def _sample(cells: Sequence[str], width: int) -> list[str]:
    shown = [cell[:_SAMPLE_LENGTH] for cell in cells[:width]]
    return shown + [""] * (width - len(shown))

"""What the demo shop sorts its people by: attributes, tags and customer groups."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from loyalty.audiences import service as audiences
from loyalty.audiences.building import build_all_audiences
from loyalty.core.bulk import append_many
from loyalty.core.db import in_transaction, table_of
from loyalty.members import attributes
from loyalty.members.attribute_rules import AttributeView, cells_of
from loyalty.members.models import AttributeKind, MemberAttribute
from loyalty.tags import cut_points, rounds, starters
from loyalty.tags import service as tags

INTERESTS = ("cà phê", "trà", "làm bánh", "cắm hoa", "đọc sách")
HAND_TAGS = (
    ("khach-quen", "Khách quen của quán", None, 24),
    ("vip", "VIP", "https://zalo.me/g/annhienvip", 9),
    ("hay-gop-y", "Hay góp ý", None, 6),
    ("nhan-vien", "Nhân viên và người nhà", None, 5),
)
"""Slug, name, link, and how many the staff put in."""
BUILD_SECONDS = 60
"""So long the demo waits for its tags on a slow machine."""
AUDIENCES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "nu-26-45-con-mua",
        "Nữ 26–45 còn mua",
        {"all": [{"tag": "women"}, {"tag": "age-26-45"}, {"tag": "bought-in-3-months"}]},
    ),
    (
        "moi-quay-lai",
        "Mời quay lại",
        {"all": [{"any": [{"tag": "lapsing"}, {"tag": "lost"}]}, {"not": {"tag": "khach-quen"}}]},
    ),
)


def fill(member_ids: Sequence[int], *, seed: int, now: datetime) -> None:
    """Attributes, tags and customer groups, all of them built."""
    chance = random.Random(seed)  # nosec B311  # the same for the same seed
    in_transaction(_declare)
    in_transaction(partial(_tell, member_ids, chance))
    in_transaction(partial(_tag_by_hand, member_ids, chance))
    in_transaction(lambda: cut_points.freeze(cut_points.work_out(now)))
    in_transaction(partial(starters.install, patience_seconds=BUILD_SECONDS))
    in_transaction(_put_together)
    rounds.drain()
    build_all_audiences()


def _declare() -> None:
    starters.declare_vehicle()
    attributes.declare(
        name="interests", label="Sở thích", kind=AttributeKind.CHOICES, choices=INTERESTS
    )
    attributes.declare(name="distance_km", label="Cách quán (km)", kind=AttributeKind.NUMBER)


def _tell(member_ids: Sequence[int], chance: random.Random) -> None:
    """Every third told what the card asks."""
    declared = attributes.declared()
    vehicles = declared[starters.VEHICLE].choices
    told: dict[str, Callable[[], Any]] = {
        starters.VEHICLE: lambda: [chance.choice(vehicles)],
        "interests": lambda: sorted(chance.sample(INTERESTS, 2), key=INTERESTS.index),
        "distance_km": lambda: round(chance.uniform(0.2, 25), 1),
    }
    append_many(
        table_of(MemberAttribute),
        [
            row
            for member_id in member_ids
            if chance.random() < 1 / 3
            for name, value in told.items()
            for row in _rows(member_id, declared[name], value())
        ],
    )


def _rows(member_id: int, attribute: AttributeView, value: Any) -> list[dict[str, Any]]:
    ids = {"member_id": member_id, "attribute_id": attribute.id}
    return [ids | cells for cells in cells_of(attribute.kind, value)]


def _tag_by_hand(member_ids: Sequence[int], chance: random.Random) -> None:
    for slug, name, link, size in HAND_TAGS:
        tags.create(name=name, slug=slug, link=link)
        for member_id in sorted(chance.sample(member_ids, min(size, len(member_ids)))):
            tags.mark(member_id, slug, on=True)


def _put_together() -> None:
    for slug, name, expression in AUDIENCES:
        audiences.create(name=name, slug=slug, expression=expression)

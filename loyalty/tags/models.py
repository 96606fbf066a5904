from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, UtcDateTime
from loyalty.core.limits import LINK_LENGTH, NAME_LENGTH, SLUG_LENGTH


class Tag(Base):
    """A small group with a name. With a `rule` (JSON, the tag-rule language) the data decides
    who is in; without one people do. `rule_version` counts the edits of the rule. `link` leads
    members to what belongs to the tag, a chat group say."""

    __tablename__ = "tags"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), unique=True)
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    rule_version: Mapped[int] = mapped_column(default=1)
    link: Mapped[str | None] = mapped_column(String(LINK_LENGTH))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RfmCuts(Base):
    """The cut points of the RFM scores, frozen by a nightly build; the newest are in force.
    Four of each, from worst to best: days since the last purchase, number of purchases, money
    spent (minor units)."""

    __tablename__ = "rfm_cuts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    buyers: Mapped[int]
    recency: Mapped[list[int]] = mapped_column(JSON)
    frequency: Mapped[list[int]] = mapped_column(JSON)
    monetary: Mapped[list[int]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TagSettings(Base):
    """One row, where the shop set something: fixed RFM thresholds for few buyers."""

    __tablename__ = "tag_settings"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rfm: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

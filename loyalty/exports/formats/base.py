"""What every format of a file is: which columns it needs, how its files are called and limited,
and how rows are written into one.

A format is one class in one file, named in `formats.FORMATS`. Source of the formats: semantics,
Audience files, and what the receiver publishes, which each class names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from config import Settings
    from loyalty.exports.columns import Column

Row = tuple[Any, ...]
"""A member's id, then the values of `Format.needs()` in its order, None where there is none."""

FAMILY_NAME_FIRST = frozenset({"VN", "CN", "HK", "MO", "TW", "JP", "KR", "HU"})
"""Regions in which people write the family's name before their own."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a format knows of the shop and of the export. `region` ("VN") is the shop's;
    `request_key` is the same whenever the same messages are meant."""

    region: str
    currency: str
    zone: ZoneInfo
    family_name_first: bool
    request_key: str
    as_of: datetime

    @classmethod
    def of(cls, settings: Settings, *, request_key: str, as_of: datetime) -> Around:
        return cls(
            region=settings.default_region,
            currency=settings.currency,
            zone=settings.time_zone,
            family_name_first=settings.default_region in FAMILY_NAME_FIRST,
            request_key=request_key,
            as_of=as_of,
        )


Busy = Callable[[], None]


def idle() -> None:
    """Nobody waits to hear."""


class RowFile(Protocol):
    """A file that is open."""

    def write(self, rows: Sequence[Row]) -> None: ...


class Format(ABC):
    """`left_out` counts the values that were no value of a typed column, by the name of the
    column they came from; their cells are empty."""

    name: ClassVar[str]
    label: ClassVar[str]
    """As it is called in every language."""
    hint: ClassVar[Any]
    """A few words for who chooses."""
    channel: ClassVar[str | None] = None
    """Whose consent it needs; None where that is chosen apart."""
    takes_columns: ClassVar[bool] = False
    extension: ClassVar[str] = "csv"
    most_rows: ClassVar[int | None] = None
    """In one file, without the header: the receiver takes no more."""
    fewest_rows: ClassVar[int | None] = None
    """Below it the receiver makes no use of the file."""

    def __init__(self, chosen: Sequence[Column], around: Around) -> None:
        """`chosen`: the columns asked for, none where the format does not take them."""
        self.chosen = tuple(chosen)
        self.around = around
        self.left_out: Counter[str] = Counter()

    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """The columns that rows must carry, in order."""

    @abstractmethod
    def open(self, path: Path, *, busy: Busy = idle) -> AbstractContextManager[RowFile]:
        """Write the file, its header included; left by an exception, it is not whole. What
        it needs beside the file while it is written lies in the same folder. `busy` hears
        every now and then where the ending of a file takes long. Raises OSError, and what
        `busy` raises."""

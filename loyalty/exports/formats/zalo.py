"""Zalo's lists of recipients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.exports.formats.delimited import Cells
from loyalty.exports.formats.messages import Messages


class Zalo(Messages):
    """The recipients of a ZNS campaign: `phone`, then a column for each parameter of the
    template, by its name (`name`, `points`; `attributes.vehicle` is `attributes_vehicle`).

    CSV, at most 100,000 lines in a file; phones `84912345678` (11 digits, or 10 that begin
    with 0 but without an apostrophe); dates dd/mm/yyyy in full (09/02/2001).

    Source: semantics, Audience files; Zalo Cloud, "Những lưu ý khi đăng tải tệp danh sách đối
    tượng nhận ZNS",
    https://zalo.cloud/blog/nhung-luu-y-khi-dang-tai-tep-danh-sach-doi-tuong-nhan-zns-file-data-/kguqavnmdb7zvbd8yp
    """

    name = "zalo"
    label = "Zalo"
    hint = _l("at most 100,000 rows a file")
    channel = "zalo"
    most_rows = 100_000

    def header(self) -> Sequence[str]:
        return [name.replace(".", "_") for name in self.needs()]

    def columns_of(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        _, phones, *others = columns
        return [self.phones(phones), *self.parameters(others)]

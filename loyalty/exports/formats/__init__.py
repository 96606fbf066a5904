"""The formats of files, by name, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Mapping

from loyalty.exports.formats.base import Format
from loyalty.exports.formats.google import Google
from loyalty.exports.formats.meta import Meta
from loyalty.exports.formats.plain_csv import PlainCsv
from loyalty.exports.formats.sms import Sms
from loyalty.exports.formats.spreadsheet import Spreadsheet
from loyalty.exports.formats.tiktok import TikTok
from loyalty.exports.formats.zalo import Zalo

FORMATS: Mapping[str, type[Format]] = {
    each.name: each for each in (Sms, Zalo, Meta, Google, TikTok, PlainCsv, Spreadsheet)
}

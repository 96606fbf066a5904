"""TikTok's customer files."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from loyalty.exports.formats import normal
from loyalty.exports.formats.platform import Platform, Typed


class TikTok(Platform):
    """A customer file for a custom audience: `Phone_SHA256,Email_SHA256`, one person a line.

    SHA-256 of the phone in E.164 with its + and of the e-mail, trimmed and lowercased. TikTok
    makes nothing of a file of fewer than 1,000 entries.

    Source: semantics, Audience files; "How to create a Custom Audience with a customer file",
    https://ads.tiktok.com/help/article/how-to-create-a-custom-audience-with-a-customer-file,
    and "List of supported IDs and formats for a Customer File",
    https://ads.tiktok.com/help/article/list-of-supported-ids-and-formats-for-a-customer-file
    """

    name = "tiktok"
    label = "TikTok"
    hint = _l("from 1,000 rows")
    fewest_rows = 1_000

    def typed(self) -> Sequence[Typed]:
        return (
            Typed(header="Phone_SHA256", source="phone", normal=normal.phone),
            Typed(header="Email_SHA256", source="email", normal=normal.email),
        )

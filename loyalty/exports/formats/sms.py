"""Lists for an SMS gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.exports.formats.delimited import Cells
from loyalty.exports.formats.messages import Messages

_ID_LENGTH = 32


class Sms(Messages):
    """What a gateway sends from: `phone,request_id,arm,p1..pn`.

    `request_id` names the message to one member: 32 hex digits of the SHA-256 of
    `{request_key}:{member id}`. The same file sent again carries the same ones, by which a
    gateway knows a message that it has sent already (eSMS: `RequestId`). `arm` is that of a
    campaign, empty without one. p1 to pn are the chosen columns in their order.

    Source: semantics, Audience files; eSMS, "Send personalized message",
    https://developers.esms.vn/en/esms-api/other-apis/send-personized-message-via-zalo
    """

    name = "sms"
    label = "SMS"
    hint = _l("message gateway")
    channel = "sms"

    def header(self) -> Sequence[str]:
        parameters = range(1, len(self.needs()))
        return ["phone", "request_id", "arm", *(f"p{place}" for place in parameters)]

    def columns_of(self, columns: Sequence[Sequence[Any]]) -> Iterable[Cells]:
        ids, phones, *others = columns
        key = self.around.request_key
        request_ids = [sha256(f"{key}:{each}".encode()).hexdigest()[:_ID_LENGTH] for each in ids]
        return [self.phones(phones), request_ids, [""] * len(ids), *self.parameters(others)]

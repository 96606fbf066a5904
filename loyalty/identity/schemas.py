from __future__ import annotations

from loyalty.core.fields import Int, Phone, StrictSchema, Text
from loyalty.core.limits import REASON_LENGTH


class NewPhoneSchema(StrictSchema):
    phone = Phone(required=True)


class DetachSchema(StrictSchema):
    reason = Text(REASON_LENGTH, required=True)
    phone = Phone(
        metadata={"description": "Which of the member's numbers; left out: the main one."}
    )


class MergeSchema(StrictSchema):
    into = Int(1, 2**31 - 1, required=True)

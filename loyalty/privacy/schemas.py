from __future__ import annotations

from marshmallow import fields, validate

from loyalty.core.fields import AnswerSchema, StrictSchema, Text, Time
from loyalty.core.limits import REASON_LENGTH
from loyalty.privacy.rules import KINDS, VIAS


class Flag(fields.Boolean):
    """A JSON true or false, nothing that reads like one."""

    def _deserialize(self, value: object, attr: object, data: object, **_: object) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class GivenReasonSchema(StrictSchema):
    reason = Text(REASON_LENGTH, required=True)


class RestrictionSchema(GivenReasonSchema):
    restricted = Flag(required=True)


class NewRequestSchema(StrictSchema):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    via = fields.String(load_default="api", validate=validate.OneOf(VIAS))
    note = Text(REASON_LENGTH, allow_none=True)
    received_at = Time(allow_none=True, metadata={"description": "Where it arrived earlier."})


class RequestQuerySchema(StrictSchema):
    state = fields.String(load_default="open", validate=validate.Equal("open"))


class RequestSchema(AnswerSchema):
    id = fields.Integer()
    member_id = fields.Integer()
    kind = fields.String()
    state = fields.String(metadata={"description": "open, answered, done or refused."})
    law = fields.String(metadata={"description": "Whose law set the dates: VN or TH."})
    received_via = fields.String()
    received_at = Time()
    answer_due = Time()
    done_due = Time()
    answered_at = Time(allow_none=True)
    ended_at = Time(allow_none=True)
    note = fields.String(allow_none=True)
    answer_overdue = fields.Boolean()
    done_overdue = fields.Boolean()
    overdue = fields.Boolean()


class RequestListSchema(AnswerSchema):
    items = fields.List(fields.Nested(RequestSchema))
    next = fields.String(allow_none=True)


class ErasedSchema(AnswerSchema):
    erased_at = Time()


class RestrictedSchema(AnswerSchema):
    restricted_at = Time(allow_none=True)


class HeldSchema(AnswerSchema):
    """Everything held about one person."""

    profile = fields.Dict()
    merged = fields.List(
        fields.Dict(), metadata={"description": "Accounts that this one carries on."}
    )
    attributes = fields.Dict()
    phones = fields.List(fields.Dict())
    consents = fields.List(fields.Dict())
    consent_history = fields.List(fields.Dict())
    do_not_call = fields.Boolean()
    purchases = fields.List(fields.Dict())
    returns = fields.List(fields.Dict())
    points = fields.Dict()
    redemptions = fields.List(fields.Dict())
    tiers = fields.List(fields.Dict())
    tags = fields.List(fields.Dict())
    exports = fields.List(fields.Dict())
    imports = fields.List(fields.Dict())
    requests = fields.List(fields.Dict())
    log = fields.List(fields.Dict())

from __future__ import annotations

from datetime import date
from typing import Any

from flask import current_app
from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from loyalty.core.errors import Code, Problem
from loyalty.core.fields import (
    AnswerSchema,
    Bool,
    Day,
    Int,
    Phone,
    QueryInt,
    QueryPhone,
    StrictSchema,
    Text,
    Time,
)
from loyalty.core.limits import (
    BATCH_ROWS,
    EMAIL_LENGTH,
    NAME_LENGTH,
    REASON_LENGTH,
    TEXT_VERSION_LENGTH,
)
from loyalty.members.attribute_schemas import values_field
from loyalty.members.consent_rules import CHANNELS, PAIRS, PURPOSES
from loyalty.members.rules import find_province

EARLIEST_BIRTH = date(1900, 1, 1)


class Email(Text):
    """Trimmed and lowercased."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, attr, data, **kwargs).lower()
        try:
            validate.Email()(address)
        except ValidationError:
            raise ValidationError("Must be an e-mail address.") from None
        return address


class ProfileSchema(StrictSchema):
    """What is known of a person; null clears a field in PATCH."""

    name = Text(NAME_LENGTH, allow_none=True)
    email = Email(EMAIL_LENGTH, allow_none=True)
    birth_date = Day(earliest=EARLIEST_BIRTH, allow_none=True)
    gender = fields.String(validate=validate.OneOf(["female", "male", "other"]), allow_none=True)
    income_band = fields.String(validate=validate.OneOf(["low", "middle", "high"]), allow_none=True)
    occupation = Text(100, allow_none=True)
    education = Text(100, allow_none=True)
    family_size = Int(1, 50, allow_none=True)
    country = fields.String(validate=validate.Regexp(r"^[A-Z]{2}\Z"), allow_none=True)
    province = Text(100, allow_none=True)
    district = Text(100, allow_none=True)

    @post_load
    def place(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A province is stored as its code with the list that the code belongs to."""
        if values.get("province") is not None:
            country = values.get("country") or current_app.extensions["settings"].default_region
            province = find_province(values["province"], country)
            if province is None:
                raise Problem(Code.UNKNOWN_PROVINCE, field="province")
            values.update(province=province.code, province_list=province.list)
        elif "province" in values:
            values["province_list"] = None
        return values


class ConsentSchema(StrictSchema):
    """What a member said of one channel and purpose."""

    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    granted = Bool(required=True)
    proof = Text(
        REASON_LENGTH,
        metadata={"description": "Where the member's word is kept; with it marketing counts."},
    )
    guardian = Text(
        REASON_LENGTH,
        metadata={"description": "Where a guardian's consent is kept; needed under 16."},
    )
    text_version = Text(
        TEXT_VERSION_LENGTH, metadata={"description": "The text agreed to; left out: today's."}
    )


class MemberChangesSchema(ProfileSchema):
    attributes = values_field(
        load_default=dict,
        metadata={"description": "Values by the attribute's name; null clears one."},
    )


class NewMemberSchema(MemberChangesSchema):
    phone = Phone(required=True)
    consents = fields.List(
        fields.Nested(ConsentSchema), load_default=list, validate=validate.Length(max=len(PAIRS))
    )

    @validates_schema
    def once_each(self, values: dict[str, Any], **_: Any) -> None:
        pairs = [(one["channel"], one["purpose"]) for one in values["consents"]]
        if len(set(pairs)) < len(pairs):
            raise ValidationError("Give each channel and purpose once.", "consents")


class MemberQuerySchema(StrictSchema):
    phone = QueryPhone(required=True)

    @pre_load
    def once(self, values: Any, **_: Any) -> Any:
        if hasattr(values, "getlist") and len(values.getlist("phone")) > 1:
            raise ValidationError("Give one phone.", "phone")
        return values


class MemberSchema(AnswerSchema):
    id = fields.Integer()
    phone = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    birth_date = fields.Date(allow_none=True)
    gender = fields.String(allow_none=True)
    income_band = fields.String(allow_none=True)
    occupation = fields.String(allow_none=True)
    education = fields.String(allow_none=True)
    family_size = fields.Integer(allow_none=True)
    country = fields.String(allow_none=True)
    province = fields.String(allow_none=True)
    province_list = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    points = fields.Integer(metadata={"description": "The balance shown, never below 0."})
    tier = fields.String(allow_none=True)
    source = fields.String()
    joined_at = Time()
    restricted = fields.Boolean(
        metadata={"description": "The member had the use of the profile restricted."}
    )


class WholeMemberSchema(MemberSchema):
    urban = fields.Boolean(
        allow_none=True,
        metadata={"description": "In a town, where district or province tell."},
    )
    attributes = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        metadata={"description": "What the shop keeps beside the profile; only what is known."},
    )


class FormerSchema(AnswerSchema):
    member_id = fields.Integer()
    until = Time()


class MemberListSchema(AnswerSchema):
    items = fields.List(fields.Nested(MemberSchema))
    next = fields.String(allow_none=True)
    former = fields.List(
        fields.Nested(FormerSchema),
        metadata={"description": "Whose number it was, the last one first, where it is nobody's."},
    )


class StandingConsentSchema(AnswerSchema):
    channel = fields.String(validate=validate.OneOf(CHANNELS))
    purpose = fields.String(validate=validate.OneOf(PURPOSES))
    granted = fields.Boolean()
    confirmed = fields.Boolean(
        metadata={"description": "By a proof, or by the member in person: marketing needs it."}
    )
    counts = fields.Boolean(metadata={"description": "Whether the shop may act on it today."})
    guarded = fields.Boolean(metadata={"description": "A guardian agreed."})
    text_version = fields.String(allow_none=True)
    changed_at = Time(allow_none=True)


class ConsentChangeSchema(AnswerSchema):
    channel = fields.String()
    purpose = fields.String()
    granted = fields.Boolean()
    confirmed = fields.Boolean()
    text_version = fields.String()
    via = fields.String(metadata={"description": "api, till, desk, page or import"})
    actor = fields.String()
    at = Time()
    proof = fields.String(allow_none=True)
    guardian = fields.String(allow_none=True)


class ConsentsSchema(AnswerSchema):
    consents = fields.List(fields.Nested(StandingConsentSchema))


class ConsentQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**62)


class ConsentListSchema(AnswerSchema):
    """What stands now, and a page of how it came about, newest first."""

    items = fields.List(fields.Nested(StandingConsentSchema))
    history = fields.List(fields.Nested(ConsentChangeSchema))
    next = fields.String(allow_none=True)


class DoNotCallSchema(StrictSchema):
    add = fields.List(fields.String(), load_default=list)
    remove = fields.List(fields.String(), load_default=list)
    source = Text(
        NAME_LENGTH,
        required=True,
        metadata={"description": "Where the numbers come from, or why they are taken off."},
    )

    @validates_schema
    def not_too_many(self, values: dict[str, Any], **_: Any) -> None:
        if len(values["add"]) + len(values["remove"]) > BATCH_ROWS:
            raise ValidationError(f"At most {BATCH_ROWS} numbers at once.", "add")


class RefusedNumberSchema(AnswerSchema):
    index = fields.Integer()
    list = fields.String(validate=validate.OneOf(["add", "remove"]))
    code = fields.String()
    detail = fields.String()


class DoNotCallChangedSchema(AnswerSchema):
    added = fields.Integer()
    removed = fields.Integer()
    rejected = fields.List(fields.Nested(RefusedNumberSchema))


class ListedSchema(AnswerSchema):
    listed = fields.Boolean()

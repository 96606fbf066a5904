from __future__ import annotations

from datetime import date
from typing import Any

from flask import current_app
from marshmallow import ValidationError, fields, post_load, pre_load, validate

from loyalty.core.errors import Code, Problem
from loyalty.core.fields import AnswerSchema, Day, Int, Phone, QueryPhone, StrictSchema, Text, Time
from loyalty.core.limits import EMAIL_LENGTH, NAME_LENGTH
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


class NewMemberSchema(ProfileSchema):
    phone = Phone(required=True)


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


class MemberListSchema(AnswerSchema):
    items = fields.List(fields.Nested(MemberSchema))
    next = fields.String(allow_none=True)

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from loyalty.core.fields import AnswerSchema, QueryInt, StrictSchema, Text, Time

_PLUS_READ_AS_SPACE = re.compile(r" (\d\d:\d\d)$")


class QueryTime(Time):
    """In a query string `+07:00` arrives as ` 07:00`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str):
            value = _PLUS_READ_AS_SPACE.sub(r"+\1", value)
        return super()._deserialize(value, attr, data, **kwargs)


class SearchSchema(StrictSchema):
    actor = Text(64, metadata={"description": "Such as key:3 or person:7."})
    action = Text(64)
    object_kind = Text(32, metadata={"description": "Such as member or purchase."})
    object_id = Text(64, metadata={"description": "Only together with object_kind."})
    since = QueryTime(metadata={"description": "This moment or later."})
    until = QueryTime(metadata={"description": "Before this moment."})
    cursor = QueryInt(1, 2**62)

    @validates_schema
    def _an_id_is_of_a_kind(self, query: dict[str, Any], **_: Any) -> None:
        if "object_id" in query and "object_kind" not in query:
            raise ValidationError("Name the kind of object as well.", "object_kind")


class EventSchema(AnswerSchema):
    id = fields.Integer()
    at = Time()
    actor = fields.String()
    actor_name = fields.String(allow_none=True)
    action = fields.String()
    object_kind = fields.String()
    object_id = fields.String()
    store = fields.String(allow_none=True, metadata={"description": "Whose matter it is."})
    address = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    details = fields.Dict(allow_none=True)


class EventListSchema(AnswerSchema):
    items = fields.List(fields.Nested(EventSchema))
    next = fields.String(allow_none=True)

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from loyalty.core.fields import AnswerSchema, Int, QueryInt, StrictSchema, Text, Time
from loyalty.core.limits import EXPORT_COLUMNS, EXPORT_ROWS_PER_FILE, NAME_LENGTH, PURPOSE_LENGTH
from loyalty.exports.columns import ColumnKind
from loyalty.exports.formats import FORMATS
from loyalty.exports.rules import Order
from loyalty.jobs.models import JobState
from loyalty.members.consent_rules import CHANNELS

_REACH = {
    "description": "The channel whose consent is needed. Platform files have their own; csv and"
    " xlsx without one are for use within the shop."
}
_COLUMNS = {"description": "Names as in GET /exports/columns, for formats that take them."}
_SINCE = {"description": "An earlier export: only who came and who went since."}


class NewExportSchema(StrictSchema):
    """-> `{order: Order, purpose}`"""

    format = fields.String(required=True, validate=validate.OneOf(list(FORMATS)))
    purpose = Text(PURPOSE_LENGTH, required=True)
    reach = fields.String(validate=validate.OneOf(CHANNELS), metadata=_REACH)
    columns = fields.List(
        Text(NAME_LENGTH), validate=validate.Length(max=EXPORT_COLUMNS), metadata=_COLUMNS
    )
    limit = Int(1, 2**31 - 1)
    rows_per_file = Int(1, EXPORT_ROWS_PER_FILE)
    since_export = Int(1, 2**63 - 1, metadata=_SINCE)

    @post_load
    def order(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        purpose = values.pop("purpose")
        chosen = tuple(values.pop("columns", ()))
        return {"order": Order(**values, columns=chosen), "purpose": purpose}


class ExportQuerySchema(StrictSchema):
    cursor = QueryInt(1, 2**63 - 1)


# -- answers -----------------------------------------------------------------------


class StepSchema(AnswerSchema):
    name = fields.String()
    count = fields.Integer(metadata={"description": "How many are left after it."})
    removed = fields.Integer()


class FileSchema(AnswerSchema):
    name = fields.String()
    rows = fields.Integer()
    bytes = fields.Integer()
    sha256 = fields.String()


class ErrorSchema(AnswerSchema):
    code = fields.String()
    detail = fields.String()
    advice = fields.String(allow_none=True)


class ExportSchema(AnswerSchema):
    id = fields.Integer()
    audience = fields.String()
    audience_name = fields.String(
        allow_none=True, metadata={"description": "Null: it was deleted since."}
    )
    format = fields.String()
    reach = fields.String(allow_none=True)
    purpose = fields.String()
    columns = fields.List(fields.String())
    limit = fields.Integer(allow_none=True)
    rows_per_file = fields.Integer(allow_none=True)
    since_export = fields.Integer(allow_none=True)
    state = fields.String(validate=validate.OneOf([str(state) for state in JobState]))
    is_ending = fields.Boolean(metadata={"description": "Somebody asked for its end."})
    progress = fields.Integer(metadata={"description": "Rows written so far."})
    total = fields.Integer(allow_none=True, metadata={"description": "Of how many."})
    rows = fields.Integer(allow_none=True, metadata={"description": "Of all files, once done."})
    as_of = Time(allow_none=True)
    steps = fields.List(fields.Nested(StepSchema))
    files = fields.List(fields.Nested(FileSchema))
    warnings = fields.List(fields.String())
    left_out = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Values that a platform's column cannot hold, by column."},
    )
    error = fields.Nested(ErrorSchema, allow_none=True)
    created_at = Time()
    created_by = fields.String()
    files_until = Time(allow_none=True)
    files_deleted_at = Time(allow_none=True)


class ExportListSchema(AnswerSchema):
    items = fields.List(fields.Nested(ExportSchema))
    next = fields.String(allow_none=True)


class ColumnSchema(AnswerSchema):
    name = fields.String()
    label = fields.String()
    kind = fields.String(validate=validate.OneOf([str(kind) for kind in ColumnKind]))
    in_import = fields.Boolean(metadata={"description": "An import of members takes it back."})


class ColumnListSchema(AnswerSchema):
    items = fields.List(fields.Nested(ColumnSchema))
    next = fields.String(allow_none=True)

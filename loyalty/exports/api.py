from __future__ import annotations

from typing import Any

from flask import Response, send_file

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.exports import columns, rules, service
from loyalty.exports.schemas import (
    ColumnListSchema,
    ExportListSchema,
    ExportQuerySchema,
    ExportSchema,
    NewExportSchema,
)

blueprint = Blueprint(
    "exports", __name__, url_prefix=API_PREFIX, description="Files made of audiences."
)


@blueprint.post("/audiences/<slug:slug>/exports")
@requires(rules.EXPORT)
@blueprint.arguments(
    NewExportSchema, example={"format": "csv", "reach": "sms", "purpose": "Tết 2027"}
)
@blueprint.response(202, ExportSchema)
def create(body: dict[str, Any], slug: str) -> Any:
    """Have files made of an audience: those who did not agree to the channel, are on the
    do-not-call list, restricted or unreachable are left out, each step counted."""
    return service.create(slug, **body)


@blueprint.get("/exports")
@requires(rules.VIEW)
@blueprint.arguments(ExportQuerySchema, location="query")
@blueprint.response(200, ExportListSchema)
def see_all(query: dict[str, Any]) -> Any:
    """Exports, newest first, 100 a page; those for use within the shop are for managers."""
    items, following = service.page(after=query.get("cursor"))
    return {"items": items, "next": following}


@blueprint.get("/exports/columns")
@requires(rules.VIEW)
@blueprint.response(200, ColumnListSchema)
def see_columns() -> Any:
    """What can be a column of csv, xlsx, zalo and sms files."""
    items = [
        {
            "name": column.name,
            "label": str(column.label),
            "kind": str(column.kind),
            "in_import": column.in_import,
        }
        for column in columns.columns().values()
    ]
    return {"items": items, "next": None}


@blueprint.get("/exports/<int:export_id>")
@requires(rules.VIEW)
@blueprint.response(200, ExportSchema)
def see(export_id: int) -> Any:
    """How far it is, the count after each step, its files once they are whole."""
    return service.get(export_id)


@blueprint.post("/exports/<int:export_id>/cancel")
@requires(rules.EXPORT)
@blueprint.response(200, ExportSchema)
def cancel(export_id: int) -> Any:
    """End it; no file is left."""
    return service.cancel(export_id)


@blueprint.post("/exports/<int:export_id>/retry")
@requires(rules.EXPORT)
@blueprint.response(202, ExportSchema)
def retry(export_id: int) -> Any:
    """Begin one again that failed or was cancelled."""
    return service.retry(export_id)


@blueprint.get("/exports/<int:export_id>/files/<string:file_name>")
@requires(rules.VIEW, writes=True)
@blueprint.response(
    200, {"type": "string", "format": "binary"}, content_type="application/octet-stream"
)
def fetch(export_id: int, file_name: str) -> Response:
    """One of its files, or `manifest.json`; the log keeps who took it."""
    path = service.file_of(export_id, file_name)
    sent = send_file(path, "application/octet-stream", as_attachment=True, download_name=file_name)
    sent.cache_control.no_store = True
    return sent

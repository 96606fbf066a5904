from __future__ import annotations

from typing import Any

from loyalty.audit import rules, service
from loyalty.audit.schemas import EventListSchema, SearchSchema
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint

blueprint = Blueprint("audit", __name__, url_prefix=API_PREFIX, description="Who did what.")


@blueprint.get("/audit")
@requires(rules.SEARCH)
@blueprint.arguments(SearchSchema, location="query")
@blueprint.response(200, EventListSchema)
def search(query: dict[str, Any]) -> Any:
    """The log, newest first, 100 events a page. A key of one store reads that store's."""
    items, following = service.search(before=query.pop("cursor", None), **query)
    return {"items": items, "next": following}

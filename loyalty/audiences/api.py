from __future__ import annotations

from typing import Any

from loyalty.audiences import building, changes, explaining, rules, service
from loyalty.audiences.schemas import (
    AudienceChangeSchema,
    AudienceCountsSchema,
    AudienceListSchema,
    AudiencePreviewSchema,
    AudienceQuerySchema,
    AudienceSchema,
    ChangesSchema,
    NewAudienceSchema,
    WhyMemberSchema,
)
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.groups import history
from loyalty.tags.answers import BuildListSchema, BuildSchema
from loyalty.tags.schemas import BuildQuerySchema

blueprint = Blueprint(
    "audiences", __name__, url_prefix=API_PREFIX, description="Large groups, put together."
)

_EXPRESSION = {"any": [{"tag": "vip"}, {"not": {"tag": "vip"}}]}


# -- audiences ---------------------------------------------------------------------


@blueprint.get("/audiences")
@requires(rules.VIEW)
@blueprint.arguments(AudienceQuerySchema, location="query")
@blueprint.response(200, AudienceListSchema)
def see_all(query: dict[str, Any]) -> Any:
    """Audiences with their exact count of now, 100 a page."""
    items, following = service.page(after=query.get("cursor"))
    return {"items": items, "next": following}


@blueprint.post("/audiences")
@requires(rules.CHANGE)
@blueprint.arguments(
    NewAudienceSchema,
    example={"name": "Khách VIP", "slug": "vip", "expression": {"tag": "vip"}},
)
@blueprint.response(201, AudienceSchema)
def create(body: dict[str, Any]) -> Any:
    """Put tags and other audiences together to a new one."""
    return service.create(**body)


@blueprint.get("/audiences/<slug:slug>")
@requires(rules.VIEW)
@blueprint.response(200, AudienceSchema)
def see(slug: str) -> Any:
    """One audience with its exact count of now."""
    return service.get(slug)


@blueprint.route("/audiences/<slug:slug>", methods=["PATCH"])
@requires(rules.CHANGE)
@blueprint.arguments(
    AudienceChangeSchema, example={"name": "Khách thân thiết", "expression": _EXPRESSION}
)
@blueprint.response(200, AudienceSchema)
def change(body: dict[str, Any], slug: str) -> Any:
    """Give it another name or expression; one that leads back to it is refused."""
    return service.change(slug, changes=body)


@blueprint.delete("/audiences/<slug:slug>")
@requires(rules.CHANGE)
@blueprint.response(204)
def delete(slug: str) -> None:
    """Delete it with its builds; not while another audience is made of it."""
    service.delete(slug)


@blueprint.post("/audiences/preview")
@requires(rules.VIEW, writes=False)
@blueprint.arguments(
    AudiencePreviewSchema, example={"expression": _EXPRESSION, "overlap": [{"tag": "vip"}]}
)
@blueprint.response(200, AudienceCountsSchema)
def preview(body: dict[str, Any]) -> Any:
    """Exactly how many are in every node of an expression, how many of the whole each channel
    reaches, and how up to five groups overlap."""
    return service.preview(body["expression"], overlap=body["overlap"])


# -- builds ------------------------------------------------------------------------


@blueprint.post("/audiences/<slug:slug>/builds")
@requires(rules.CHANGE)
@blueprint.response(201, BuildSchema)
def build(slug: str) -> Any:
    """Keep who is in now, so that later changes can be told from it."""
    built = building.build(slug)
    newest, _ = history.builds_page(service.look(slug).group_id)
    return next(item for item in newest if item["id"] == built.build_id)


@blueprint.get("/audiences/<slug:slug>/builds")
@requires(rules.VIEW)
@blueprint.arguments(BuildQuerySchema, location="query")
@blueprint.response(200, BuildListSchema)
def see_builds(query: dict[str, Any], slug: str) -> Any:
    """When it was built, how many were in, came and went: newest first, 100 a page."""
    group_id = service.look(slug).group_id
    items, following = history.builds_page(group_id, before=query.get("cursor"))
    return {"items": items, "next": following}


@blueprint.get("/audiences/<slug:slug>/changes")
@requires(rules.VIEW)
@blueprint.response(200, ChangesSchema)
def see_changes(slug: str) -> Any:
    """Who came and went since the last build, and through what: an edited expression or rule,
    data that changed, time that passed, a tag set by hand."""
    return changes.since_last_build(slug)


@blueprint.get("/audiences/<slug:slug>/members/<int32:member_id>/why")
@requires(rules.EXPLAIN)
@blueprint.response(200, WhyMemberSchema)
def why(slug: str, member_id: int) -> Any:
    """Whether a member is in, and because of which tags."""
    return explaining.why(slug, member_id)

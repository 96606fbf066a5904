from __future__ import annotations

from dataclasses import asdict
from typing import Any

from loyalty.core import clock
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.tags import cut_points, describing, rules, service, starters
from loyalty.tags.answers import (
    BuildListSchema,
    DescribedSchema,
    FilledSchema,
    InstalledSchema,
    MarkedSchema,
    MemberTagListSchema,
    PreviewedSchema,
    TagListSchema,
    TagSchema,
    ThresholdsSchema,
)
from loyalty.tags.rfm import Cuts
from loyalty.tags.schemas import (
    BuildQuerySchema,
    FillSchema,
    NewTagSchema,
    PreviewSchema,
    RfmSchema,
    TagChangeSchema,
)

_SPENT = {
    "purchases": {"agg": "sum", "of": "amount", "op": "ge", "value": 2_000_000}
    | {"within": {"last": 90, "unit": "day"}}
}

blueprint = Blueprint(
    "tags", __name__, url_prefix=API_PREFIX, description="Small groups of members, by rule or hand."
)


# -- tags --------------------------------------------------------------------------


@blueprint.get("/tags")
@requires(rules.VIEW)
@blueprint.response(200, TagListSchema)
def see_all() -> Any:
    """Every tag, by name: its rule in words, how many members it has, as of when."""
    return {"items": service.all_tags(), "next": None}


@blueprint.post("/tags")
@requires(rules.CHANGE)
@blueprint.arguments(NewTagSchema, example={"name": "Hội viên VIP", "slug": "vip"})
@blueprint.response(201, TagSchema)
def create(body: dict[str, Any]) -> Any:
    """Make a tag. With a `rule` the data decides who is in, and it is built at once where that
    is quick; until it is built, `built_at` is null."""
    return service.create(**body)


@blueprint.get("/tags/<slug:slug>")
@requires(rules.VIEW)
@blueprint.response(200, TagSchema)
def see(slug: str) -> Any:
    """One tag. `failing` says why its newest build did not come to an end: its members are
    then those of the last good one."""
    return service.get(slug)


@blueprint.route("/tags/<slug:slug>", methods=["PATCH"])
@requires(rules.CHANGE)
@blueprint.arguments(
    TagChangeSchema, example={"name": "Khách VIP", "link": "https://zalo.me/g/vip"}
)
@blueprint.response(200, TagSchema)
def change(body: dict[str, Any], slug: str) -> Any:
    """Change a tag's name, rule or link; null clears the link. Another rule is another
    `rule_version`. A manual tag takes no rule: 409 `tag_is_manual`."""
    return service.change(slug, changes=body)


@blueprint.delete("/tags/<slug:slug>")
@requires(rules.CHANGE)
@blueprint.response(204)
def delete(slug: str) -> None:
    """Delete a tag and its history; 409 `group_in_use` while an audience is made of it."""
    service.delete(slug)


@blueprint.post("/tags/<slug:slug>/refresh")
@requires(rules.CHANGE)
@blueprint.response(200, TagSchema)
@blueprint.alt_response(202, schema=TagSchema, description="It will be built soon.")
def refresh(slug: str) -> Any:
    """Follow a tag's rule again: 200 where that is done, 202 where it will be soon."""
    done = service.refresh(slug)
    return service.get(slug), 200 if done else 202


@blueprint.get("/tags/<slug:slug>/builds")
@requires(rules.VIEW)
@blueprint.arguments(BuildQuerySchema, location="query")
@blueprint.response(200, BuildListSchema)
def see_builds(query: dict[str, Any], slug: str) -> Any:
    """When and why a tag's members changed, newest first, 100 a page."""
    items, following = service.builds(slug, before=query.get("cursor"))
    return {"items": items, "next": following}


@blueprint.post("/tags/starters")
@requires(rules.CHANGE)
@blueprint.response(200, InstalledSchema)
def install_starters() -> Any:
    """Make the starter tags that are not there yet; those that are stay as they are."""
    return starters.install()


# -- rules ---------------------------------------------------------------------------


@blueprint.get("/tags/fields")
@requires(rules.VIEW)
@blueprint.response(200, DescribedSchema)
def see_fields() -> Any:
    """What rules can be made of: every field with its kind, operators and choices, the shop's
    own attributes, what can be asked of purchases, and the limits."""
    return describing.described_fields()


@blueprint.post("/tags/preview")
@requires(rules.VIEW, writes=False)
@blueprint.arguments(PreviewSchema, example={"rule": _SPENT})
@blueprint.response(200, PreviewedSchema)
def preview(body: dict[str, Any]) -> Any:
    """How many members a rule finds, exactly, and ten of them, phones masked; 503
    `took_too_long` after some seconds."""
    return service.preview(body["rule"], as_of=body.get("as_of") or clock.now())


@blueprint.get("/tags/rfm")
@requires(rules.VIEW)
@blueprint.response(200, ThresholdsSchema)
def see_rfm() -> Any:
    """The fixed thresholds of the RFM scores, which apply while there are fewer than 500
    buyers."""
    return asdict(cut_points.settings())


@blueprint.put("/tags/rfm")
@requires(rules.CHANGE)
@blueprint.arguments(
    RfmSchema,
    example={
        "recency": [240, 120, 60, 30],
        "frequency": [1, 2, 5, 9],
        "monetary": [500_000, 1_000_000, 3_000_000, 10_000_000],
    },
)
@blueprint.response(200, ThresholdsSchema)
def change_rfm(body: dict[str, list[int]]) -> Any:
    """Set them; tags follow at their next build."""
    cut_points.change_settings(Cuts(**{score: tuple(cuts) for score, cuts in body.items()}))
    return asdict(cut_points.settings())


# -- members ---------------------------------------------------------------------------


@blueprint.post("/tags/<slug:slug>/members")
@requires(rules.FILL)
@blueprint.arguments(FillSchema, example={"add": ["0912 345 678"], "remove": []})
@blueprint.response(200, FilledSchema)
def fill(body: dict[str, list[str]], slug: str) -> Any:
    """Put members into a manual tag and take members out by their phones, up to 5,000 at
    once; whoever is in both lists is out. A tag with a rule answers 409 `tag_has_rule`."""
    return service.fill(slug, add=body["add"], remove=body["remove"])


@blueprint.put("/members/<int32:member_id>/tags/<slug:slug>")
@requires(rules.MARK)
@blueprint.response(200, MarkedSchema)
def give(member_id: int, slug: str) -> Any:
    """Give one member a manual tag; the same again changes nothing."""
    return {"changed": service.mark(member_id, slug, on=True)}


@blueprint.delete("/members/<int32:member_id>/tags/<slug:slug>")
@requires(rules.MARK)
@blueprint.response(200, MarkedSchema)
def take_off(member_id: int, slug: str) -> Any:
    """Take a manual tag off one member; the same again changes nothing."""
    return {"changed": service.mark(member_id, slug, on=False)}


@blueprint.get("/members/<int32:member_id>/tags")
@requires(rules.SEE_OF_MEMBER)
@blueprint.response(200, MemberTagListSchema)
def see_of_member(member_id: int) -> Any:
    """Which tags a member has, since when, and why: the rule in words, or who set it."""
    return {"items": service.of_member(member_id), "next": None}

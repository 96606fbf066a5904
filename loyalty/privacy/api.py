from __future__ import annotations

from typing import Any

from flask import request

from loyalty.audit import service as audit
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.core.errors import Code, Problem
from loyalty.privacy import rules, service
from loyalty.privacy.schemas import (
    ErasedSchema,
    GivenReasonSchema,
    HeldSchema,
    NewRequestSchema,
    RequestListSchema,
    RequestQuerySchema,
    RequestSchema,
    RestrictedSchema,
    RestrictionSchema,
)

blueprint = Blueprint(
    "rights", __name__, url_prefix=API_PREFIX, description="A member's rights to their own data."
)


@blueprint.get("/members/<int32:member_id>/data")
@requires(rules.COPY, writes=True)
@blueprint.response(200, HeldSchema)
def held(member_id: int) -> Any:
    """Everything held about one member, to hand over; the log keeps who took it."""
    audit.record(rules.COPY.name, "member", member_id)
    return service.held(member_id)


@blueprint.post("/members/<int32:member_id>/erasure")
@requires(rules.ERASE)
@blueprint.arguments(GivenReasonSchema, example={"reason": "asked for in the shop"})
@blueprint.response(200, ErasedSchema)
def erase(body: dict[str, Any], member_id: int) -> Any:
    """Erase a member beyond recovery; receipts and points stay as sums of nobody."""
    service.erase(member_id, reason=body["reason"])
    return {"erased_at": service.status(member_id)["erased_at"]}


@blueprint.put("/members/<int32:member_id>/restriction")
@requires(rules.RESTRICT)
@blueprint.arguments(RestrictionSchema, example={"restricted": True, "reason": "asked by mail"})
@blueprint.response(200, RestrictedSchema)
def restrict(body: dict[str, Any], member_id: int) -> Any:
    """Keep a member out of every file and campaign, or lift that again."""
    act = service.restrict if body["restricted"] else service.lift_restriction
    act(member_id, reason=body["reason"])
    return {"restricted_at": service.status(member_id)["restricted_at"]}


@blueprint.get("/members/<int32:member_id>/rights-requests")
@requires(rules.REQUESTS)
@blueprint.response(200, RequestListSchema)
def requests_of(member_id: int) -> Any:
    """What a member asked, newest first."""
    return {"items": service.requests_of(member_id), "next": None}


@blueprint.post("/members/<int32:member_id>/rights-requests")
@requires(rules.REQUESTS)
@blueprint.arguments(NewRequestSchema, example={"kind": "copy", "via": "mail"})
@blueprint.response(201, RequestSchema)
def receive(body: dict[str, Any], member_id: int) -> Any:
    """Write down what a member asks; both dates of the law run from its receipt.

    The same kind again while it is open is the request that is there.
    """
    return service.receive(member_id, **body)


@blueprint.get("/rights-requests")
@requires(rules.REQUESTS)
@blueprint.arguments(RequestQuerySchema, location="query")
@blueprint.response(200, RequestListSchema)
def open_requests(query: dict[str, Any]) -> Any:
    """What waits to be answered or carried out, the soonest due first."""
    return {"items": service.open_requests(), "next": None}


@blueprint.post("/rights-requests/<int:request_id>/answer")
@requires(rules.REQUESTS)
@blueprint.response(200, RequestSchema)
def answer(request_id: int) -> Any:
    """The member was told how it goes on."""
    _take_nothing()
    return service.answer(request_id)


@blueprint.post("/rights-requests/<int:request_id>/finish")
@requires(rules.REQUESTS)
@blueprint.response(200, RequestSchema)
def finish(request_id: int) -> Any:
    """It was carried out."""
    _take_nothing()
    return service.finish(request_id)


@blueprint.post("/rights-requests/<int:request_id>/refuse")
@requires(rules.REQUESTS)
@blueprint.arguments(GivenReasonSchema, example={"reason": "not the person"})
@blueprint.response(200, RequestSchema)
def refuse(body: dict[str, Any], request_id: int) -> Any:
    """It is not carried out, and why."""
    return service.refuse(request_id, reason=body["reason"])


def _take_nothing() -> None:
    """An empty body, or an empty object; a field would be one that nobody reads."""
    if request.get_data().strip() not in (b"", b"{}"):
        raise Problem(Code.INVALID_REQUEST)

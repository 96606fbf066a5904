from __future__ import annotations

from typing import Any

from loyalty.audit import service as audit
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.members import consents, do_not_call, rules, service
from loyalty.members.schemas import (
    ConsentListSchema,
    ConsentQuerySchema,
    ConsentSchema,
    ConsentsSchema,
    DoNotCallChangedSchema,
    DoNotCallSchema,
    ListedSchema,
    MemberListSchema,
    MemberQuerySchema,
    MemberSchema,
    NewMemberSchema,
    ProfileSchema,
)

blueprint = Blueprint(
    "members", __name__, url_prefix=API_PREFIX, description="The account of a phone."
)


@blueprint.get("/members")
@requires(rules.FIND)
@blueprint.arguments(MemberQuerySchema, location="query")
@blueprint.response(200, MemberListSchema)
def find(query: dict[str, Any]) -> Any:
    """Find the member of a phone, however it is written; an unknown phone gives no items."""
    member = service.find_by_phone(query["phone"])
    return {"items": [member] if member else [], "next": None}


@blueprint.post("/members")
@requires(rules.CREATE)
@blueprint.arguments(NewMemberSchema, example={"phone": "0912 345 678", "name": "Lê Thu Hằng"})
@blueprint.response(201, MemberSchema)
def create(body: dict[str, Any]) -> Any:
    """Make a member; a phone in use answers 409 `phone_in_use`."""
    phone, said = body.pop("phone"), body.pop("consents")
    member_id = service.create(phone, body, source="api")
    consents.change_all(member_id, said, via="api")
    return service.get(member_id)


@blueprint.get("/members/<int32:member_id>")
@requires(rules.VIEW, writes=True)
@blueprint.response(200, MemberSchema)
def get(member_id: int) -> Any:
    """One member by id; the log keeps who looked."""
    audit.record("member.view", "member", member_id)
    return service.get(member_id)


@blueprint.route("/members/<int32:member_id>", methods=["PATCH"])
@requires(rules.CHANGE)
@blueprint.arguments(ProfileSchema, example={"name": "Lê Thu Hằng", "gender": "female"})
@blueprint.response(200, MemberSchema)
def change(body: dict[str, Any], member_id: int) -> Any:
    """Change what is known of a member; null clears a field."""
    service.change_profile(member_id, body)
    return service.get(member_id)


@blueprint.get("/members/<int32:member_id>/consents")
@requires(rules.SEE_CONSENTS)
@blueprint.arguments(ConsentQuerySchema, location="query")
@blueprint.response(200, ConsentListSchema)
def see_consents(query: dict[str, Any], member_id: int) -> Any:
    """What a member agrees to, for every channel and purpose, and how it came about:
    100 changes a page, newest first."""
    items = consents.current(member_id)
    changes, following = consents.history_page(member_id, before=query.get("cursor"))
    return {"items": items, "history": changes, "next": following}


@blueprint.put("/members/<int32:member_id>/consents")
@requires(rules.CONSENT)
@blueprint.arguments(
    ConsentSchema,
    example={"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form 118"},
)
@blueprint.response(200, ConsentsSchema)
def change_consent(body: dict[str, Any], member_id: int) -> Any:
    """Keep what a member said; the same again changes nothing.

    A yes to service counts at once. A yes to marketing counts at once with a proof, and
    without one when the member confirms it. Under 16 marketing needs a guardian, and `ads`
    is refused.
    """
    consents.change(member_id, via="api", **body)
    return {"consents": consents.current(member_id)}


@blueprint.get("/do-not-call")
@requires(rules.DO_NOT_CALL)
@blueprint.arguments(MemberQuerySchema, location="query")
@blueprint.response(200, ListedSchema)
def is_listed(query: dict[str, Any]) -> Any:
    """Whether no marketing message or call may go to this number."""
    return {"listed": do_not_call.holds(query["phone"])}


@blueprint.post("/do-not-call")
@requires(rules.DO_NOT_CALL)
@blueprint.arguments(
    DoNotCallSchema, example={"add": ["0912 345 678"], "source": "carrier's list of November"}
)
@blueprint.response(200, DoNotCallChangedSchema)
def change_do_not_call(body: dict[str, Any]) -> Any:
    """Put numbers on the do-not-call list and take numbers off it, up to 5,000 at once; a
    number given in both lists stays on it."""
    return do_not_call.change(coming=body["add"], leaving=body["remove"], source=body["source"])

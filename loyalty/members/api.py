from __future__ import annotations

from typing import Any

from loyalty.audit import service as audit
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.members import rules, service
from loyalty.members.schemas import (
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
    phone = body.pop("phone")
    return service.get(service.create(phone, body, source="api"))


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

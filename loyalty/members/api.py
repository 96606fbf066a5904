from __future__ import annotations

from typing import Any

from loyalty.audit import service as audit
from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.members import attributes, consents, do_not_call, phones, rules, service
from loyalty.members.attribute_schemas import (
    AttributeChangesSchema,
    AttributeListSchema,
    AttributeSchema,
    NewAttributeSchema,
)
from loyalty.members.models import AttributeKind
from loyalty.members.schemas import (
    ConsentListSchema,
    ConsentQuerySchema,
    ConsentSchema,
    ConsentsSchema,
    DoNotCallChangedSchema,
    DoNotCallSchema,
    ListedSchema,
    MemberChangesSchema,
    MemberListSchema,
    MemberQuerySchema,
    NewMemberSchema,
    WholeMemberSchema,
)

blueprint = Blueprint(
    "members", __name__, url_prefix=API_PREFIX, description="The account of a phone."
)


@blueprint.get("/members")
@requires(rules.FIND)
@blueprint.arguments(MemberQuerySchema, location="query")
@blueprint.response(200, MemberListSchema)
def find(query: dict[str, Any]) -> Any:
    """Find the member of a phone, however it is written; an unknown phone gives no items. The
    number of an account that was merged finds the member that carries it on; one that a member
    has no longer gives no items, and whose it was in `former`."""
    member = service.find_by_phone(query["phone"])
    former = [] if member else phones.formerly(query["phone"])
    page = {"items": [member] if member else [], "next": None}
    return page | ({"former": former} if former else {})


@blueprint.post("/members")
@requires(rules.CREATE)
@blueprint.arguments(NewMemberSchema, example={"phone": "0912 345 678", "name": "Lê Thu Hằng"})
@blueprint.response(201, WholeMemberSchema)
def create(body: dict[str, Any]) -> Any:
    """Make a member; a phone in use answers 409 `phone_in_use`."""
    phone, said, values = body.pop("phone"), body.pop("consents"), body.pop("attributes")
    member_id = service.create(phone, body, source="api")
    consents.change_all(member_id, said, via="api")
    attributes.set_values(member_id, values)
    return service.get_whole(member_id)


@blueprint.get("/members/<int32:member_id>")
@requires(rules.VIEW, writes=True)
@blueprint.response(200, WholeMemberSchema)
def get(member_id: int) -> Any:
    """One member by id; the log keeps who looked."""
    audit.record("member.view", "member", member_id)
    return service.get_whole(member_id)


@blueprint.route("/members/<int32:member_id>", methods=["PATCH"])
@requires(rules.CHANGE)
@blueprint.arguments(MemberChangesSchema, example={"name": "Lê Thu Hằng", "gender": "female"})
@blueprint.response(200, WholeMemberSchema)
def change(body: dict[str, Any], member_id: int) -> Any:
    """Change what is known of a member; null clears a field."""
    values = body.pop("attributes")
    service.change_profile(member_id, body)
    attributes.set_values(member_id, values)
    return service.get_whole(member_id)


@blueprint.get("/attributes")
@requires(rules.SEE_ATTRIBUTES)
@blueprint.response(200, AttributeListSchema)
def see_attributes() -> Any:
    """What the shop keeps of its members beside the profile, oldest first; 100 at most."""
    return {"items": [_shown(each) for each in attributes.declared().values()], "next": None}


@blueprint.post("/attributes")
@requires(rules.DECLARE_ATTRIBUTES)
@blueprint.arguments(
    NewAttributeSchema,
    example={
        "name": "vehicle",
        "label": "Phương tiện",
        "kind": "choice",
        "choices": ["xe máy", "ô tô"],
    },
)
@blueprint.response(201, AttributeSchema)
def declare_attribute(body: dict[str, Any]) -> Any:
    """Keep one thing more; members are given a value of it, and tag rules ask for it as
    `attributes.vehicle`."""
    return _shown(attributes.declare(**{**body, "kind": AttributeKind(body["kind"])}))


@blueprint.route("/attributes/<attribute:name>", methods=["PATCH"])
@requires(rules.DECLARE_ATTRIBUTES)
@blueprint.arguments(AttributeChangesSchema, example={"label": "Xe đang đi"})
@blueprint.response(200, AttributeSchema)
def change_attribute(body: dict[str, Any], name: str) -> Any:
    """Another label, other choices; a choice that a member has is not taken away."""
    return _shown(attributes.change(name, **body))


@blueprint.delete("/attributes/<attribute:name>")
@requires(rules.DECLARE_ATTRIBUTES)
@blueprint.response(204)
def drop_attribute(name: str) -> None:
    """Keep it no longer: it is gone from every member. A tag that asks for it keeps the
    members it has and says that it fails."""
    attributes.drop(name)


def _shown(attribute: attributes.AttributeView) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "label": attribute.label,
        "kind": attribute.kind,
        "choices": list(attribute.choices) or None,
    }


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

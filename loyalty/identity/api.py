from __future__ import annotations

from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.identity import merging, phones, rules
from loyalty.identity.schemas import DetachSchema, MergeSchema, NewPhoneSchema
from loyalty.members import service as members
from loyalty.members.schemas import WholeMemberSchema

blueprint = Blueprint(
    "identity", __name__, url_prefix=API_PREFIX, description="What moves a whole person."
)


@blueprint.put("/members/<int32:member_id>/phone")
@requires(rules.CHANGE_PHONE)
@blueprint.arguments(NewPhoneSchema, example={"phone": "0905 888 777"})
@blueprint.response(200, WholeMemberSchema)
def change_phone(body: dict[str, Any], member_id: int) -> Any:
    """Give a member another number; the old one ends. A number in use answers 409
    `phone_in_use` with `member: {id}`: merge the two."""
    phones.change(member_id, body["phone"])
    return members.get_whole(member_id)


@blueprint.post("/members/<int32:member_id>/phone/detach")
@requires(rules.CHANGE_PHONE)
@blueprint.arguments(DetachSchema, example={"reason": "the carrier gave it to somebody else"})
@blueprint.response(200, WholeMemberSchema)
def detach_phone(body: dict[str, Any], member_id: int) -> Any:
    """The number is another person's by now: the history stays with the member, and a receipt
    for the number begins a new account."""
    phones.detach(member_id, **body)
    return members.get_whole(member_id)


@blueprint.post("/members/<int32:member_id>/merge")
@requires(rules.MERGE)
@blueprint.arguments(MergeSchema, example={"into": 2})
@blueprint.response(200, WholeMemberSchema)
def merge(body: dict[str, Any], member_id: int) -> Any:
    """Make one account of two: the member of the path is carried on by `into`, which is
    answered. Points, receipts, redemptions and numbers are its own from now on, of consents what
    both agreed to. Once more changes nothing; there is no way back."""
    return members.get_whole(merging.merge(member_id, into=body["into"], via="api"))

"""Points at the till: gifts given, vouchers and points that pay for a receipt, each taken back by
one press."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, requires
from loyalty.core.db import in_transaction, read, stop_reading
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.pages.till import cards, gifts, payments, pins, spent, typed
from loyalty.pages.till.answers import SETTLED, Place, answer, empty, place
from loyalty.pages.till.blueprint import blueprint
from loyalty.rewards import service as rewards
from loyalty.rewards.rules import REDEEM

_REDEEMS = requires(REDEEM, door=Door.LOGIN)
_LOOKS = requires(REDEEM, door=Door.LOGIN, writes=False)


# -- gifts -----------------------------------------------------------------------


@blueprint.post("/members/<int32:member_id>/gifts/<int:reward_id>")
@_LOOKS
def give(member_id: int, reward_id: int) -> ResponseReturnValue:
    """One press; the line that says so carries its undo."""
    store_id = typed.store(request.form).id
    try:
        given = _approved(
            lambda manager: _give(member_id, reward_id, store_id=store_id, manager=manager),
            store_id,
        )
    except gifts.GivenJustNow as again:
        return _ask_once_more(again.redemption_id)
    with read():
        line = place(
            "outcome",
            "recorded",
            sentence=spent.given(given, members.get(member_id)),
            brief=spent.given_briefly(given),
            undo=spent.undo_of(given),
        )
        return answer(
            line, empty("ask"), *_customer(member_id, just_given=reward_id), event="till-spent"
        )


def _give(member_id: int, reward_id: int, *, store_id: int, manager: int | None) -> dict[str, Any]:
    # Asked with the member's row held: of two presses at once the second finds the first.
    members.lock([member_id])
    gifts.check_is_meant(member_id, reward_id, confirmed=request.form.get("confirmed", ""))
    return rewards.redeem_now(
        member_id, reward_id=reward_id, store_id=store_id, approved_by=manager
    )


def _ask_once_more(redemption_id: int) -> ResponseReturnValue:
    with read():
        question = spent.once_more(rewards.get(redemption_id), request.path)
        asked = place("ask", "question", question=question)
    return answer(asked, event="till-asks", when=SETTLED)


@blueprint.post("/redemptions/<int:redemption_id>/undo")
@_REDEEMS
def undo(redemption_id: int) -> ResponseReturnValue:
    taken_back = rewards.undo(redemption_id)
    sentence = spent.undone(taken_back)
    line = place("outcome", "line", tone="accent", mark="undo", sentence=sentence)
    return answer(line, event="till-changed")


# -- what pays for the receipt -----------------------------------------------------


@blueprint.post("/members/<int32:member_id>/points")
@_LOOKS
def use_points(member_id: int) -> ResponseReturnValue:
    """Without `points`: how many? With them: held for the receipt that is being typed."""
    amount = _amount()
    _free(payments.lost(member_id, _chosen()))
    paying = payments.of(member_id, _chosen())
    most = payments.most_points(amount, paying)
    points = typed.points(request.form)
    if points is None or points > most:
        return _ask_how_many(member_id, most, points)
    store_id = typed.store(request.form).id
    held = _approved(
        lambda manager: rewards.hold(
            member_id, points=points, store_id=store_id, approved_by=manager
        ),
        store_id,
    )
    with read():
        return _paying(member_id, [*paying.ids, held["id"]])


def _free(redemption_ids: Sequence[int]) -> None:
    if redemption_ids:
        stop_reading()
        in_transaction(lambda: [rewards.void(each) for each in redemption_ids])


def _ask_how_many(member_id: int, most: int, points: int | None) -> ResponseReturnValue:
    asked = place(
        "ask",
        "points",
        member_id=member_id,
        choices=payments.choices(most) if most else (),
        too_many=spent.at_most(most) if points else "",
    )
    return answer(asked, event="till-asks", when=SETTLED)


@blueprint.post("/vouchers/<int:redemption_id>/use")
@_LOOKS
def use_voucher(redemption_id: int) -> ResponseReturnValue:
    """It is used up when the receipt is recorded, not before."""
    voucher = spent.usable(rewards.get(redemption_id), field="redemptions")
    if voucher["member_id"] != typed.member_id(request.form):
        raise Problem(Code.UNKNOWN_REDEMPTION, field="redemptions")
    return _paying(voucher["member_id"], [*_chosen(), voucher["id"]])


@blueprint.post("/codes")
@_LOOKS
def use_code() -> ResponseReturnValue:
    """A voucher by its code, of the customer on the card."""
    voucher = spent.usable(rewards.find_by_code(request.form.get("code", "")), field="code")
    if voucher["member_id"] != typed.member_id(request.form):
        raise Problem(Code.UNKNOWN_REDEMPTION, field="code", detail=spent.of_another())
    return _paying(voucher["member_id"], [*_chosen(), voucher["id"]])


@blueprint.post("/redemptions/<int:redemption_id>/drop")
@_REDEEMS
def drop(redemption_id: int) -> ResponseReturnValue:
    """It pays no more: points that were held are free again, a voucher stays the customer's."""
    dropped = rewards.get(redemption_id)
    if dropped["reward"] is None:
        rewards.void(redemption_id)
    left = [each for each in _chosen() if each != redemption_id]
    return _paying(dropped["member_id"], left)


def _paying(member_id: int, redemption_ids: list[int]) -> ResponseReturnValue:
    paying = payments.of(member_id, list(dict.fromkeys(redemption_ids)))
    return answer(empty("ask"), *beside(member_id, paying), event="till-pays")


def beside(
    member_id: int, paying: payments.Payments, *, just_given: int | None = None
) -> list[Place]:
    """The panel of gifts, the way to it on a small screen, and what pays for the receipt."""
    shown = gifts.of_member(member_id, in_use=paying.ids, just_given=just_given)
    return [
        place("gifts", "gifts", gifts=shown),
        place("gifts-way", "gifts_way", gifts=shown, paying=paying),
        place("pays", "pays", paying=paying),
    ]


def nothing_beside() -> list[Place]:
    return [empty("gifts"), empty("gifts-way"), empty("pays")]


def _customer(member_id: int, *, just_given: int) -> list[Place]:
    member = members.get(member_id)
    places = beside(member_id, payments.of(member_id, _chosen()), just_given=just_given)
    if member["phone"] is not None:
        card = cards.card_of(member, PhoneNumber(member["phone"]))
        places.append(place("member", "member_known", card=card))
    return places


def _approved(act: Callable[[int | None], dict[str, Any]], store_id: int) -> dict[str, Any]:
    """Do it in a transaction of its own, told which manager approves, if one does."""
    # Argon2 runs without the write lock: a PIN must not stop the other tills.
    stop_reading()
    manager = pins.approved_by(store_id)
    return in_transaction(lambda: act(manager))


def _chosen() -> list[int]:
    return typed.redemptions(request.form)


def _amount() -> int:
    if typed.is_blank(request.form, "amount"):
        raise Problem(Code.INVALID_AMOUNT, field="amount", detail=spent.amount_first())
    return typed.amount(request.form)

"""What receipts earn: each by the rule of its time, by its buyer's tier and tags, and by the
promotions that there is room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loyalty.members.service import LockedMember
from loyalty.programme.earning import Buyer, Line, Sale, Worked, running, work_out, work_out_plain
from loyalty.programme.rules import Programme
from loyalty.purchases.earning_promotions import Room
from loyalty.purchases.handed_in import in_tag
from loyalty.purchases.rules import Receipt

InTags = Mapping[str, set[int]]
"""Member ids by tag."""


def worked_out(
    receipts: Sequence[Receipt], buyers: Sequence[LockedMember], current: Programme
) -> list[Worked]:
    """In the order of `receipts`; `buyers`: the locked member of each."""
    if current.is_plain:
        return [
            work_out_plain(
                current.rule_at(receipt.purchased_at), receipt.amount, current.tier(buyer.tier_id)
            )
            for receipt, buyer in zip(receipts, buyers, strict=True)
        ]
    in_tags = {slug: in_tag(slug, {b.id for b in buyers}) for slug in _tags(receipts, current)}
    sales = [
        (member.id, sale_of(receipt), _buyer(member, in_tags, current))
        for receipt, member in zip(receipts, buyers, strict=True)
    ]
    room = Room.of(
        (member_id, promotion)
        for member_id, sale, buyer in sales
        for promotion in running(current, sale, buyer)
    )
    worked = []
    for receipt, (member_id, sale, buyer) in zip(receipts, sales, strict=True):
        rule = current.rule_at(receipt.purchased_at)
        found = work_out(current, rule, sale, buyer, room=room.left_to(member_id))
        room.use(member_id, found.uses)
        worked.append(found)
    return worked


def sale_of(receipt: Receipt) -> Sale:
    return Sale(
        amount=receipt.amount,
        lines=tuple(
            Line(line["sku"], line.get("category"), line["quantity"], line["amount"])
            for line in receipt.lines
        ),
        store=receipt.store.code,
        channel=receipt.channel,
        local=receipt.local,
    )


def _buyer(member: LockedMember, in_tags: InTags, current: Programme) -> Buyer:
    return Buyer(
        tier=current.tier(member.tier_id),
        tags=frozenset(slug for slug, who in in_tags.items() if member.id in who),
    )


def _tags(receipts: Sequence[Receipt], current: Programme) -> set[str]:
    """Those that a rule asks for, or a promotion that any of the receipts could still meet."""
    since = min(receipt.purchased_at for receipt in receipts)
    promotions = (each.read.when.tag for each in current.promotions if each.ends_at > since)
    rules = (special.when.tag for rule in current.rules for special in rule.beside.rules)
    return {slug for slug in (*rules, *promotions) if slug}

"""A customer's numbers as they are shown, masked, and as one is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from loyalty.core.errors import Problem
from loyalty.core.limits import WRITTEN_PHONE_LENGTH
from loyalty.core.phone import PhoneNumber
from loyalty.members import phones
from loyalty.pages import formats


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Masked, each by the id of its row; `main` is empty where the customer has none, as is
    `main_id`."""

    main: str
    main_id: str
    aliases: Sequence[str]
    choices: dict[str, str]


def of(member_id: int) -> Numbers:
    masked = {
        str(row.id): (PhoneNumber(row.e164).masked, row.is_alias)
        for row in phones.numbers_of(member_id)
    }
    return Numbers(
        main="".join(number for number, is_alias in masked.values() if not is_alias),
        main_id="".join(row_id for row_id, (_, is_alias) in masked.items() if not is_alias),
        aliases=[number for number, is_alias in masked.values() if is_alias],
        choices={row_id: number for row_id, (number, _) in masked.items()},
    )


def typed_phone() -> PhoneNumber:
    """The number in the form's field `phone`; raises the problem that says what is wrong."""
    text = request.form.get("phone", "")[:WRITTEN_PHONE_LENGTH]
    try:
        return PhoneNumber.parse(text, formats.settings().default_region).as_member_key()
    except Problem as problem:
        raise Problem(problem.code, field="phone") from None

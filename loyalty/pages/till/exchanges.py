"""What the till says of goods that came back, and of those taken in exchange."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from markupsafe import Markup

from loyalty.pages import formats
from loyalty.pages.till.goods_back import Reckoned
from loyalty.pages.till.receipts import shown_number
from loyalty.pages.till.sentences import brought, number_of, strong, with_strong
from loyalty.purchases.return_views import ReturnResult
from loyalty.purchases.service import Result


def none_found() -> str:
    return gettext("No receipt of your stores has this number, or all of it came back already.")


def taken() -> str:
    """Short: on a small screen it stands inside the field."""
    return gettext("Recorded already")


def button(back: Reckoned | None, bought: int | None) -> str:
    """What the main button will do; `bought`: the amount in exchange."""
    if back is None:
        return gettext("Record the return")
    if bought is None:
        return gettext("Give back %(amount)s", amount=formats.money(back.amount))
    if bought == back.amount:
        return gettext("Exchange, nothing to pay")
    difference = formats.money(abs(bought - back.amount))
    if bought > back.amount:
        return gettext("Exchange, take %(amount)s", amount=difference)
    return gettext("Exchange, give back %(amount)s", amount=difference)


def recorded(back: ReturnResult, bought: Result | None) -> Markup:
    shown = back.returned
    reckoned = Reckoned(
        amount=shown["amount"],
        points=shown["points_reversed"],
        restored=shown["points_restored"],
    )
    number = shown_number(shown["return_no"], shown["store"])
    said = with_strong(
        lazy_gettext("Return %(number)s: %(amount)s, %(points)s"),
        number=strong(number),
        amount=reckoned.money,
        points=reckoned.points_phrase,
    )
    if reckoned.restored:
        said += ", " + gettext("%(points)s back", points=reckoned.restored_phrase)
    if bought is None:
        return said
    new = with_strong(
        lazy_gettext("Bought %(receipt)s: %(amount)s, %(points)s"),
        receipt=strong(number_of(bought.purchase)),
        amount=formats.money(bought.purchase["amount"]),
        points=brought(bought.purchase),
    )
    return Markup("{}<br>{}").format(said, new)

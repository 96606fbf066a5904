"""Flags and cashiers in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.pages import formats
from loyalty.programme import service as programme
from loyalty.purchases.models import FlagKind

KINDS: Mapping[str, Any] = {
    FlagKind.OWN_PHONE: _l("The cashier's own number"),
    FlagKind.MANY_RECEIPTS: _l("More receipts of one number than usual in a day"),
    FlagKind.LATE: _l("Entered more than 45 days late"),
}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A receipt that waits; `flag` as `trust_review.open_flags` gives it."""

    flag: Mapping[str, Any]
    now: datetime

    @property
    def id(self) -> int:
        return self.flag["id"]

    @property
    def title(self) -> str:
        """By its number, or by its amount where it has none."""
        receipt_no = self._purchase["receipt_no"]
        return receipt_no or gettext("No receipt no.")

    @property
    def store(self) -> str:
        return programme.snapshot().stores[self._purchase["store"]].name

    @property
    def amount(self) -> str:
        return formats.money(self._purchase["amount"])

    @property
    def points(self) -> str:
        return formats.points(self.flag["points"])

    @property
    def why(self) -> list[Any]:
        return [KINDS[kind] for kind in self.flag["kinds"]]

    @property
    def phone(self) -> str:
        return self.flag["phone"] or gettext("Erased customer")

    @property
    def customer(self) -> str:
        return url_for("manage.customer", member_id=self.flag["member_id"])

    @property
    def cashier(self) -> str:
        return self.flag["actor_name"] or self.flag["actor"]

    @property
    def bought(self) -> str:
        return formats.lately(self._purchase["purchased_at"], self.now)

    @property
    def entered(self) -> str:
        """When it was entered, where that was another day."""
        bought, entered = self._purchase["purchased_at"], self._purchase["recorded_at"]
        if formats.local(bought).date() == formats.local(entered).date():
            return ""
        return gettext("entered %(when)s", when=formats.lately(entered, self.now))

    @property
    def _purchase(self) -> Mapping[str, Any]:
        return self.flag["purchase"]


@dataclass(frozen=True, kw_only=True)
class Cashier:
    """One row of the list; `found` as `trust_cashiers.of_cashiers` gives it."""

    found: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.found["name"] or self.found["actor"]

    @property
    def amount(self) -> str:
        return formats.money(self.found["amount"])

    def count(self, name: str) -> str:
        return formats.count(self.found[name])

    @property
    def flags(self) -> int:
        return self.found["flags"]

    @property
    def late(self) -> str:
        """`of these 2 late`; empty where none is."""
        late = self.found["late"]
        return gettext("%(count)s of them late", count=formats.count(late)) if late else ""

    @property
    def phones(self) -> list[tuple[str, str, str]]:
        """The numbers with most receipts: masked, how many times, the customer's page."""
        return [
            (
                top["phone"] or gettext("Erased customer"),
                f"× {formats.count(top['receipts'])}",
                url_for("manage.customer", member_id=top["member_id"]),
            )
            for top in self.found["top_phones"]
        ]

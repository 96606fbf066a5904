"""What was sold, earned and spent, by store and by whoever did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from flask import current_app
from flask_babel import gettext

from loyalty.core.access import SYSTEM, Actor
from loyalty.members.rules import fold
from loyalty.pages.manage.today.asked import Asked
from loyalty.pages.manage.today.concerns import Concern
from loyalty.pages.own_stores import own_stores
from loyalty.programme import service as programme
from loyalty.programme.rules import StoreView
from loyalty.purchases.figures import Seller, Sold, sales, sold
from loyalty.rewards import figures as redemptions
from loyalty.staff.naming import names_of

Place = tuple[int | None, str]
"""(store id, label of whoever did it); None: at no store."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One store, or one who works there. `spent` in points; `concerns`: how many things
    somebody should look at."""

    name: str
    sold: Sold
    spent: int
    concerns: int


@dataclass(frozen=True, kw_only=True)
class StoreRows:
    store: Row
    sellers: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Of the stores that the actor may see; `concerns` as they are listed beside."""

    sold: Mapping[Seller, Sold]
    spent: Mapping[Place, int]
    sales_before: int
    concerns: Collection[Concern]

    @cached_property
    def in_all(self) -> Sold:
        return sum(self.sold.values(), Sold())

    @property
    def spent_in_all(self) -> int:
        return sum(self.spent.values())

    @property
    def change(self) -> float | None:
        """Of the sales; None where there is nothing to compare them with."""
        if self.sales_before <= 0:
            return None
        return self.in_all.amount / self.sales_before - 1

    def by_store(self) -> list[StoreRows]:
        """The store that sold most comes first, and in it whoever sold most."""
        names = names_of({label for _, label in self._places})
        found = [self._store_rows(store, names) for store in own_stores()]
        return sorted(found, key=lambda rows: _rank(rows.store))

    @cached_property
    def _places(self) -> set[Place]:
        """Where anything was done, or is to be looked at."""
        return {*self.sold, *self.spent, *(c.place for c in self.concerns if c.place)}

    def _store_rows(self, store: StoreView, names: Mapping[str, str]) -> StoreRows:
        wanted = Counter(each.place for each in self.concerns)
        labels = {label for at, label in self._places if at == store.id}
        sellers = [
            Row(
                name=_called(label, names),
                sold=self.sold.get((store.id, label), Sold()),
                spent=self.spent.get((store.id, label), 0),
                concerns=wanted[store.id, label],
            )
            for label in labels
        ]
        whole = Row(
            name=store.name,
            sold=sum((row.sold for row in sellers), Sold()),
            spent=sum(row.spent for row in sellers),
            concerns=sum(row.concerns for row in sellers),
        )
        return StoreRows(store=whole, sellers=tuple(sorted(sellers, key=_rank)))


def _called(label: str, names: Mapping[str, str]) -> str:
    if label == SYSTEM.label:
        return gettext("Imported")
    return names.get(label, label)


def _rank(row: Row) -> tuple[int, str]:
    return -row.sold.amount, fold(row.name)


def sums_of(asked: Asked, actor: Actor, concerns: Collection[Concern]) -> Sums:
    period, stores = asked.period, actor.store_ids
    return Sums(
        sold=sold(period, store_ids=stores),
        spent=redemptions.spent(period.since, period.until, store_ids=stores),
        sales_before=sales(asked.before, store_ids=stores),
        concerns=concerns,
    )


def worth(points: int) -> int:
    """In minor units."""
    return points * programme.snapshot().point_value(current_app.extensions["settings"].currency)

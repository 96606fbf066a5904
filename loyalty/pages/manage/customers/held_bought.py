"""Of everything held what a customer bought, brought back, earned and got."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext

from loyalty.core.phone import PhoneNumber
from loyalty.pages import formats
from loyalty.pages.manage.customers import words
from loyalty.pages.manage.customers.held_cells import Cell, Row, last_day, time
from loyalty.programme import service as programme


def purchase(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["purchased_at"])),
        Cell(label=gettext("Store"), value=_store(row["store"])),
        Cell(label=gettext("Receipt no."), value=row["receipt_no"]),
        Cell(label=gettext("Amount"), value=formats.money(row["amount"]), is_figure=True),
        Cell(
            label=gettext("Returned"),
            value=formats.money(row["amount_returned"]) if row["amount_returned"] else "",
            is_figure=True,
        ),
        Cell(
            label=gettext("Points"),
            value=formats.count(row["points_earned"] - row["points_reversed"]),
            is_figure=True,
        ),
        Cell(label=gettext("Bought"), value=words.word(words.SALES_CHANNELS, row["channel"])),
        Cell(label=gettext("Goods"), value=_goods(row)),
        Cell(label=gettext("Recorded with"), value=_numbers(row)),
        Cell(
            label=gettext("Cancelled"),
            value=formats.joined([time(row["voided_at"]), row["void_reason"] or ""]),
        ),
    ]


def _store(code: str | None) -> str:
    store = programme.snapshot().stores.get(code or "")
    return store.name if store else code or ""


def _goods(row: Row) -> str:
    lines = [
        f"{formats.count(line['quantity'])} × {line['name'] or line['sku']}"
        for line in row["lines"]
    ]
    if not lines and row["quantity"]:
        return formats.count(row["quantity"])
    return ", ".join(lines)


def _numbers(row: Row) -> str:
    """The number on the receipt, and the one that a mistake was mended to."""
    return " → ".join(filter(None, map(_number, (row["phone"], row["reassigned_to"]))))


def _number(e164: str | None) -> str:
    return PhoneNumber(e164).as_written_in(formats.settings().default_region) if e164 else ""


def points(row: Row) -> tuple[tuple[str, Any], ...]:
    facts = [(gettext("Points now"), formats.count(row["balance"]))]
    if row["held"]:
        facts.append((gettext("Points on hold"), formats.count(row["held"])))
    if row["debt"]:
        facts.append((gettext("Points to make up"), formats.count(row["debt"])))
    return tuple(facts)


def entry(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["occurred_at"])),
        Cell(label=gettext("What"), value=words.word(words.ENTRY_KINDS, row["kind"])),
        Cell(label=gettext("Points"), value=formats.signed(row["points"]), is_figure=True),
        Cell(label=gettext("Why"), value=row["reason"]),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["actor"])),
    ]


def open_lots(lots: Iterable[Row]) -> list[Row]:
    return [lot for lot in lots if lot["remaining"]]


def lot(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Until"), value=last_day(row["expires_at"]) or gettext("Never")),
        Cell(label=gettext("Points"), value=formats.count(row["remaining"]), is_figure=True),
    ]


def waiting(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Earned"), value=time(row["occurred_at"])),
        Cell(label=gettext("Points"), value=formats.count(row["points"]), is_figure=True),
        Cell(label=gettext("Count from"), value=time(row["ends_at"])),
    ]


def brought_back(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["returned_at"])),
        Cell(label=gettext("Store"), value=_store(row["store"])),
        Cell(label=gettext("Receipt no."), value=row["return_no"]),
        Cell(label=gettext("Amount"), value=formats.money(row["amount"]), is_figure=True),
        Cell(
            label=gettext("Points"),
            value=formats.signed(row["points_restored"] - row["points_reversed"]),
            is_figure=True,
        ),
        Cell(label=gettext("Goods"), value=_goods_back(row["lines"])),
        Cell(label=gettext("Recorded with"), value=_number(row["phone"])),
        Cell(label=gettext("Why"), value=row["reason"]),
    ]


def _goods_back(lines: Iterable[Row]) -> str:
    named = [line for line in lines if line["sku"]]
    return ", ".join(f"{formats.count(line['quantity'])} × {line['sku']}" for line in named)


def redeemed(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["created_at"])),
        Cell(label=gettext("What"), value=row["reward"] or gettext("Paid with points")),
        Cell(
            label=gettext("Points"),
            value=formats.count(row["captured"] or row["points"]),
            is_figure=True,
        ),
        Cell(label=gettext("State"), value=words.word(words.REDEMPTION_STATES, row["state"])),
        Cell(label=gettext("Until"), value=last_day(row["voucher_until"])),
        Cell(label=gettext("Code"), value=row["code"]),
    ]


def moved(row: Row) -> list[Cell]:
    names = {tier.slug: tier.name for tier in programme.snapshot().tiers}
    return [
        Cell(label=gettext("When"), value=time(row["changed_at"])),
        Cell(label=gettext("From"), value=names.get(row["from"], "–")),
        Cell(label=gettext("Tier"), value=names.get(row["tier"], "–")),
    ]

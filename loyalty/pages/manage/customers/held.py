"""Everything held about a customer, as sections to read and to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import compress
from typing import Any

from flask_babel import gettext

from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.pages import formats
from loyalty.pages.manage.customers import profile, words
from loyalty.programme import service as programme

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cell:
    label: str
    value: Any
    is_figure: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """A list of label and value, or a table; neither where nothing is held."""

    title: str
    facts: tuple[tuple[str, Any], ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    @property
    def columns(self) -> tuple[Cell, ...]:
        return self.rows[0] if self.rows else ()


def sections_of(held: Mapping[str, Any]) -> tuple[Section, ...]:
    """`held` as `privacy.service.held` gives it: times and dates as text."""
    return (
        Section(title=gettext("Profile"), facts=_profile(held["profile"])),
        _table(gettext("What else is known"), _attributes(held["attributes"])),
        _table(gettext("Phone numbers"), map(_phone, held["phones"])),
        _table(gettext("Consents"), map(_consent, _said(held["consents"]))),
        _table(gettext("What was agreed to, and when"), map(_change, held["consent_history"])),
        Section(title=gettext("Do-not-call list"), facts=_do_not_call(held["do_not_call"])),
        _table(gettext("Purchases"), map(_purchase, held["purchases"])),
        Section(title=gettext("Points"), facts=_points(held["points"])),
        _table(gettext("Points, entry by entry"), map(_entry, held["points"]["entries"])),
        _table(gettext("When points expire"), map(_lot, _open_lots(held["points"]["lots"]))),
        _table(gettext("Tags"), map(_tag, held["tags"])),
        _table(gettext("In files of customer groups"), map(_export, held["exports"])),
        _table(gettext("Brought in by files"), map(_import, held["imports"])),
        _table(gettext("Requests"), map(_request, held["requests"])),
        _table(gettext("Log"), map(_event, held["log"])),
    )


def _table(title: str, rows: Iterable[Sequence[Cell]]) -> Section:
    """Columns in which nothing stands are left out."""
    every = [tuple(row) for row in rows]
    filled = [any(cell.value for cell in column) for column in zip(*every, strict=True)]
    return Section(title=title, rows=tuple(tuple(compress(row, filled)) for row in every))


# -- who it is -------------------------------------------------------------------


def _profile(row: Row) -> tuple[tuple[str, Any], ...]:
    born = row["birth_date"]
    member = {**row, "birth_date": date.fromisoformat(born) if born else None}
    facts = (
        (gettext("Customer no."), row["id"]),
        *profile.told(member),
        (gettext("Lives in a town"), _yes_or_no_or_nothing(row["urban"])),
        (gettext("Customer since"), _time(row["joined_at"])),
        (gettext("Came by"), words.word(words.SOURCES, row["source"])),
        (gettext("Last corrected"), _time(row["updated_at"])),
        (gettext("Restricted since"), _time(row["restricted_at"])),
        (gettext("Refuses marketing since"), _time(row["objected_at"])),
    )
    return tuple((label, value) for label, value in facts if value)


def _attributes(values: Row) -> Iterator[list[Cell]]:
    for attribute in attributes.declared().values():
        if attribute.name in values:
            yield [
                Cell(label=gettext("What"), value=attribute.label),
                Cell(label=gettext("Known"), value=_told(attribute.kind, values[attribute.name])),
            ]


def _told(kind: AttributeKind, value: Any) -> str:
    match kind:
        case AttributeKind.BOOL:
            return _yes_or_no(value)
        case AttributeKind.DATE:
            return formats.full_date(date.fromisoformat(value))
        case AttributeKind.NUMBER:
            return formats.count(value)
        case AttributeKind.CHOICES:
            return ", ".join(value)
        case _:
            return str(value)


def _phone(row: Row) -> list[Cell]:
    number = PhoneNumber(row["e164"])
    return [
        Cell(
            label=gettext("Number"),
            value=number.as_written_in(formats.settings().default_region),
        ),
        Cell(label=gettext("Kind"), value=words.word(words.PHONE_KINDS, row["kind"])),
        Cell(label=gettext("From"), value=_time(row["active_from"])),
        Cell(label=gettext("Until"), value=_time(row["active_until"]) or gettext("today")),
    ]


def _said(consents: Iterable[Row]) -> list[Row]:
    """Of the ten pairs those that something was said about: the others are a no."""
    return [pair for pair in consents if pair["changed_at"]]


def _consent(row: Row) -> list[Cell]:
    return [
        *_pair(row),
        Cell(label=gettext("Agreed"), value=_yes_or_no(row["granted"])),
        Cell(label=gettext("Confirmed"), value=_yes_or_no(row["confirmed"])),
        Cell(label=gettext("Counts today"), value=_yes_or_no(row["counts"])),
        Cell(label=gettext("Since"), value=_time(row["changed_at"])),
        Cell(label=gettext("Text"), value=row["text_version"]),
    ]


def _change(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=_time(row["at"])),
        *_pair(row),
        Cell(label=gettext("Agreed"), value=_yes_or_no(row["granted"])),
        Cell(label=gettext("Where it was said"), value=words.word(words.DOORS, row["via"])),
        Cell(label=gettext("Text"), value=row["text_version"]),
        Cell(label=gettext("Proof"), value=row["proof"]),
        Cell(label=gettext("Guardian's consent"), value=row["guardian"]),
    ]


def _pair(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("By way of"), value=words.word(words.CHANNELS, row["channel"])),
        Cell(label=gettext("What for"), value=words.word(words.PURPOSES, row["purpose"])),
    ]


def _do_not_call(is_on_it: bool) -> tuple[tuple[str, Any], ...]:
    return ((gettext("On the list"), _yes_or_no(is_on_it)),)


# -- what was bought and earned -----------------------------------------------------


def _purchase(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=_time(row["purchased_at"])),
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
            value=formats.joined([_time(row["voided_at"]), row["void_reason"] or ""]),
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
    region = formats.settings().default_region
    e164s = [e164 for e164 in (row["phone"], row["reassigned_to"]) if e164]
    return " → ".join(PhoneNumber(e164).as_written_in(region) for e164 in e164s)


def _points(row: Row) -> tuple[tuple[str, Any], ...]:
    facts = [(gettext("Points now"), formats.count(row["balance"]))]
    if row["held"]:
        facts.append((gettext("Points on hold"), formats.count(row["held"])))
    if row["debt"]:
        facts.append((gettext("Points to make up"), formats.count(row["debt"])))
    return tuple(facts)


def _entry(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=_time(row["occurred_at"])),
        Cell(label=gettext("What"), value=words.word(words.ENTRY_KINDS, row["kind"])),
        Cell(label=gettext("Points"), value=formats.signed(row["points"]), is_figure=True),
        Cell(label=gettext("Why"), value=row["reason"]),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["actor"])),
    ]


def _open_lots(lots: Iterable[Row]) -> list[Row]:
    return [lot for lot in lots if lot["remaining"]]


def _lot(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Until"), value=_last_day(row["expires_at"]) or gettext("Never")),
        Cell(label=gettext("Points"), value=formats.count(row["remaining"]), is_figure=True),
    ]


# -- what follows from it, and what was done about it ---------------------------------


def _tag(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Tag"), value=row["name"]),
        Cell(label=gettext("Since"), value=_time(row["since"])),
        Cell(label=gettext("Why"), value=row["why"] or gettext("set by hand")),
    ]


def _export(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=_time(row["as_of"])),
        Cell(label=gettext("Format"), value=row["format"]),
        Cell(label=gettext("By way of"), value=words.word(words.CHANNELS, row["reach"])),
        Cell(label=gettext("What for"), value=row["purpose"]),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["created_by"])),
    ]


def _import(row: Row) -> list[Cell]:
    before = [f"{name}: {value}" for name, value in (row["before"] or {}).items() if value]
    return [
        Cell(label=gettext("When"), value=_time(row["given"]["at"])),
        Cell(label=gettext("New by it"), value=_yes_or_no(row["created"])),
        Cell(label=gettext("What stood there before"), value="; ".join(before)),
    ]


def _request(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Received"), value=_time(row["received_at"])),
        Cell(label=gettext("Asks for"), value=words.word(words.KINDS, row["kind"])),
        Cell(label=gettext("How it came"), value=words.word(words.WAYS, row["received_via"])),
        Cell(label=gettext("State"), value=words.word(words.STATES, row["state"])),
        Cell(label=gettext("Answer by"), value=_last_day(row["answer_due"])),
        Cell(label=gettext("Carry out by"), value=_last_day(row["done_due"])),
        Cell(label=gettext("Note"), value=row["note"]),
    ]


def _event(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=_time(row["at"])),
        Cell(label=gettext("What"), value=words.event(row["action"])),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["actor"])),
        Cell(label=gettext("Why"), value=row["reason"]),
    ]


def _time(text: str | None) -> str:
    return formats.date_and_time(datetime.fromisoformat(text)) if text else ""


def _last_day(text: str | None) -> str:
    """What ends at midnight can be used on the day before."""
    return formats.full_date(formats.last_day(datetime.fromisoformat(text))) if text else ""


def _yes_or_no_or_nothing(value: bool | None) -> str:
    return "" if value is None else _yes_or_no(value)


def _yes_or_no(value: bool) -> str:
    return gettext("Yes") if value else gettext("No")

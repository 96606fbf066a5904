"""Everything held about a customer, as sections to read and to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext

from loyalty.core.phone import PhoneNumber
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.pages import formats
from loyalty.pages.manage.customers import held_bought as bought
from loyalty.pages.manage.customers import profile, words
from loyalty.pages.manage.customers.held_cells import (
    Cell,
    Row,
    Section,
    last_day,
    table,
    time,
    yes_or_no,
    yes_or_no_or_nothing,
)


def sections_of(held: Mapping[str, Any]) -> tuple[Section, ...]:
    """`held` as `privacy.service.held` gives it: times and dates as text."""
    return (
        Section(title=gettext("Profile"), facts=_profile(held["profile"])),
        *(
            Section(title=gettext("Account that was merged into it"), facts=_profile(row))
            for row in held["merged"]
        ),
        table(gettext("What else is known"), _attributes(held["attributes"])),
        table(gettext("Phone numbers"), map(_phone, held["phones"])),
        table(gettext("Consents"), map(_consent, _said(held["consents"]))),
        table(gettext("What was agreed to, and when"), map(_change, held["consent_history"])),
        Section(title=gettext("Do-not-call list"), facts=_do_not_call(held["do_not_call"])),
        table(gettext("Purchases"), map(bought.purchase, held["purchases"])),
        table(gettext("Returns"), map(bought.brought_back, held["returns"])),
        Section(title=gettext("Points"), facts=bought.points(held["points"])),
        table(gettext("Points, entry by entry"), map(bought.entry, held["points"]["entries"])),
        table(
            gettext("When points expire"), map(bought.lot, bought.open_lots(held["points"]["lots"]))
        ),
        table(
            gettext("Points that do not count yet"), map(bought.waiting, held["points"]["pending"])
        ),
        table(gettext("Got for points"), map(bought.redeemed, held["redemptions"])),
        table(gettext("Tiers"), map(bought.moved, held["tiers"])),
        table(gettext("Tags"), map(_tag, held["tags"])),
        table(gettext("In files of customer groups"), map(_export, held["exports"])),
        table(gettext("Brought in by files"), map(_import, held["imports"])),
        table(gettext("Requests"), map(_request, held["requests"])),
        table(gettext("Log"), map(_event, held["log"])),
    )


# -- who it is -------------------------------------------------------------------


def _profile(row: Row) -> tuple[tuple[str, Any], ...]:
    born = row["birth_date"]
    member = {**row, "birth_date": date.fromisoformat(born) if born else None}
    facts = (
        (gettext("Customer no."), row["id"]),
        *profile.told(member),
        (gettext("Lives in a town"), yes_or_no_or_nothing(row["urban"])),
        (gettext("Customer since"), time(row["joined_at"])),
        (gettext("Came by"), words.word(words.SOURCES, row["source"])),
        (gettext("Last corrected"), time(row["updated_at"])),
        (gettext("Restricted since"), time(row["restricted_at"])),
        (gettext("Refuses marketing since"), time(row["objected_at"])),
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
            return yes_or_no(value)
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
        Cell(label=gettext("From"), value=time(row["active_from"])),
        Cell(label=gettext("Until"), value=time(row["active_until"]) or gettext("today")),
    ]


def _said(consents: Iterable[Row]) -> list[Row]:
    """Of the ten pairs those that something was said about: the others are a no."""
    return [pair for pair in consents if pair["changed_at"]]


def _consent(row: Row) -> list[Cell]:
    return [
        *_pair(row),
        Cell(label=gettext("Agreed"), value=yes_or_no(row["granted"])),
        Cell(label=gettext("Confirmed"), value=yes_or_no(row["confirmed"])),
        Cell(label=gettext("Counts today"), value=yes_or_no(row["counts"])),
        Cell(label=gettext("Since"), value=time(row["changed_at"])),
        Cell(label=gettext("Text"), value=row["text_version"]),
    ]


def _change(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["at"])),
        *_pair(row),
        Cell(label=gettext("Agreed"), value=yes_or_no(row["granted"])),
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
    return ((gettext("On the list"), yes_or_no(is_on_it)),)


# -- what follows from it, and what was done about it ---------------------------------


def _tag(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Tag"), value=row["name"]),
        Cell(label=gettext("Since"), value=time(row["since"])),
        Cell(label=gettext("Why"), value=row["why"] or gettext("set by hand")),
    ]


def _export(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["as_of"])),
        Cell(label=gettext("Format"), value=row["format"]),
        Cell(label=gettext("By way of"), value=words.word(words.CHANNELS, row["reach"])),
        Cell(label=gettext("What for"), value=row["purpose"]),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["created_by"])),
    ]


def _import(row: Row) -> list[Cell]:
    before = [f"{name}: {value}" for name, value in (row["before"] or {}).items() if value]
    return [
        Cell(label=gettext("When"), value=time(row["given"]["at"])),
        Cell(label=gettext("New by it"), value=yes_or_no(row["created"])),
        Cell(label=gettext("What stood there before"), value="; ".join(before)),
    ]


def _request(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("Received"), value=time(row["received_at"])),
        Cell(label=gettext("Asks for"), value=words.word(words.KINDS, row["kind"])),
        Cell(label=gettext("How it came"), value=words.word(words.WAYS, row["received_via"])),
        Cell(label=gettext("State"), value=words.word(words.STATES, row["state"])),
        Cell(label=gettext("Answer by"), value=last_day(row["answer_due"])),
        Cell(label=gettext("Carry out by"), value=last_day(row["done_due"])),
        Cell(label=gettext("Note"), value=row["note"]),
    ]


def _event(row: Row) -> list[Cell]:
    return [
        Cell(label=gettext("When"), value=time(row["at"])),
        Cell(label=gettext("What"), value=words.event(row["action"])),
        Cell(label=gettext("By whom"), value=words.word(words.ACTORS, row["actor"])),
        Cell(label=gettext("Why"), value=row["reason"]),
    ]

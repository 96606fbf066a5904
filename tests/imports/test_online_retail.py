"""Real invoices of a wholesaler with real returns, in pounds: to the last penny, and once."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from loyalty.core.phone import PhoneNumber
from tests.core.rows import scalar
from tests.databases import running_app
from tests.imports.files import imported, verify
from tests.shop import make_store

FILE = "online_retail_2010-12_2011-05.csv.gz"
MEMBERS = 2_767


@pytest.fixture
def pounds(environ: dict[str, str]):
    with running_app({**environ, "LOYALTY_CURRENCY": "GBP"}) as app:
        make_store(app)
        yield app


def pence(path: Path) -> dict[str, int]:
    """By kind, what the lines with a phone add up to: quantity x price, each rounded half up."""
    sums: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["phone"]:
                exact = abs(int(row["quantity"])) * Decimal(row["unit_price"]) * 100
                sums[row["kind"]] += int(exact.to_integral_value(ROUND_HALF_UP))
    return dict(sums)


def found_by_hand(path: Path) -> tuple[int, int]:
    """How many returns find a purchase for every line, and how many for some: the newest earlier
    one of the member with so many of the SKU left. Told again without the service."""
    invoices: dict[tuple[str, str], list[dict[str, str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["phone"]:
                invoices.setdefault((row["kind"], row["invoice_no"]), []).append(row)
    bought: dict[PhoneNumber, list[tuple[str, Counter[str]]]] = {}
    wholly = partly = 0
    for (kind, _), lines in sorted(invoices.items(), key=lambda each: each[1][0]["invoice_time"]):
        theirs = bought.setdefault(PhoneNumber.parse(lines[0]["phone"], "VN"), [])
        at = lines[0]["invoice_time"]
        if kind == "sale":
            left: Counter[str] = Counter()
            for row in lines:
                left[row["sku"]] += int(row["quantity"])
            theirs.insert(0, (at, left))
            continue
        found = sum(_take(theirs, row["sku"], -int(row["quantity"]), at) for row in lines)
        wholly += found == len(lines)
        partly += 0 < found < len(lines)
    return wholly, partly


def _take(bought: list[tuple[str, Counter[str]]], sku: str, quantity: int, before: str) -> bool:
    for at, left in bought:
        if at < before and left[sku] >= quantity:
            left[sku] -= quantity
            return True
    return False


def first_lines(path: Path, folder: Path, count: int) -> Path:
    """So many lines of it, and the rest of the invoice that the last of them stands on."""
    short = folder / "first.csv"
    with gzip.open(path, "rt", encoding="utf-8") as text, short.open("w", encoding="utf-8") as out:
        out.writelines(_up_to(iter(text), count))
    return short


def _up_to(lines: Iterator[str], count: int) -> Iterator[str]:
    invoice = ""
    for place, line in enumerate(lines):
        if place > count and not line.startswith(invoice):
            return
        invoice = line.partition(",")[0]
        yield line


def test_first_weeks_go_in_once(pounds, shared_data, tmp_path):
    file = first_lines(shared_data(FILE), tmp_path, 12_000)
    cli = pounds.test_cli_runner()
    told = imported(cli, file)
    done = told["recorded"] + told["returns"]
    assert told["replayed"] == 0
    assert list(told["rejected"]) == ["no_phone"]
    assert 0 < told["matched"] < told["returns"]
    verify(cli)
    again = imported(cli, file)
    assert (again["recorded"], again["returns"], again["replayed"]) == (0, 0, done)
    verify(cli)


@pytest.mark.soak
def test_half_a_year_to_the_last_penny(pounds, shared_data):
    file = shared_data(FILE)
    cli = pounds.test_cli_runner()
    told = imported(cli, file)
    assert (told["matched"], told["partly_matched"]) == found_by_hand(file)
    assert told == {
        "rows": 209_029,
        "recorded": 7_410,
        "replayed": 0,
        "members_created": MEMBERS,
        "rejected": {"no_phone": 59_976},
        "returns": 1_588,
        "matched": 1_129,
        "partly_matched": 111,
    }
    sums = pence(file)
    assert scalar(pounds, "SELECT sum(amount) FROM purchases") == sums["sale"]
    assert scalar(pounds, "SELECT sum(amount) FROM returns") == sums["return"]
    assert scalar(pounds, "SELECT count(*) FROM members") == MEMBERS
    verify(cli)
    again = imported(cli, file)
    assert (again["recorded"], again["returns"], again["replayed"]) == (0, 0, 8_998)
    verify(cli)

"""A real history (CDNOW) imported, tagged as of a day, and counted by pandas over the file."""

from __future__ import annotations

import csv
import math
import unicodedata
from datetime import UTC, datetime
from functools import partial

import pandas as pd

from loyalty.core import clock
from loyalty.core.db import in_transaction
from loyalty.tags import starters
from tests.imports.files import run_import
from tests.tags import grid

AS_OF = pd.Timestamp("2026-11-01", tz="Asia/Ho_Chi_Minh")


def test_counts_equal_those_of_pandas(app, cli, shared_data, monkeypatch):
    # On an earlier day some of its receipts would be refused as not yet bought.
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, tzinfo=UTC))
    file = shared_data("cdnow_purchases.csv.gz")
    moved = shared_data("vn_mobile_prefix_migration_2018.csv")
    assert run_import(cli, file, "--create-stores", "--without-points").exit_code == 0
    with app.app_context():
        in_transaction(partial(starters.install, patience_seconds=0))
    done = cli.invoke(args=["tags", "refresh", "--as-of", f"{AS_OF:%Y-%m-%d}"])
    assert done.exit_code == 0, done.output
    counted = by_pandas(purchases_of(file, moved))
    assert {slug: counts_in(done.output)[slug] for slug in counted} == counted


def counts_in(output):
    lines = (line.split(": ") for line in output.splitlines())
    return {slug: int(count.replace(",", "")) for slug, count in lines}


# -- the file, read without the service ------------------------------------------------


def purchases_of(file, moved):
    """One row for each receipt: customer, moment, amount."""
    prefixes = {
        row["old_prefix"][1:]: row["new_prefix"][1:]
        for row in csv.DictReader(moved.open(encoding="utf-8"))
    }
    rows = pd.read_csv(file, dtype=str)
    rows["customer"] = rows["phone"].fillna("").map(lambda text: national(text, prefixes))
    rows = rows[rows["customer"] != ""].drop_duplicates(["store", "receipt_no"])
    rows["at"] = pd.to_datetime(rows["purchased_at"], utc=True).dt.tz_convert(AS_OF.tz)
    rows["amount"] = rows["amount"].astype(int)
    assert len(rows) == 69_659
    assert rows["customer"].nunique() == 23_570
    assert rows["amount"].sum() == 62_507_890_750
    return rows[rows["at"] < AS_OF]


def national(text, prefixes):
    """The nine digits of a Vietnamese mobile; empty for anything else."""
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(char for char in plain if char.isdigit()).lstrip("0")
    if len(digits) > 10:
        digits = digits.removeprefix("84").lstrip("0")
    if len(digits) == 10:
        digits = prefixes.get(digits[:3], "") + digits[3:]
    return digits if len(digits) == 9 else ""


def by_pandas(bought):
    """{slug: count} of what the starter tags count."""
    times = bought.groupby("customer").size()
    recent = bought[bought["at"] >= AS_OF - pd.DateOffset(months=3)]
    segments = segments_of(bought[bought["at"] >= AS_OF - pd.DateOffset(days=365)])
    names = {name for row in grid.SEGMENTS.values() for name in row}
    return {
        "bought-in-3-months": recent["customer"].nunique(),
        "one-off": int((times == 1).sum()),
        **{f"rfm-{name.replace('_', '-')}": int((segments == name).sum()) for name in names},
    }


def segments_of(bought):
    each = bought.groupby("customer").agg(last=("at", "max"), times=("at", "size"))
    days = (AS_OF - each["last"].dt.normalize()).dt.days
    recency, frequency = scores(-days), scores(each["times"])
    return pd.Series(
        [grid.SEGMENTS[r][f - 1] for r, f in zip(recency, frequency, strict=True)], each.index
    )


def scores(values):
    """Quintile k is cut at the value of rank ceil(k * n / 5); equal values share a score."""
    inorder = values.sort_values().to_list()
    cuts = [inorder[math.ceil(k * len(inorder) / 5) - 1] for k in range(1, 5)]
    return 1 + sum((values > cut).astype(int) for cut in cuts)

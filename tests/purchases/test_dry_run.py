"""Past purchases under another rule: what would differ, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.rows import row_counts
from tests.purchases.receipts import OTHER_PHONE, buy, problem
from tests.shop import make_store

RULE: dict[str, Any] = {
    "points": 1,
    "per_amount": 10_000,
    "special": {"rules": [{"per": "visit", "points": 20, "when": {"stores": ["S01"]}}]},
}
EARLIER = "2026-03-01T10:00:00+07:00"


@pytest.fixture
def past(app, api, store):
    """15 points of a member in S01, 15 and 30 of another in S02, one of them in March; and
    history, a void receipt, one of nothing: for those no rule is asked."""
    make_store(app, "S02")
    buy(api)
    buy(api, receipt_no="2", store="S02", phone=OTHER_PHONE, purchased_at=EARLIER)
    buy(api, receipt_no="3", store="S02", phone=OTHER_PHONE, amount=300_000)
    void = buy(api, receipt_no="4", store="S02")["purchase"]["id"]
    api.post(f"/purchases/{void}/void", {"reason": "typed twice"})
    buy(api, receipt_no="5", store="S02", amount=0)


def test_difference_is_told_by_store_and_member(app, api, past):
    before = row_counts(app)
    found = api.post("/earning-rules/dry-run", {"rule": RULE}).get_json()
    assert (found["purchases"], found["before"], found["after"]) == (4, 60, 65)
    assert found["by_store"] == [
        {"store": "S01", "before": 15, "after": 20},
        {"store": "S02", "before": 45, "after": 45},
    ]
    assert found["by_tier"] == [{"tier": None, "before": 60, "after": 65}]
    assert (found["members_gain"], found["members_lose"]) == (1, 0)
    assert [each["difference"] for each in found["biggest"]] == [5]
    assert row_counts(app) == before


def test_days_bound_what_is_replayed(api, past):
    days = {"from": "2026-03-01", "to": "2026-03-01"}
    body = {"rule": {"points": 0, "per_amount": 1}, **days}
    found = api.post("/earning-rules/dry-run", body).get_json()
    assert (found["purchases"], found["before"], found["after"]) == (1, 15, 0)
    assert (found["members_lose"], found["biggest"][0]["difference"]) == (1, -15)


def test_tier_and_promotions_of_then_are_kept(api, store):
    api.post("/promotions", {"name": "T", "terms": {"points": 5}, "ends_at": "2199-01-01"})
    tier = {"slug": "gold", "name": "Gold", "threshold": 100_000, "multiplier_percent": 200}
    api.post("/tiers", tier)
    buy(api)
    assert buy(api, receipt_no="2")["purchase"]["points_earned"] == 35
    api.post("/promotions/1/end")
    body = {"rule": {"points": 1, "per_amount": 10_000}}
    same = api.post("/earning-rules/dry-run", body).get_json()
    assert (same["before"], same["after"]) == (55, 55)
    body["rule"]["points"] = 2
    assert api.post("/earning-rules/dry-run", body).get_json()["after"] == 35 + 65


def test_history_without_points_is_left_out(app, api, cli, past, tmp_path):
    file = tmp_path / "history.csv"
    file.write_text(
        "phone,store,receipt_no,amount,purchased_at\n0912345678,S01,H1,900000,2026-01-05\n"
    )
    done = cli.invoke(args=["purchases", "import", str(file), "--without-points"])
    assert done.exit_code == 0, done.output
    assert api.post("/earning-rules/dry-run", {"rule": RULE}).get_json()["purchases"] == 4


def run(cli, tmp_path: Path, rule: Any, *options: str) -> Any:
    file = tmp_path / "rule.json"
    file.write_text(rule if isinstance(rule, str) else json.dumps(rule))
    return cli.invoke(args=["points", "dry-run", str(file), *options])


def test_command_prints_what_would_differ(cli, past, tmp_path):
    done = run(cli, tmp_path, RULE, "--from", "2026-01-01")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:2] == [
        "4 purchases: 60 points earned, 65 under this rule (+5)",
        "  store S01: 15 points earned, 20 under this rule (+5)",
    ]
    assert "1 members would have more, 0 less." in done.output


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{", "invalid_json"),
        ([], "invalid_rule"),
        ({"points": 1}, "per_amount: Missing data for required field."),
        (
            {**RULE, "special": {"rules": [{"per": "visit", "points": -1}]}},
            "special.rules.0.points",
        ),
        (
            {
                **RULE,
                "special": {"rules": [{**RULE["special"]["rules"][0], "when": {"stores": ["X"]}}]},
            },
            "special.rules.0.when.stores: There is no X.",
        ),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_command_names_the_place_of_what_is_wrong(cli, store, tmp_path, rule, said):
    refused = run(cli, tmp_path, rule)
    assert refused.exit_code == 1
    assert said in refused.output


def test_others_than_whole_shop_managers_may_not_try(cashier_api, past):
    problem(cashier_api.post("/earning-rules/dry-run", {"rule": RULE}), 403, "forbidden")

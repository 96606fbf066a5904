"""The standing groups: who is active, and whom marketing reaches on which channel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalty.core.db import read
from loyalty.groups import service as groups
from loyalty.groups.service import ACTIVE, REACH
from loyalty.members.consent_rules import CHANNELS
from loyalty.tags import building
from tests.core.rows import change
from tests.purchases.receipts import phone
from tests.tags.building import drain
from tests.tags.making import join

LANDLINE = "028 3823 4567"
LISTED, CLOSED = 3, 7


def agree(api, member_id: int, *, proof: str | None = "slip 7") -> None:
    """To marketing on every channel."""
    for channel in CHANNELS:
        said = {"channel": channel, "purpose": "marketing", "granted": True}
        said |= {"proof": proof} if proof else {}
        answer = api.put(f"/members/{member_id}/consents", said)
        assert answer.status_code == 200, answer.json


def reached(app) -> dict[str, set[int]]:
    with app.app_context(), read():
        return {channel: set(groups.read_members(group)) for channel, group in REACH.items()}


def active(app) -> set[int]:
    with app.app_context(), read():
        return set(groups.read_members(ACTIVE))


def build_all(app) -> None:
    with app.app_context():
        building.build_all()


@pytest.fixture
def people(app, api) -> dict[str, int]:
    ids = {
        "mobile": join(api, 1),
        "landline": api.post("/members", {"phone": LANDLINE}).get_json()["id"],
        "listed": join(api, LISTED, email="listed@shop.vn"),
        "with e-mail": join(api, 4, email="an@shop.vn"),
        "unproved": join(api, 5, email="binh@shop.vn"),
        "e-mail alone": join(api, 6, email="chi@shop.vn"),
        "closed": join(api, CLOSED, email="dung@shop.vn"),
        "silent": join(api, 8, email="em@shop.vn"),
    }
    for name, member_id in ids.items():
        if name != "silent":
            agree(api, member_id, proof=None if name == "unproved" else "slip 7")
    gone = {"id": ids["e-mail alone"]}
    change(app, "UPDATE member_phones SET active_until = active_from WHERE member_id = :id", **gone)
    change(app, "UPDATE members SET closed_at = joined_at WHERE id = :id", id=ids["closed"])
    api.post("/do-not-call", {"add": [phone(LISTED)], "source": "regulator"})
    return ids


@pytest.mark.parametrize("follow", [build_all, drain], ids=["build of all", "rounds"])
def test_reached_is_who_agreed_has_a_means_and_is_not_on_the_list(
    app, people, follow: Callable[..., object]
):
    follow(app)

    def named(*names: str) -> set[int]:
        return {people[name] for name in names}

    assert reached(app) == {
        "sms": named("mobile", "with e-mail"),
        "zalo": named("mobile", "with e-mail"),
        "call": named("mobile", "with e-mail", "landline"),
        "email": named("with e-mail", "e-mail alone"),
        "ads": named("mobile", "with e-mail", "landline", "e-mail alone"),
    }
    assert active(app) == set(people.values()) - named("closed")


def test_number_that_leaves_the_list_is_reached_again_and_a_new_one_is_not(app, api, people):
    drain(app)
    api.post("/do-not-call", {"add": [phone(1)], "remove": [phone(LISTED)], "source": "regulator"})
    drain(app)
    assert people["listed"] in reached(app)["sms"]
    assert all(people["mobile"] not in members for members in reached(app).values())


def test_withdrawal_counts_within_one_round(app, api, people):
    drain(app)
    said = {"channel": "sms", "purpose": "marketing", "granted": False}
    api.put(f"/members/{people['mobile']}/consents", said)
    drain(app)
    assert people["mobile"] not in reached(app)["sms"]
    assert people["mobile"] in reached(app)["zalo"]

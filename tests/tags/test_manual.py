"""Tags that people set: by a click on one member, by the phones of many."""

from __future__ import annotations

from functools import partial

import pytest
import time_machine

from loyalty.tags import service as tags
from tests.core.rows import column, row_counts, scalar
from tests.purchases.receipts import PHONE, local, phone, problem
from tests.tags.making import WOMEN, at_once, builds, fill, join, make, see, tags_of

LATER = "2027-03-14 12:00"


@pytest.fixture
def vip(api):
    """The slug of a manual tag."""
    return make(api, "VIP")["slug"]


# -- by phones -------------------------------------------------------------------


def test_members_come_in_by_their_phones_however_written(api, vip):
    join(api, 1)
    join(api, 2)
    written = [f"+84 {phone(1)[1:]}", f"{phone(2)[:4]}.{phone(2)[4:]}"]
    assert fill(api, vip, add=written) == {"changed": 2, "rejected": []}
    assert see(api, vip)["count"] == 2
    assert fill(api, vip, add=written) == {"changed": 0, "rejected": []}
    assert fill(api, vip, remove=[phone(1)]) == {"changed": 1, "rejected": []}
    assert see(api, vip)["count"] == 1


def test_what_is_no_phone_and_who_is_no_member_is_told_by_place(api, vip):
    join(api, 1)
    answer = fill(api, vip, add=[PHONE, phone(1), "0912xxxxxx"], remove=["", PHONE])
    assert answer["changed"] == 1
    assert [(row["list"], row["index"], row["code"]) for row in answer["rejected"]] == [
        ("add", 0, "unknown_member"),
        ("add", 2, "letters_in_number"),
        ("remove", 0, "no_number"),
        ("remove", 1, "unknown_member"),
    ]
    assert all(row["detail"] for row in answer["rejected"])


def test_nobody_is_made_a_member_by_a_list(app, api, vip):
    fill(api, vip, add=[PHONE])
    assert row_counts(app)["members"] == 0


def test_who_comes_and_leaves_at_once_is_out(api, vip):
    join(api, 1)
    fill(api, vip, add=[phone(1)], remove=[phone(1)])
    assert see(api, vip)["count"] == 0


def test_a_list_has_an_end(api, vip):
    answer = api.post(f"/tags/{vip}/members", {"add": ["1"] * 2_501, "remove": ["1"] * 2_500})
    assert "errors" in problem(answer, 422, "invalid_request")


def test_a_tag_that_follows_a_rule_is_not_set_by_hand(api):
    member_id = join(api, 1)
    slug = make(api, "Women", rule=WOMEN)["slug"]
    problem(api.post(f"/tags/{slug}/members", {"add": [phone(1)]}), 409, "tag_has_rule")
    problem(api.put(f"/members/{member_id}/tags/{slug}"), 409, "tag_has_rule")
    assert see(api, slug)["count"] == 0


# -- by a click -------------------------------------------------------------------


def test_one_member_is_given_a_tag_and_it_is_taken_off(api, cashier_api, vip):
    member_id = join(api, 1)
    place = f"/members/{member_id}/tags/{vip}"
    for act, changed, has_it in (
        (cashier_api.put, True, True),
        (cashier_api.put, False, True),
        (cashier_api.delete, True, False),
        (cashier_api.delete, False, False),
    ):
        answer = act(place)
        assert (answer.status_code, answer.get_json()) == (200, {"changed": changed})
        assert [tag["slug"] for tag in tags_of(api, member_id)] == [vip] * has_it
    assert len(builds(api, vip)) == 2


def test_what_is_not_there_is_said(api, vip):
    member_id = join(api, 1)
    problem(api.put(f"/members/{member_id}/tags/none"), 404, "unknown_tag")
    problem(api.put(f"/members/{member_id + 1}/tags/{vip}"), 404, "unknown_member")
    problem(api.put(f"/members/{2**31 - 1}/tags/{vip}"), 404, "unknown_member")
    problem(api.put(f"/members/{member_id}/tags/VIP"), 404, "not_found")
    problem(api.get(f"/members/{member_id + 1}/tags"), 404, "unknown_member")
    problem(api.post("/tags/none/members", {"add": [phone(1)]}), 404, "unknown_tag")


def test_who_was_erased_is_given_nothing(api, vip):
    member_id = join(api, 1)
    assert api.post(f"/members/{member_id}/erasure", {"reason": "asked"}).status_code == 200
    problem(api.put(f"/members/{member_id}/tags/{vip}"), 404, "unknown_member")
    assert fill(api, vip, add=[phone(1)])["changed"] == 0
    assert see(api, vip)["count"] == 0


# -- what is kept -----------------------------------------------------------------


def test_every_change_says_who_and_when(app, api, cashier_api, vip):
    member_id = join(api, 1)
    join(api, 2)
    fill(api, vip, add=[phone(1), phone(2)])
    with time_machine.travel(local(LATER), tick=False):
        cashier_api.delete(f"/members/{member_id}/tags/{vip}")
    newest, first = builds(api, vip)
    shown = ("cause", "added", "removed", "count", "by")
    assert [newest[key] for key in shown] == ["manual", 0, 1, 1, "test cashier"]
    assert newest["as_of"] == "2027-03-14T05:00:00Z"
    assert [first[key] for key in shown] == ["manual", 2, 0, 2, "test manager"]
    kept = "SELECT action || ' ' || object_kind FROM audit_events WHERE action LIKE 'tag.%'"
    assert column(app, f"{kept} ORDER BY id") == [
        "tag.change tag",
        "tag.fill tag",
        "tag.mark member",
    ]


def test_a_member_learns_since_when_and_by_whom(api, cashier_api):
    member_id = join(api, 1)
    slug = make(api, "VIP", link="https://zalo.me/g/vip")["slug"]
    with time_machine.travel(local(LATER), tick=False):
        cashier_api.put(f"/members/{member_id}/tags/{slug}")
    assert tags_of(api, member_id) == [
        {
            "slug": "vip",
            "name": "VIP",
            "kind": "manual",
            "link": "https://zalo.me/g/vip",
            "since": "2027-03-14T05:00:00Z",
            "by": "test cashier",
            "why": "set by hand by test cashier",
        }
    ]


def test_given_again_counts_from_the_last_time(api, vip):
    member_id = join(api, 1)
    for day in ("2027-03-14", "2027-03-15", "2027-03-16"):
        with time_machine.travel(local(f"{day} 12:00"), tick=False):
            api.put(f"/members/{member_id}/tags/{vip}")
            if day < "2027-03-16":
                api.delete(f"/members/{member_id}/tags/{vip}")
    assert [tag["since"] for tag in tags_of(api, member_id)] == ["2027-03-16T05:00:00Z"]


# -- at the same time ---------------------------------------------------------------


def test_clicks_at_once_lose_nobody(app, api, vip):
    members = [join(api, number) for number in range(1, 9)]
    clicks = [partial(tags.mark, each, vip, on=True) for each in members]
    assert at_once(app, *clicks) == []
    assert see(api, vip)["count"] == len(members)


def test_a_tag_deleted_under_a_click_is_gone_or_not_there(app, api):
    member_id = join(api, 1)
    for round_no in range(5):
        slug = make(api, f"Round {round_no}")["slug"]
        raised = at_once(
            app,
            partial(tags.mark, member_id, slug, on=True),
            partial(tags.delete, slug),
        )
        assert [str(why) for why in raised] in ([], ["unknown_tag"])
        problem(api.get(f"/tags/{slug}"), 404, "unknown_tag")
    assert scalar(app, "SELECT count(*) FROM group_chunks") == 0
    assert tags_of(api, member_id) == []

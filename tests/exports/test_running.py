"""What changes while an export is being made, and that the counts always add up."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.exports import kept, service
from loyalty.exports.rules import Order
from tests.api import Api
from tests.audiences.plain import expressions, gather, put_together
from tests.core.rows import change, column
from tests.exports.meanwhile import after_writing, at_the_last_moment, before_rows
from tests.exports.ordering import (
    agree,
    exported,
    group,
    manifest,
    order,
    person,
    rows,
    see,
    steps,
    stored,
)
from tests.tags.building import do_jobs

pytestmark = pytest.mark.usefixtures("store")
SOME = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def ids(found: list[dict[str, str]]) -> list[int]:
    """Of files with the column `id` alone."""
    return [int(value) for row in found for value in row.values()]


# -- who loses the right to be in it -----------------------------------------------------


@pytest.mark.parametrize("moment", [before_rows, after_writing])
def test_consent_taken_back_meanwhile_is_in_no_file(app, api, monkeypatch, moment):
    stays, goes = person(api, 1), person(api, 2)
    group(app, api, [stays, goes])
    moment(monkeypatch, lambda: agree(api, goes, "sms", granted=False))
    view = exported(app, api, columns=["id"])
    assert ids(rows(api, view)) == [stays]
    assert view["rows"] == 1
    assert steps(view)["unreachable"] == (2, 0)
    assert steps(view)["meanwhile"] == (1, 1)
    assert manifest(api, view["id"])["steps"] == view["steps"]
    assert len(stored(app)) == 2

    monkeypatch.undo()
    agree(api, goes, "sms")
    later = exported(app, api, columns=["id"], since_export=view["id"])
    assert ids(rows(api, later)) == [goes], "who was left out meanwhile was not in it"


def test_restricted_or_listed_meanwhile_is_in_no_file(app, api, monkeypatch):
    stays, restricted, listed = (person(api, number) for number in range(3))
    group(app, api, [stays, restricted, listed])

    def act():
        said = {"restricted": True, "reason": "asked by mail"}
        assert api.put(f"/members/{restricted}/restriction", said).status_code == 200
        answer = api.post("/do-not-call", {"add": ["0912000002"], "source": "national list"})
        assert answer.status_code < 300, answer.json

    after_writing(monkeypatch, act)
    view = exported(app, api, columns=["id"])
    assert ids(rows(api, view)) == [stays]
    assert steps(view)["meanwhile"] == (1, 2)


def test_erased_between_the_last_look_and_the_end_is_in_no_file(app, api, monkeypatch):
    """The look at the rights finds nothing; whoever keeps the files looks again."""
    stays, goes = person(api, 1), person(api, 2)
    group(app, api, [stays, goes])
    monkeypatch.setattr("loyalty.exports.selection.still_in", lambda members, *_, **__: members)
    after_writing(monkeypatch, lambda: erase(api, goes))
    view = exported(app, api, columns=["id"])
    assert ids(rows(api, view)) == [stays]
    assert column(app, "SELECT members FROM export_chunks") == [1]


def test_erased_at_the_end_is_not_kept_of_a_delta_either(app, api, monkeypatch):
    """They were in the earlier export already, and so in no file of this one."""
    stays, goes = person(api, 1), person(api, 2)
    group(app, api, [stays, goes])
    earlier = exported(app, api, columns=["id"])
    comes = person(api, 3)
    api.post("/tags/tag-g/members", {"add": ["0912000003"]})
    after_writing(monkeypatch, lambda: erase(api, goes))
    delta = exported(app, api, columns=["id"], since_export=earlier["id"])
    assert ids(rows(api, delta)) == [comes]
    assert kept_of(app, delta["id"]) == {stays, comes}


def test_erased_at_the_end_is_not_told_to_have_gone(app, api, monkeypatch):
    stays, goes, erased = (person(api, number) for number in range(3))
    group(app, api, [stays, goes, erased])
    earlier = exported(app, api, columns=["id"])
    api.post("/tags/tag-g/members", {"remove": ["0912000001", "0912000002"]})
    at_the_last_moment(monkeypatch, "keep", lambda: erase(api, erased))
    delta = exported(app, api, columns=["id"], since_export=earlier["id"])
    [removed] = delta["files"]
    assert removed["rows"] == 1
    assert kept_of(app, delta["id"]) == {stays}
    assert kept_of(app, earlier["id"]) == {stays, goes}


def kept_of(app, export_id):
    with app.app_context(), read():
        return set(kept.members_in(export_id))


def test_phone_that_changes_hands_meanwhile_is_in_no_file(app, api, monkeypatch):
    """Its new owner agreed to nothing; whoever had it is there under the new one."""
    stays, moves = person(api, 1), person(api, 2)
    group(app, api, [stays, moves])
    stranger = person(api, 3, agrees=())

    def change_hands():
        now = clock.now()
        for old in ("+84912000002", "+84912000003"):
            end = "UPDATE member_phones SET active_until = :now WHERE e164 = :old"
            change(app, end, now=now, old=old)
        give_phone(app, moves, "+84912000009", now=now)
        give_phone(app, stranger, "+84912000002", now=now)

    after_writing(monkeypatch, change_hands)
    view = exported(app, api, columns=["phone"])
    phones = {value for row in rows(api, view) for value in row.values()}
    assert phones == {"0912000001", "0912000009"}
    assert "meanwhile" not in steps(view)


def give_phone(app, member_id, e164, *, now):
    change(
        app,
        "INSERT INTO member_phones (member_id, e164, kind, active_from)"
        " VALUES (:id, :e164, 'mobile', :now)",
        id=member_id,
        e164=e164,
        now=now,
    )


def test_address_corrected_meanwhile_is_the_one_in_the_file(app, api, monkeypatch):
    member_id = person(api, 1, agrees=["email"], email="old@example.com")
    group(app, api, [member_id])
    after_writing(
        monkeypatch, lambda: api.patch(f"/members/{member_id}", {"email": "new@example.com"})
    )
    view = exported(app, api, reach="email", columns=["email"])
    assert [list(row.values()) for row in rows(api, view)] == [["new@example.com"]]


def test_last_one_erased_at_the_end_leaves_no_file(app, api, monkeypatch):
    goes = person(api, 1)
    group(app, api, [goes])
    monkeypatch.setattr("loyalty.exports.selection.still_in", lambda members, *_, **__: members)
    after_writing(monkeypatch, lambda: erase(api, goes))
    export_id = order(api)["id"]
    do_jobs(app)
    assert see(api, export_id)["error"]["code"] == "nobody_left"
    assert stored(app) == []


def test_erasure_waits_for_an_export_that_is_being_kept_and_deletes_its_files(
    app, api, monkeypatch
):
    goes = person(api, 1)
    group(app, api, [goes, person(api, 2)])
    keep, erasing = kept.keep, []

    def keep_while_erasing(*args):
        thread = threading.Thread(target=erase, args=[Api(app.test_client(), api.key), goes])
        thread.start()
        thread.join(0.3)
        erasing.append(thread)
        keep(*args)

    monkeypatch.setattr(kept, "keep", keep_while_erasing)
    export_id = order(api)["id"]
    do_jobs(app)
    erasing[0].join(60)
    view = see(api, export_id)
    assert (view["state"], view["rows"]) == ("done", 2)
    assert view["files_deleted_at"] is not None
    assert stored(app) == []
    assert column(app, "SELECT members FROM export_chunks") == [1]


def erase(api, member_id):
    answer = api.post(f"/members/{member_id}/erasure", {"reason": "asked in the shop"})
    assert answer.status_code == 200, answer.json


def test_nobody_left_meanwhile_makes_no_file(app, api, monkeypatch):
    goes = person(api, 1)
    group(app, api, [goes])
    after_writing(monkeypatch, lambda: agree(api, goes, "sms", granted=False))
    export_id = order(api)["id"]
    do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "nobody_left")
    assert steps(view)["meanwhile"] == (0, 1)
    assert stored(app) == []


def test_command_says_what_to_do_where_nobody_is_left_meanwhile(
    app, api, cli, tmp_path, monkeypatch
):
    goes = person(api, 1)
    group(app, api, [goes])
    after_writing(monkeypatch, lambda: agree(api, goes, "sms", granted=False))
    asked = ["--format", "csv", "--reach", "sms", "--out", str(tmp_path)]
    done = cli.invoke(args=["audiences", "export", "g", *asked])
    assert done.exit_code == 1
    assert "took the consent back" in done.output


def test_group_that_grew_beyond_the_files_that_an_order_may_make(app, api, monkeypatch):
    monkeypatch.setattr("loyalty.exports.orders.EXPORT_FILES", 2)
    people = [person(api, number) for number in range(3)]
    group(app, api, people[:2])
    export_id = order(api, rows_per_file=1)["id"]
    api.post("/tags/tag-g/members", {"add": ["0912000002"]})
    do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "invalid_request")
    assert "2 files" in view["error"]["advice"]
    assert stored(app) == []


def test_where_somebody_goes_every_time_the_file_says_of_when_it_is(app, api, monkeypatch):
    people = [person(api, number) for number in range(6)]
    group(app, api, people)
    going = list(people)
    left_at = []

    def leave():
        left_at.append(clock.now())
        agree(api, going.pop(), "sms", granted=False)

    after_writing(monkeypatch, leave, times=6)
    view = exported(app, api, columns=["id"])
    assert ids(rows(api, view)) == people[:3]
    assert steps(view)["meanwhile"] == (3, 3)
    assert len(left_at) == 4
    assert see(api, view["id"])["as_of"] < left_at[3].isoformat().replace("+00:00", "Z")


def test_audience_edited_while_it_is_written_is_as_it_was(app, api, monkeypatch):
    first, second = person(api, 1), person(api, 2)
    group(app, api, [first])
    group(app, api, [second], slug="other")
    before_rows(
        monkeypatch, lambda: api.patch("/audiences/g", {"expression": {"tag": "tag-other"}})
    )
    view = exported(app, api, columns=["id"])
    assert ids(rows(api, view)) == [first]
    assert manifest(api, view["id"])["made_of"][0]["version"] == 1


def test_audience_deleted_while_it_is_written_is_exported_to_the_end(app, api, monkeypatch):
    group(app, api, [person(api, 1)])
    before_rows(monkeypatch, lambda: api.delete("/audiences/g"))
    view = exported(app, api)
    assert (view["rows"], view["audience"], view["audience_name"]) == (1, "g", None)


def test_column_that_is_gone_by_then_is_said(app, api):
    said = {"name": "vehicle", "label": "Xe", "kind": "text"}
    assert api.post("/attributes", said).status_code == 201
    group(app, api, [person(api, 1)])
    export_id = order(api, columns=["attributes.vehicle"])["id"]
    assert api.delete("/attributes/vehicle").status_code == 204
    do_jobs(app)
    assert see(api, export_id)["error"]["code"] == "unknown_column"


# -- random audiences --------------------------------------------------------------------


@pytest.mark.parametrize("reach", [None, "sms"])
def test_count_of_the_preview_is_the_rows_and_those_suppressed(app, api, reach):
    crowd = gather(app, 5)
    everybody = sorted(crowd.active)
    agree_in_bulk(app, everybody[::2] + sorted(crowd.reach["sms"])[:20])
    change(app, "UPDATE members SET restricted_at = joined_at WHERE id % 7 = 0")
    numbers = iter(range(1_000))

    @SOME
    @given(document=expressions(), limit=st.none() | st.integers(1, 60))
    def check(document, limit):
        slug = f"random-{next(numbers)}"
        put_together(app, slug, document)
        with app.app_context(), read():
            count = audiences.preview(document)["count"]
        if not count:
            return
        asked = Order(format="csv", reach=reach, limit=limit, columns=("id",))
        with app.app_context():
            made = in_transaction(lambda: service.create(slug, asked, purpose="test"))
        do_jobs(app)
        view = see(api, made["id"])
        assert view["steps"][0] == {"name": "audience", "count": count, "removed": 0}
        left = count
        for step in view["steps"]:
            left -= step["removed"]
            assert step["count"] == left
        if view["state"] == "failed":
            assert (view["error"]["code"], left) == ("nobody_left", 0)
            return
        assert view["rows"] == left == len(ids(rows(api, view)))
        assert {*ids(rows(api, view))} <= crowd.members(document)

    check()


def agree_in_bulk(app, members) -> None:
    """These have a mobile phone and agreed to SMS."""
    known = {*column(app, "SELECT id FROM members WHERE closed_at IS NULL")}
    for number, member_id in enumerate(sorted(known & {*members})):
        change(
            app,
            "INSERT INTO member_phones (member_id, e164, kind, active_from)"
            " SELECT id, :e164, 'mobile', joined_at FROM members WHERE id = :id",
            id=member_id,
            e164=f"+849120{number:05d}",
        )
        change(
            app,
            "INSERT INTO consents (member_id, channel, purpose, granted, confirmed, guarded,"
            " text_version, changed_at)"
            " SELECT id, 'sms', 'marketing', true, true, false, '1', joined_at"
            " FROM members WHERE id = :id",
            id=member_id,
        )

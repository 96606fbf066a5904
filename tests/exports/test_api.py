"""Exports over the API: ordered, made by a job, seen, fetched; and what is refused at once."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest

from loyalty.exports.formats import FORMATS
from loyalty.members.consent_rules import CHANNELS
from tests.api import Api
from tests.audiences.making import make
from tests.core.rows import change, column, scalar
from tests.exports.ordering import (
    ON_SQLITE,
    PURPOSE,
    exported,
    fetch,
    group,
    manifest,
    order,
    person,
    rows,
    see,
    steps,
    stored,
)
from tests.purchases.receipts import LOCAL
from tests.tags.building import do_jobs

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def marketing(client, api_key) -> Api:
    return Api(client, api_key("marketing"))


def refused(api: Api, slug: str = "g", **body) -> tuple[str, dict]:
    """The code, and the errors by field."""
    given = {"format": "csv", "reach": "sms", "purpose": PURPOSE, **body}
    answer = api.post(f"/audiences/{slug}/exports", given)
    assert answer.status_code >= 400, answer.json
    return answer.get_json()["code"], answer.get_json().get("errors", {})


# -- from the order to the file ------------------------------------------------------


def test_file_holds_those_who_agreed_and_the_manifest_says_who_did_not(app, api):
    agreed = [person(api, number, name=f"Lan {number}") for number in (1, 2)]
    silent = person(api, 3, agrees=())
    landline = api.post("/members", {"phone": "024 3825 1234"}).get_json()["id"]
    group(app, api, [*agreed, silent, landline])
    ordered = order(api)
    assert (ordered["state"], ordered["rows"], ordered["files"]) == ("queued", None, [])
    assert ordered["created_by"].startswith("key:")

    do_jobs(app)
    view = see(api, ordered["id"])
    assert (view["state"], view["rows"], view["progress"], view["total"]) == ("done", 2, 2, 2)
    assert (view["error"], view["warnings"]) == (None, [])
    assert [step["name"] for step in view["steps"]] == [
        *("audience", "active", "restricted", "consent", "do_not_call", "unreachable")
    ]
    assert steps(view)["audience"] == (4, 0)
    assert steps(view)["consent"] == (2, 2)
    assert len(rows(api, view)) == 2

    said = manifest(api, view["id"])
    assert {name: said[name] for name in ("steps", "files", "rows", "reach", "purpose")} == {
        name: view[name] for name in ("steps", "files", "rows", "reach", "purpose")
    }
    assert said["as_of"] == view["as_of"]
    assert {"audience": "g"}.items() <= said["made_of"][0].items()
    [file] = view["files"]
    content = fetch(api, view["id"], file["name"])
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])


@ON_SQLITE
def test_files_are_named_after_the_format_and_the_day_alone(app, api):
    group(app, api, [person(api, 1)], slug="high-income")
    view = exported(app, api, "high-income", format="meta", reach=None)
    assert view["reach"] == "ads"
    day = datetime.fromisoformat(view["as_of"]).astimezone(LOCAL)
    assert [file["name"] for file in view["files"]] == [f"meta-{day:%Y%m%d}.csv"]


@ON_SQLITE
def test_rows_are_split_into_files_that_hold_them_all(app, api):
    group(app, api, [person(api, number) for number in range(5)])
    view = exported(app, api, rows_per_file=2)
    assert [file["rows"] for file in view["files"]] == [2, 2, 1]
    endings = [file["name"].rpartition("-")[2] for file in view["files"]]
    assert endings == ["1.csv", "2.csv", "3.csv"]
    assert len(rows(api, view)) == view["rows"] == 5


def test_chosen_columns_stand_in_their_order_and_limit_caps(app, api):
    group(app, api, [person(api, number, name="Hoa") for number in range(4)])
    view = exported(app, api, columns=["name", "phone"], limit=3)
    text = rows(api, view)
    assert len(text) == 3
    assert list(text[0].values())[0] == "Hoa"
    assert len(text[0]) == 2
    assert steps(view)["limit"] == (3, 1)
    assert (view["columns"], view["limit"]) == (["name", "phone"], 3)


@ON_SQLITE
def test_file_speaks_the_language_of_whoever_asked(app, api):
    group(app, api, [person(api, 1, gender="female")])
    headers = {}
    for language in ("vi", "en"):
        body = {"format": "csv", "reach": "sms", "purpose": PURPOSE, "columns": ["gender"]}
        ordered = api.post("/audiences/g/exports", body, Accept_Language=language).get_json()
        do_jobs(app)
        headers[language] = rows(api, see(api, ordered["id"]))[0]
    assert headers["vi"] != headers["en"]
    assert list(headers["vi"]) == ["giới tính"]


@ON_SQLITE
def test_small_list_for_tiktok_is_warned_of(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api, format="tiktok", reach=None)
    assert len(view["warnings"]) == 1
    assert "1,000" in view["warnings"][0]
    assert manifest(api, view["id"])["warnings"][0]["code"] == "few_rows"


@ON_SQLITE
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_made_for_those_who_agreed(app, api, name):
    group(app, api, [person(api, 1, agrees=CHANNELS, email="lan@example.com"), person(api, 2)])
    view = exported(app, api, format=name, reach=FORMATS[name].channel or "call")
    expected = 2 if view["reach"] in ("sms", "ads") else 1
    assert [file["rows"] for file in view["files"]] == [expected]
    [file] = view["files"]
    content = fetch(api, view["id"], file["name"])
    assert hashlib.sha256(content).hexdigest() == file["sha256"]


@ON_SQLITE
def test_internal_file_needs_no_consent(app, api):
    group(app, api, [person(api, number, agrees=()) for number in range(3)])
    view = exported(app, api, reach=None)
    assert (view["reach"], view["rows"]) == (None, 3)
    assert "consent" not in steps(view)


@ON_SQLITE
def test_columns_are_listed(api):
    items = api.get("/exports/columns").get_json()["items"]
    names = [item["name"] for item in items]
    assert {"phone", "name", "points", "tags", "consent_sms", "lifetime_spend"} <= {*names}
    assert {"name": "phone", "kind": "phone", "in_import": True}.items() <= items[
        names.index("phone")
    ].items()


# -- what changed since ---------------------------------------------------------------


def test_since_an_earlier_export_who_came_and_who_went(app, api):
    first, second, third = (person(api, number, name=f"P{number}") for number in range(3))
    group(app, api, [first, second])
    earlier = exported(app, api, columns=["id"])
    api.post("/tags/tag-g/members", {"add": ["0912000002"]})
    api.put(
        f"/members/{first}/consents",
        {"channel": "sms", "purpose": "marketing", "granted": False},
    )
    later = exported(app, api, columns=["id"], since_export=earlier["id"])
    added, removed = later["files"]
    assert added["name"].endswith("-added.csv")
    assert removed["name"].endswith("-removed.csv")
    assert [list(row.values()) for row in rows(api, later, added["name"])] == [[str(third)]]
    assert [list(row.values()) for row in rows(api, later, removed["name"])] == [[str(first)]]
    assert later["rows"] == 2
    assert steps(later)["since"][0] == 1

    # The one after is told from the whole of then, not from what was added.
    api.put(f"/members/{third}/restriction", {"restricted": True, "reason": "asked by mail"})
    last = exported(app, api, columns=["id"], since_export=later["id"])
    [only] = last["files"]
    assert only["name"].endswith("-removed.csv")
    assert [list(row.values()) for row in rows(api, last)] == [[str(third)]]
    assert second


def test_since_an_earlier_export_everybody_went(app, api):
    goes = person(api, 1)
    group(app, api, [goes])
    earlier = exported(app, api, columns=["id"])
    api.post("/tags/tag-g/members", {"remove": ["0912000001"]})
    later = exported(app, api, columns=["id"], since_export=earlier["id"])
    assert [file["name"].rpartition("-")[2] for file in later["files"]] == ["removed.csv"]
    assert later["rows"] == 1
    api.post("/tags/tag-g/members", {"add": ["0912000001"]})
    assert exported(app, api, columns=["id"], since_export=later["id"])["rows"] == 1


def test_other_audience_format_or_reach_is_not_comparable(app, api):
    group(app, api, [person(api, 1)])
    group(app, api, [1], slug="other")
    earlier = exported(app, api)["id"]
    for slug, body in (("other", {}), ("g", {"format": "xlsx"}), ("g", {"reach": "ads"})):
        assert refused(api, slug, since_export=earlier, **body)[0] == "not_comparable"
    assert refused(api, since_export=99)[0] == "unknown_export"


# -- what is refused at once ------------------------------------------------------------


@ON_SQLITE
def test_orders_that_cannot_be_are_refused_where_they_are_wrong(app, api):
    group(app, api, [person(api, 1)])
    assert refused(api, "nobody")[0] == "unknown_audience"
    assert refused(api, columns=["phone", "shoe"]) == (
        "unknown_column",
        {"columns": {"1": ["There is no column of this name."]}},
    )
    assert "1" in refused(api, columns=["phone", "phone"])[1]["columns"]
    assert "columns" in refused(api, format="meta", reach="ads", columns=["phone"])[1]
    assert "reach" in refused(api, format="meta", reach="sms")[1]
    assert "reach" in refused(api, reach="fax")[1]
    assert "format" in refused(api, format="pdf")[1]
    assert "limit" in refused(api, limit=0)[1]
    assert "purpose" in refused(api, purpose="  ")[1]
    assert column(app, "SELECT id FROM exports") == []


@ON_SQLITE
def test_thousands_of_files_are_refused(app, api, monkeypatch):
    monkeypatch.setattr("loyalty.exports.orders.EXPORT_FILES", 2)
    group(app, api, [person(api, number) for number in range(3)])
    assert "rows_per_file" in refused(api, rows_per_file=1)[1]
    assert order(api, rows_per_file=1, limit=2)["state"] == "queued"


def test_so_many_wait_of_one_person_at_most(app, api, marketing, monkeypatch):
    monkeypatch.setattr("loyalty.exports.service.EXPORTS_WAITING", 2)
    group(app, api, [person(api, 1)])
    made = [order(api, limit=number)["id"] for number in (1, 2)]
    assert order(api, limit=2)["id"] == made[1]
    given = {"format": "csv", "reach": "sms", "purpose": PURPOSE}
    answer = api.post("/audiences/g/exports", given)
    assert (answer.status_code, answer.get_json()["code"]) == (429, "too_many_requests")
    assert "2 exports of yours" in answer.get_json()["detail"]
    assert order(marketing)["state"] == "queued"

    api.post(f"/exports/{made[0]}/cancel")
    assert order(api)["state"] == "queued"
    again = api.post(f"/exports/{made[0]}/retry")
    assert again.get_json()["code"] == "too_many_requests"


def test_empty_audience_is_refused_with_a_sentence_and_makes_nothing(app, api):
    group(app, api, [])
    answer = api.post("/audiences/g/exports", {"format": "csv", "reach": "sms", "purpose": "x"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "empty_audience")
    assert "Nobody is in this" in answer.get_json()["detail"]
    assert stored(app) == []
    assert scalar(app, "SELECT count(*) FROM jobs WHERE kind = 'exports.run'") == 0


def test_where_nobody_agreed_no_file_is_made_and_it_says_what_to_do(app, api):
    group(app, api, [person(api, 1, agrees=())])
    export_id = order(api)["id"]
    do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["rows"], view["files"]) == ("failed", None, [])
    assert view["error"]["code"] == "nobody_left"
    assert "consent" in view["error"]["advice"]
    assert steps(view)["consent"] == (0, 1)
    assert stored(app) == []


@ON_SQLITE
def test_where_nobody_is_left_and_no_step_was_kept_there_is_no_advice(app, api):
    group(app, api, [person(api, 1, agrees=())])
    export_id = order(api)["id"]
    do_jobs(app)
    change(app, "UPDATE exports SET manifest = NULL")
    assert see(api, export_id)["error"]["advice"] is None


# -- who may ----------------------------------------------------------------------------


def test_internal_files_are_for_managers(app, api, marketing):
    group(app, api, [person(api, 1)])
    assert refused(marketing, reach="sms", format="pdf")[0] == "invalid_request"
    body = {"format": "csv", "purpose": PURPOSE}
    assert marketing.post("/audiences/g/exports", body).status_code == 403
    internal = exported(app, api, reach=None)
    path = f"/exports/{internal['id']}"
    for answer in (
        marketing.get(path),
        marketing.get(f"{path}/files/manifest.json"),
        marketing.post(f"{path}/cancel"),
        marketing.post(f"{path}/retry"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_export")
    mine = order(marketing)
    assert [item["id"] for item in marketing.get("/exports").get_json()["items"]] == [mine["id"]]
    assert len(api.get("/exports").get_json()["items"]) == 2


def test_list_is_newest_first_in_pages(app, api, monkeypatch):
    monkeypatch.setattr("loyalty.exports.service.PAGE_ROWS", 2)
    group(app, api, [person(api, 1)])
    made = [order(api, purpose=f"round {number}")["id"] for number in range(3)]
    first = api.get("/exports").get_json()
    assert [item["id"] for item in first["items"]] == [made[2], made[1]]
    second = api.get("/exports", cursor=first["next"]).get_json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([made[0]], None)


# -- once, and what is remembered --------------------------------------------------------


def test_same_order_that_still_waits_is_answered_not_made_again(app, api, marketing):
    group(app, api, [person(api, 1)])
    first = order(api)
    assert order(api)["id"] == first["id"]
    others = [order(api, limit=5), order(api, purpose="else"), order(marketing)]
    assert len({first["id"], *(other["id"] for other in others)}) == 4
    do_jobs(app)
    assert order(api)["id"] not in (first["id"], *(other["id"] for other in others))


def test_log_keeps_who_exported_and_who_fetched_and_why(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api, purpose="Mời 0912 345 678 nhân dịp khai trương")
    assert "345 678" not in view["purpose"]
    name = view["files"][0]["name"]
    fetch(api, view["id"], name)
    events = api.get("/audit", object_kind="export").get_json()["items"]
    assert [event["action"] for event in events] == ["export.fetch", "export.create"]
    fetched, created = events
    assert created["details"] == {"audience": "g", "format": "csv", "reach": "sms"}
    assert fetched["details"] == {"file": name}
    assert created["reason"] == fetched["reason"] == view["purpose"]
    assert created["actor"] == view["created_by"]


@ON_SQLITE
def test_unknown_exports_and_files(app, api):
    group(app, api, [person(api, 1)])
    view = exported(app, api)
    for name in ("nothing.csv", "..", "%2e%2e%2fsecret.key", f".{view['files'][0]['name']}"):
        assert api.get(f"/exports/{view['id']}/files/{name}").status_code == 404
    for path in ("/exports/99", "/exports/99/files/manifest.json"):
        assert api.get(path).get_json()["code"] == "unknown_export"
    answer = api.get(f"/exports/{view['id']}/files/manifest.json")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


# -- ending and beginning again -----------------------------------------------------------


def test_waiting_export_is_cancelled_at_once_and_can_begin_again(app, api):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]
    assert api.post(f"/exports/{export_id}/cancel").get_json()["state"] == "cancelled"
    assert do_jobs(app) == 0
    assert api.post(f"/exports/{export_id}/cancel").get_json()["code"] == "work_ended"
    again = api.post(f"/exports/{export_id}/retry")
    assert (again.status_code, again.get_json()["state"]) == (202, "queued")
    assert api.post(f"/exports/{export_id}/retry").get_json()["code"] == "work_goes_on"
    do_jobs(app)
    assert see(api, export_id)["state"] == "done"
    assert api.post(f"/exports/{export_id}/retry").get_json()["code"] == "work_ended"


@ON_SQLITE
def test_failed_export_says_so_without_its_rows_and_can_begin_again(app, api, monkeypatch):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]

    def break_down(*_, **__):
        raise RuntimeError("row of 0912 000 001")

    with monkeypatch.context() as patch:
        patch.setattr("loyalty.exports.filling.write_files", break_down)
        do_jobs(app)
    view = see(api, export_id)
    assert view["state"] == "failed"
    assert view["error"]["code"] == "internal_error"
    assert "0912" not in str(view)
    assert steps(view)["audience"] == (1, 0)
    api.post(f"/exports/{export_id}/retry")
    do_jobs(app)
    assert see(api, export_id)["state"] == "done"


def test_deleted_or_replaced_audience_ends_the_export(app, api):
    group(app, api, [person(api, 1)])
    export_id = order(api)["id"]
    assert api.delete("/audiences/g").status_code == 204
    replacement = make(api, "g", {"tag": "tag-g"})
    assert replacement["count"] == 1
    do_jobs(app)
    view = see(api, export_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "unknown_audience")
    assert (view["audience"], view["audience_name"]) == ("g", None)
    assert stored(app) == []


def test_audience_edited_while_the_export_waits_is_exported_as_it_is(app, api):
    first, second = person(api, 1), person(api, 2)
    group(app, api, [first])
    group(app, api, [second], slug="other")
    export_id = order(api, columns=["id"])["id"]
    api.patch("/audiences/g", {"expression": {"tag": "tag-other"}})
    do_jobs(app)
    assert [list(row.values()) for row in rows(api, see(api, export_id))] == [[str(second)]]
    assert manifest(api, export_id)["made_of"][0]["version"] == 2

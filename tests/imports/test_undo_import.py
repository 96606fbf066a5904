"""`flask members undo-import`: everything as it was before the file came, or nothing at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from loyalty.core import clock
from loyalty.core.db import read
from loyalty.core.errors import Code, Problem
from loyalty.imports import importing, undoing
from loyalty.members import service as members
from tests.core.rows import change, column, scalar
from tests.imports.files import written
from tests.members.attributes import declare
from tests.points.spending import spend
from tests.purchases.receipts import buy, phone, points_of
from tests.tags.making import fill, join, make, see, tags_of

HEADER = "phone,name,email,date of birth,province,tags,points,agreed to marketing by SMS,vehicle"
YESTERDAY = (clock.now() - timedelta(days=1)).date().isoformat()
LONG_AGO = "2026-02-03"
OPTIONS = (
    *("--on-duplicate", "newest", "--make-tags", "--opening-points"),
    *("--consent-proof", "forms, folder 7"),
)


def row(number, name="Lan", email="", born="", province="", tags="", points="", sms="", car=""):
    return ",".join([phone(number), name, email, born, province, tags, points, sms, car])


def bring_in(cli, folder, *rows, name="members.csv", given_on=YESTERDAY):
    """The id of the import."""
    file = written(folder, "\n".join([HEADER, *rows, ""]), name=name)
    options = (*OPTIONS, "--consent-given-on", given_on)
    result = cli.invoke(args=["members", "import", str(file), *options, "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["rejected"] == {}
    return told["import"]


def undo(cli, import_id):
    return cli.invoke(args=["members", "undo-import", str(import_id)])


def undone(cli, import_id):
    result = undo(cli, import_id)
    assert result.exit_code == 0, result.output


def refused(app, cli, import_id):
    """How many members were built upon; nothing else changed."""
    before = everything(app)
    assert undo(cli, import_id).exit_code == 1
    assert everything(app) == before
    with app.app_context(), pytest.raises(Problem) as why:
        undoing.undo(import_id, report=lambda *_: None)
    assert why.value.code is Code.BUILT_UPON
    assert everything(app) == before
    return why.value.extra["count"]


def id_of(api, number):
    return api.get("/members", phone=phone(number)).get_json()["items"][0]["id"]


def consent(api, member_id, **said):
    body = {"channel": "email", "purpose": "marketing", "granted": True, **said}
    assert api.put(f"/members/{member_id}/consents", body).status_code == 200


def correct(api, member_id, **profile):
    assert api.patch(f"/members/{member_id}", profile).status_code == 200


def verify(cli):
    result = cli.invoke(args=["points", "verify"])
    assert result.exit_code == 0, result.output


_OF_MEMBERS = {
    "members": "SELECT * FROM members ORDER BY id",
    "phones": "SELECT * FROM member_phones ORDER BY id",
    "attributes": "SELECT * FROM member_attributes ORDER BY member_id, attribute_id, place",
    "consents": "SELECT * FROM consents ORDER BY member_id, channel, purpose",
    "said": "SELECT * FROM consent_changes ORDER BY id",
    "lots": "SELECT * FROM point_lots ORDER BY entry_id",
    "kept": "SELECT import_id, member_id FROM imported_members ORDER BY 1, 2",
}


def everything(app):
    """Who is in which group is asked apart: bitmaps are read, not compared."""
    with app.app_context(), read() as session:
        return {
            name: [dict(row) for row in session.execute(text(query)).mappings()]
            for name, query in _OF_MEMBERS.items()
        }


def known_things(app, *member_ids):
    """Of these members all but when the profile was touched last."""
    found = everything(app)
    del found["lots"], found["kept"]
    return {
        name: [
            {key: value for key, value in row.items() if key != "updated_at"}
            for row in rows
            if row.get("member_id", row.get("id")) in member_ids
        ]
        for name, rows in found.items()
    }


@pytest.fixture
def vehicle(api):
    declare(api, "vehicle", "choice", ["car", "bike"])


@pytest.fixture
def lan(app, api, vehicle):
    """The id of a member of whom something is known of everything."""
    member_id = join(api, 1, name="Lan Trần", birth_date="1990-02-28", province="01")
    correct(api, member_id, attributes={"vehicle": "bike"})
    said = {"channel": "sms", "purpose": "marketing", "granted": True}
    assert api.put(f"/members/{member_id}/consents", said).status_code == 200
    fill(api, make(api, "Vàng")["slug"], add=[phone(1)])
    # What was said and changed was so some time ago.
    change(app, "UPDATE consents SET changed_at = '2026-01-01 00:00:00.000000'")
    change(app, "UPDATE consent_changes SET at = '2026-01-01 00:00:00.000000'")
    return member_id


NEW = row(2, "Minh", "minh@example.com", "1985-03-04", "79", "Vàng; Bạc", "50", "yes", "car")
KNOWN = row(1, "Lan", "lan@example.com", "1991-01-01", "79", "Bạc", "120", "yes", "car")


# -- as it was -----------------------------------------------------------------------


def test_known_member_knows_again_what_stood_there(app, api, cli, lan, tmp_path):
    before = known_things(app, lan)
    tags = [tag["slug"] for tag in tags_of(api, lan)]
    import_id = bring_in(cli, tmp_path, KNOWN, NEW)
    assert known_things(app, lan) != before
    assert [tag["slug"] for tag in tags_of(api, lan)] == ["bac", "vang"]
    undone(cli, import_id)
    assert known_things(app, lan) == before
    assert [tag["slug"] for tag in tags_of(api, lan)] == tags
    assert points_of(api, lan)["balance"] == 0
    verify(cli)


def test_member_that_the_file_made_is_nobody_any_more(app, api, cli, lan, tmp_path):
    import_id = bring_in(cli, tmp_path, KNOWN, NEW)
    made = id_of(api, 2)
    undone(cli, import_id)
    assert api.get("/members", phone=phone(2)).get_json()["items"] == []
    assert api.get(f"/members/{made}").status_code == 404
    left = known_things(app, made)
    [row_left] = left.pop("members")
    assert not any(left.values())
    told = {name for name in (*members.PROFILE_FIELDS, "name_folded") if row_left[name]}
    assert (told, row_left["points"], row_left["erased_at"]) == (set(), 0, None)
    assert [see(api, slug)["count"] for slug in ("vang", "bac")] == [1, 0]
    verify(cli)


def test_phone_is_free_again_and_the_id_is_not(app, api, cli, lan, tmp_path):
    undone(cli, bring_in(cli, tmp_path, NEW))
    again = join(api, 2)
    assert again == scalar(app, "SELECT max(id) FROM members")
    assert scalar(app, "SELECT count(*) FROM members") == 3


def test_corrected_file_comes_in_after_the_undo(app, api, cli, lan, tmp_path):
    undone(cli, bring_in(cli, tmp_path, KNOWN, NEW))
    corrected = row(1, "Lan Anh", points="70", sms="yes"), row(2, "Minh Anh", points="20")
    bring_in(cli, tmp_path, *corrected, name="corrected.csv")
    assert api.get("/members", phone=phone(2)).get_json()["items"][0]["name"] == "Minh Anh"
    assert points_of(api, lan)["balance"] == 70
    verify(cli)


def test_phone_twice_in_the_file_is_put_back_to_before_both(app, cli, lan, tmp_path, monkeypatch):
    monkeypatch.setattr("loyalty.imports.importing.BATCH_ROWS", 1)
    before = known_things(app, lan)
    twice = row(1, "Lan An", sms="yes"), row(1, "Lan Anh", sms="no", car="car")
    undone(cli, bring_in(cli, tmp_path, *twice, row(3, "Ba"), row(3, "Bảo", "b@example.com")))
    assert known_things(app, lan) == before
    verify(cli)


def test_undone_import_is_not_undone_again(app, cli, lan, tmp_path):
    import_id = bring_in(cli, tmp_path, NEW)
    undone(cli, import_id)
    after = everything(app)
    assert undo(cli, import_id).exit_code == 1
    assert everything(app) == after


def test_unknown_import_is_told(cli):
    assert undo(cli, 99).exit_code == 1


def test_attribute_and_tag_that_are_gone_since_are_passed_over(app, api, cli, lan, tmp_path):
    import_id = bring_in(cli, tmp_path, KNOWN, NEW)
    assert api.delete("/tags/bac").status_code == 204
    assert api.delete("/attributes/vehicle").status_code == 204
    undone(cli, import_id)
    assert api.get(f"/members/{lan}").get_json()["name"] == "Lan Trần"


# -- built upon ------------------------------------------------------------------------


def build_on_new_members(app, api):
    """Each in another way: how many ways that were."""
    ids = [id_of(api, number) for number in range(2, 10)]
    buy(api, phone=phone(2), amount=0)
    spend(app, ids[1], 1)
    consent(api, ids[2])
    correct(api, ids[3], name="Minh Anh")
    correct(api, ids[4], attributes={"vehicle": "bike"})
    fill(api, make(api, "Kim cương")["slug"], add=[phone(7)])
    change(app, "UPDATE members SET restricted_at = joined_at WHERE id = :id", id=ids[6])
    change(
        app, "UPDATE member_phones SET active_until = active_from WHERE member_id = :id", id=ids[7]
    )
    return len(ids)


@pytest.mark.usefixtures("store", "lan")
def test_nothing_is_undone_where_somebody_built_on_new_members(app, api, cli, tmp_path):
    new = (row(number, points="9", tags="Bạc", sms="yes") for number in range(2, 11))
    import_id = bring_in(cli, tmp_path, KNOWN, *new)
    built_on = build_on_new_members(app, api)
    assert refused(app, cli, import_id) == built_on


@pytest.mark.usefixtures("lan")
def test_nothing_is_undone_where_what_it_changed_was_changed_again(app, api, cli, tmp_path):
    ids = [join(api, number) for number in (2, 3, 4)]
    rows = (row(number, points="9", sms="yes") for number in (2, 3, 4))
    import_id = bring_in(cli, tmp_path, KNOWN, *rows)
    correct(api, ids[0], occupation="cook")
    consent(api, ids[1], channel="sms", granted=False)
    spend(app, ids[2], 1)
    assert refused(app, cli, import_id) == 3


@pytest.mark.usefixtures("store")
def test_known_member_may_go_on_buying(app, api, cli, lan, tmp_path):
    import_id = bring_in(cli, tmp_path, KNOWN, NEW)
    buy(api, phone=phone(1))
    consent(api, lan, channel="call")
    undone(cli, import_id)
    assert points_of(api, lan)["balance"] == 15
    verify(cli)


def test_import_over_another_goes_first(app, cli, lan, tmp_path):
    first = bring_in(cli, tmp_path, KNOWN, NEW)
    second = bring_in(cli, tmp_path, row(2, "Minh Anh"), name="second.csv")
    assert refused(app, cli, first) == 1
    undone(cli, second)
    undone(cli, first)
    assert column(app, "SELECT id FROM members WHERE closed_at IS NULL") == [lan]


def test_imports_over_each_other_are_undone_from_the_last_to_the_first(
    app, api, cli, lan, tmp_path
):
    before = whole(app, lan)
    first = bring_in(cli, tmp_path, row(1, "Lan A", tags="Bạc", sms="yes"), row(2, "Minh"))
    over = (
        row(1, "Lan B", points="70", sms="no"),
        row(2, "Minh B", tags="Bạc", points="5", sms="no"),
    )
    second = bring_in(cli, tmp_path, *over, name="second.csv")
    undone(cli, second)
    undone(cli, first)
    assert whole(app, lan) == before
    assert column(app, "SELECT id FROM members WHERE closed_at IS NULL") == [lan]
    verify(cli)


def whole(app, member_id):
    """With when the profile was touched."""
    touched = column(app, "SELECT updated_at FROM members WHERE id = :id", id=member_id)
    return known_things(app, member_id), touched


def in_another_step(monkeypatch, act):
    """`act` happens after the first step of one row."""
    monkeypatch.setattr("loyalty.imports.importing.BATCH_ROWS", 1)
    work: Any = vars(importing)["in_transaction"]
    done = []

    def act_and_work(step):
        done.append(step)
        if len(done) == 2:
            act()
        return work(step)

    monkeypatch.setattr(importing, "in_transaction", act_and_work)


@pytest.mark.parametrize("wrong", ["profile", "consent"])
def test_what_was_corrected_between_two_rows_of_a_phone_stands(
    app, api, cli, lan, tmp_path, monkeypatch, wrong
):
    acts = {
        "profile": lambda: correct(api, lan, name="Lan Thật"),
        "consent": lambda: consent(api, lan, channel="sms"),
    }
    rows = row(1, "Lan A", sms="no"), row(1, "Lan B"), row(1, "Lan C")
    in_another_step(monkeypatch, acts[wrong])
    import_id = bring_in(cli, tmp_path, *rows)
    assert refused(app, cli, import_id) == 1


def test_words_of_another_import_stay_in_the_history(app, cli, lan, tmp_path):
    """Of one that came in after this one was sent, and before its first row was."""
    another = row(1, "Lan Trần", sms="no")
    bring_in(cli, tmp_path, another, name="another.csv", given_on=LONG_AGO)
    before = known_things(app, lan)
    import_id = bring_in(cli, tmp_path, row(1, "Lan Trần", sms="yes"))
    change(app, "UPDATE member_imports SET created_at = '2026-01-01 00:00:00.000000'")
    assert known_things(app, lan) != before
    undone(cli, import_id)
    assert known_things(app, lan) == before


# -- cut off ---------------------------------------------------------------------------


class _CutOff(Exception):
    pass


@pytest.fixture
def cut_off(app, api, cli, lan, tmp_path, monkeypatch):
    """The id of an import whose undo ended after its first step of two members."""
    import_id = bring_in(cli, tmp_path, *(row(n, points="5", tags="Bạc") for n in range(2, 7)))
    monkeypatch.setattr(undoing, "BATCH_ROWS", 2)

    def stop(progress, total):
        assert total == 5
        if progress:
            raise _CutOff

    with app.app_context(), pytest.raises(_CutOff):
        undoing.undo(import_id, report=stop)
    assert scalar(app, "SELECT count(*) FROM imported_members") == 3
    assert see(api, "bac")["count"] == 3
    verify(cli)
    return import_id


def told_by(app, import_id):
    heard = []
    with app.app_context():
        result = undoing.undo(import_id, report=lambda *said: heard.append(said))
    return result, heard


def test_undo_that_was_cut_off_goes_on(app, api, cli, cut_off):
    result, heard = told_by(app, cut_off)
    assert (result.members, result.kept) == (5, 0)
    assert heard == [(2, 3), (3, 3)]
    assert column(app, "SELECT id FROM members WHERE closed_at IS NULL") == [1]
    assert see(api, "bac")["count"] == 0
    verify(cli)


def test_who_was_built_upon_while_it_went_on_stays(app, api, cli, cut_off):
    last = id_of(api, 6)
    correct(api, last, name="Sáu")
    result, _ = told_by(app, cut_off)
    assert (result.members, result.kept) == (4, 1)
    assert api.get(f"/members/{last}").get_json()["name"] == "Sáu"
    assert points_of(api, last)["balance"] == 5
    assert scalar(app, "SELECT count(*) FROM imported_members") == 0
    verify(cli)


def test_nobody_who_was_erased_comes_back(app, api, cli, lan, tmp_path):
    import_id = bring_in(cli, tmp_path, KNOWN, NEW)
    assert api.post(f"/members/{lan}/erasure", {"reason": "asked"}).status_code == 200
    undone(cli, import_id)
    assert scalar(app, "SELECT count(*) FROM members WHERE name IS NOT NULL") == 0
    verify(cli)

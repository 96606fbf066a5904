"""Tags that a file names: found however they are written, made, filled, and emptied again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest
from pyroaring import BitMap
from sqlalchemy import event

from loyalty.core.db import db, read, transaction
from loyalty.core.errors import Code, Problem
from loyalty.tags import in_file
from tests.core.rows import row_counts, scalar
from tests.tags.making import WOMEN, builds, join, make, see, tags_of


def asked(app, act, *given):
    with app.app_context(), read():
        return act(*given)


def done(app, act, *given):
    with app.app_context(), transaction():
        return act(*given)


@contextmanager
def counted():
    """The statements that go to the database meanwhile."""
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def put_in(app, slug, *member_ids):
    return done(app, in_file.put_in, {slug: BitMap(member_ids)})[slug]


WAYS_TO_WRITE = (
    *("khach-quen", "Khách quen", "KHÁCH QUEN"),
    *("khach quen", "khách-quen", "Khách  quen"),
)


def test_tag_is_known_by_its_slug_and_by_its_name_however_written(app, api):
    make(api, "Khách quen")
    assert asked(app, in_file.known, WAYS_TO_WRITE) == dict.fromkeys(WAYS_TO_WRITE, "khach-quen")


def test_slug_goes_before_another_tags_name_and_the_older_before_the_newer(app, api):
    make(api, "Vàng", slug="bac")
    make(api, "Bac", slug="vang")
    make(api, "Vàng", slug="moi")
    names = ["bac", "vang", "Vàng"]
    assert asked(app, in_file.known, names) == {"bac": "bac", "vang": "vang", "Vàng": "bac"}


def test_unknown_name_and_tag_with_a_rule_are_left_out(app, api):
    make(api, "Phụ nữ", rule=WOMEN)
    assert asked(app, in_file.known, ["phu nu", "Ai đó", ""]) == {}
    assert asked(app, in_file.ruled, ["phu nu", "Ai đó"]) == {"phu nu"}


def test_names_without_a_tag_are_made_once(app, api):
    make(api, "Khách quen")
    made = done(app, in_file.make, ["Khách quen", "Vàng", "VÀNG", "ลูกค้าประจำ"])
    assert made["Khách quen"] == "khach-quen"
    assert made["Vàng"] == made["VÀNG"] == "vang"
    assert see(api, made["ลูกค้าประจำ"])["name"] == "ลูกค้าประจำ"
    assert scalar(app, "SELECT count(*) FROM tags") == 3


def test_many_names_are_looked_up_at_once(app, api):
    names = [f"Nhóm {number}" for number in range(20)]
    with app.app_context(), transaction():
        made = in_file.make(names)
        with counted() as asked:
            assert in_file.make(names) == made
    assert len(asked) <= 2


def test_two_new_names_that_read_the_same_are_one_tag(app):
    made = done(app, in_file.make, ["Khách sỉ", "khach-si", "KHÁCH  SỈ"])
    assert set(made.values()) == {"khach-si"}
    assert scalar(app, "SELECT count(*) FROM tags") == 1


def test_no_tag_is_made_beside_one_with_a_rule(app, api):
    make(api, "Phụ nữ", rule=WOMEN)
    before = row_counts(app)
    with pytest.raises(Problem) as refused:
        done(app, in_file.make, ["Vàng", "phụ nữ"])
    assert refused.value.code is Code.TAG_HAS_RULE
    assert row_counts(app) == before


def test_put_in_says_who_was_not_in_before(app, api):
    make(api, "Vàng")
    ids = [join(api, number) for number in (1, 2, 3)]
    assert set(put_in(app, "vang", *ids[:2])) == set(ids[:2])
    assert set(put_in(app, "vang", *ids)) == {ids[2]}
    assert see(api, "vang")["count"] == 3
    before = row_counts(app)
    assert not put_in(app, "vang", *ids)
    assert row_counts(app) == before
    assert [build["added"] for build in builds(api, "vang")] == [1, 2]


def test_nobody_is_put_into_a_tag_with_a_rule(app, api):
    make(api, "Phụ nữ", rule=WOMEN)
    with pytest.raises(Problem) as refused:
        put_in(app, "phu-nu", join(api))
    assert refused.value.code is Code.TAG_HAS_RULE


def group_of(app, slug):
    return scalar(app, "SELECT group_id FROM tags WHERE slug = :slug", slug=slug)


def test_taken_out_are_those_alone_who_came_in(app, api):
    make(api, "Vàng")
    before, came = join(api, 1), join(api, 2)
    put_in(app, "vang", before)
    added = put_in(app, "vang", before, came)
    done(app, in_file.take_out, {group_of(app, "vang"): added})
    assert [tag["slug"] for tag in tags_of(api, before)] == ["vang"]
    assert tags_of(api, came) == []


def test_tag_that_is_gone_since_is_passed_over(app, api):
    """Another one of the same name is another tag."""
    make(api, "Vàng")
    member_id = join(api)
    put_in(app, "vang", member_id)
    group_id = group_of(app, "vang")
    assert api.delete("/tags/vang").status_code == 204
    make(api, "Vàng")
    put_in(app, "vang", member_id)
    done(app, in_file.take_out, {group_id: BitMap([member_id])})
    assert see(api, "vang")["count"] == 1

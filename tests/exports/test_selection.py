"""From an audience to the members of a file, step by step."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask_babel import force_locale
from pyroaring import BitMap
from sqlalchemy import insert, literal, select, text

from loyalty.audiences import counting
from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.exports import kept, selection
from loyalty.exports.advice import advice_for_reach
from loyalty.exports.models import Export
from loyalty.exports.rules import Order
from loyalty.members import do_not_call
from loyalty.members.consent_rules import CHANNELS
from tests.audiences.making import make, make_tag, put_in
from tests.core.rows import change
from tests.exports.crowd import NOW, SAID, Somebody, anybody, settle, suppressed, yes

IDS = [*range(1, 300), 65_535, 65_536, 65_537, 131_072, 200_000]
REACHES = (None, *CHANNELS)


def order(reach=None, **more):
    return Order(format="csv", reach=reach, **more)


def group(app, api, members, slug="g"):
    """An audience of exactly these."""
    make_tag(app, f"tag-{slug}", members)
    make(api, slug, {"tag": f"tag-{slug}"})


def choose(app, wanted, slug="g", how=selection.select):
    with app.app_context(), force_locale("en"), read():
        return how(slug, wanted, as_of=NOW)


def refusal(app, wanted, slug="g"):
    with pytest.raises(Problem) as raised:
        choose(app, wanted, slug)
    return raised.value


def steps(found):
    return {step.name: (step.count, step.removed) for step in found.steps}


def exported_before(app, slug, members, **values):
    """The id of an earlier export that these were in."""

    def act():
        audience = text("SELECT id FROM audiences WHERE slug = :slug")
        row = {
            "audience_id": connection().scalar(audience, {"slug": slug}),
            "audience_slug": slug,
            "format": "csv",
            "reach": "sms",
            "options": {},
            "purpose": "p",
            "rows": len(members),
            "as_of": clock.now(),
            "created_by": "system:0",
            "created_at": SAID,
            **values,
        }
        made = connection().execute(insert(table_of(Export)).returning(Export.id), row)
        export_id = made.scalar_one()
        kept.keep(export_id, BitMap(members))
        return export_id

    with app.app_context():
        return in_transaction(act)


# -- against a second implementation ------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_every_step_is_what_plain_python_says(app, api, seed):
    chance = random.Random(seed)
    people = anybody(chance, IDS)
    settle(app, people)
    group(app, api, IDS)
    inside = [each for each in people if not each.closed]
    for reach in REACHES:
        found = choose(app, order(reach))
        expected = {"audience": (len(inside), 0)}
        before = inside
        for name, left in suppressed(inside, order(reach)):
            expected[name] = (len(left), len(before) - len(left))
            before = left
        assert steps(found) == expected
        assert list(steps(found)) == list(expected), "told in this order"
        assert list(found.members) == [each.id for each in before]
        assert found.whole == found.members
        assert not found.leaving


def test_who_may_still_be_in_is_what_plain_python_says(app, api):
    people = anybody(random.Random(3), IDS)
    settle(app, people)
    for reach in REACHES:
        *_, (_, left) = (step for step in suppressed(people, order(reach)) if step[0] != "contact")
        with app.app_context(), read():
            stay = selection.still_in(BitMap(IDS), order(reach), as_of=NOW)
        assert list(stay) == [each.id for each in left]


def test_many_are_chosen_as_few_are(app, api, monkeypatch):
    """Few are looked up by index; the bound between the two ways decides nothing."""
    settle(app, anybody(random.Random(4), IDS))
    group(app, api, IDS)
    by_index = [choose(app, order(reach)) for reach in REACHES]
    monkeypatch.setattr("loyalty.groups.selecting.BATCH_ROWS", 7)
    assert [choose(app, order(reach)) for reach in REACHES] == by_index


# -- the count that was shown ---------------------------------------------------------


def test_first_step_is_the_count_of_the_preview(app, api):
    """With somebody new, and somebody closed, whom no round has seen yet."""
    settle(app, [Somebody(id=1), Somebody(id=2), Somebody(id=3)])
    group(app, api, [1, 2])
    make(api, "others", {"not": {"audience": "g"}})
    change(app, "UPDATE members SET closed_at = CURRENT_TIMESTAMP WHERE id = 2")
    for slug, expression in (("g", {"audience": "g"}), ("others", {"audience": "others"})):
        shown = api.post("/audiences/preview", {"expression": expression}).get_json()
        found = choose(app, order(), slug)
        assert found.steps[0].count == shown["count"] == 1
        assert steps(found)["active"] == (1, 0)


def test_who_is_erased_while_it_is_counted_goes_at_the_first_step(app, api, monkeypatch):
    settle(app, [Somebody(id=1), Somebody(id=2)])
    group(app, api, [1, 2])
    standing = counting.standing

    def then_one_is_closed(*args, **named):
        found = standing(*args, **named)
        connection().execute(text("UPDATE members SET closed_at = CURRENT_TIMESTAMP WHERE id = 2"))
        return found

    monkeypatch.setattr(counting, "standing", then_one_is_closed)
    found = choose(app, order())
    assert steps(found) == {"audience": (2, 0), "active": (1, 1), "restricted": (1, 0)}


# -- which steps there are -----------------------------------------------------------


RIGHTS = ["audience", "active", "restricted"]
OF_A_CHANNEL = [*RIGHTS, "consent", "do_not_call", "unreachable"]


def test_only_steps_that_apply_are_told(app, api):
    settle(app, [Somebody(id=1, email="a@example.com", words=yes())])
    group(app, api, [1])
    for wanted, names in (
        (order(), RIGHTS),
        (order(limit=5), [*RIGHTS, "limit"]),
        (order("sms", limit=5), [*OF_A_CHANNEL, "limit"]),
        (order("email"), [*OF_A_CHANNEL, "contact"]),
        (order("ads", limit=5), [*OF_A_CHANNEL, "contact", "limit"]),
    ):
        assert [step.name for step in choose(app, wanted).steps] == names


def test_one_email_is_one_row_and_the_oldest_customer_stays(app, api):
    shared: dict[str, Any] = {"email": "family@example.com", "words": yes()}
    settle(app, [Somebody(id=each, **shared) for each in (3, 5, 9)])
    group(app, api, [5, 9])
    assert list(choose(app, order("email")).members) == [5], "3 is not in the group"
    assert list(choose(app, order("sms")).members) == [5, 9], "phones are of one each"
    assert list(choose(app, order("ads")).members) == [5, 9]


def test_email_that_stands_beside_a_phone_has_no_row_of_its_own(app, api):
    """In files for ads: the row would hold nothing that the other does not."""
    shared: dict[str, Any] = {"email": "family@example.com", "words": yes()}
    alone: dict[str, Any] = {"email": "alone@example.com", "words": yes(), "kind": None}
    settle(
        app,
        [
            Somebody(id=1, kind=None, **shared),
            Somebody(id=2, **shared),
            Somebody(id=3, kind=None, **shared),
            Somebody(id=4, **shared),
            Somebody(id=5, **alone),
            Somebody(id=6, **alone),
        ],
    )
    group(app, api, range(1, 7))
    found = choose(app, order("ads"))
    assert list(found.members) == [2, 4, 5]
    assert steps(found)["contact"] == (3, 3)
    assert list(choose(app, order("email")).members) == [1, 5]
    group(app, api, [1, 3, 5], "phoneless")
    assert list(choose(app, order("ads"), "phoneless").members) == [1, 5]


def test_who_left_the_file_leaves_the_email_to_the_next(app, api):
    shared: dict[str, Any] = {"email": "family@example.com"}
    settle(app, [Somebody(id=1, **shared), Somebody(id=2, words=yes(), **shared)])
    group(app, api, [1, 2])
    assert list(choose(app, order("email")).members) == [2]


# -- nobody ------------------------------------------------------------------------


def test_empty_audience_is_refused(app, api):
    group(app, api, [])
    assert refusal(app, order("sms")).code == Code.EMPTY_AUDIENCE
    assert choose(app, order("sms"), how=selection.estimate).steps[0].count == 0


def test_unknown_audience_is_refused(app):
    assert refusal(app, order(), "nowhere").code == Code.UNKNOWN_AUDIENCE


NOBODY_LEFT: list[tuple[dict[str, Any], str | None, str, str]] = [
    ({}, "sms", "consent", "agreed to marketing by SMS"),
    ({}, "ads", "consent", "agreed to be shown ads"),
    ({"words": yes(), "listed": True}, "call", "do_not_call", "do-not-call list"),
    ({"words": yes(), "kind": "landline"}, "zalo", "unreachable", "mobile phone"),
    ({"words": yes()}, "email", "unreachable", "e-mail address"),
    ({"words": yes(), "restricted": True}, None, "restricted", "restricted"),
]


def test_nobody_left_says_why_and_what_to_do(app, api):
    people = [Somebody(id=each, **case[0]) for each, case in enumerate(NOBODY_LEFT, start=1)]
    settle(app, people)
    for one, (_, reach, at, words) in zip(people, NOBODY_LEFT, strict=True):
        slug = f"only-{one.id}"
        group(app, api, [one.id], slug)
        why = refusal(app, order(reach), slug)
        assert why.code == Code.NOBODY_LEFT
        assert [step["name"] for step in why.extra["steps"] if step["removed"]] == [at]
        assert words in why.extra["advice"]
        assert not choose(app, order(reach), slug, how=selection.estimate).members


def test_advice_is_about_the_step_that_took_out_most(app, api):
    silent = [Somebody(id=each) for each in range(1, 6)]
    settle(app, [*silent, Somebody(id=9, words=yes(), listed=True)])
    group(app, api, [1, 2, 3, 4, 5, 9])
    assert "agreed to marketing by SMS" in refusal(app, order("sms")).extra["advice"]


def test_group_that_marketing_does_not_reach_is_told_why(app):
    with app.test_request_context(), force_locale("en"):
        for channel in CHANNELS:
            assert "Ask for consent at the till" in advice_for_reach(channel, 7)
            assert "Nobody is in" in advice_for_reach(channel, 0)


# -- a limit -----------------------------------------------------------------------


def test_limit_chooses_the_same_ones_each_time(app, api):
    settle(app, [Somebody(id=each) for each in IDS])
    group(app, api, IDS)
    group(app, api, IDS, "other")
    ten, twenty = (choose(app, order(limit=limit)).members for limit in (10, 20))
    assert (len(ten), len(twenty)) == (10, 20)
    assert choose(app, order(limit=10)).members == ten < twenty
    assert choose(app, order(limit=10), "other").members != ten
    assert ten != BitMap(IDS[:10])
    assert ten != BitMap(IDS[-10:])


def test_limit_keeps_whom_it_chose_when_others_come(app, api):
    settle(app, [Somebody(id=each) for each in IDS])
    group(app, api, IDS[:200])
    before = choose(app, order(limit=50)).members
    put_in(app, "tag-g", IDS[200:])
    after = choose(app, order(limit=50)).members
    assert after - before <= BitMap(IDS[200:])
    assert 0 < len(after - before) < 40


# -- what changed since ---------------------------------------------------------------


def test_who_came_and_who_went_since_an_export(app, api):
    people = [Somebody(id=each, words=yes()) for each in range(1, 7)]
    settle(app, people)
    group(app, api, [1, 2, 3, 4, 5])
    earlier = exported_before(app, "g", [1, 2, 6])
    found = choose(app, order("sms", since_export=earlier))
    assert list(found.whole) == [1, 2, 3, 4, 5]
    assert list(found.members) == [3, 4, 5]
    assert list(found.leaving) == [6]
    assert steps(found)["since"] == (3, 2)


def test_who_took_the_consent_back_is_leaving_and_who_was_erased_is_not(app, api):
    settle(app, [Somebody(id=1, words=yes()), Somebody(id=2), Somebody(id=3, closed=True)])
    group(app, api, [1, 2, 3])
    earlier = exported_before(app, "g", [1, 2, 3])
    found = choose(app, order("sms", since_export=earlier))
    assert (list(found.members), list(found.leaving)) == ([], [2])


def test_nothing_changed_since(app, api):
    settle(app, [Somebody(id=1, words=yes())])
    group(app, api, [1])
    earlier = exported_before(app, "g", [1])
    why = refusal(app, order("sms", since_export=earlier))
    assert why.code == Code.NOBODY_LEFT
    assert "since that export" in why.extra["advice"]


def test_everybody_left_an_empty_audience_since(app, api):
    settle(app, [Somebody(id=1, words=yes())])
    group(app, api, [])
    earlier = exported_before(app, "g", [1])
    assert list(choose(app, order("sms", since_export=earlier)).leaving) == [1]


def test_export_of_something_else_tells_nothing(app, api):
    settle(app, [Somebody(id=1, words=yes())])
    group(app, api, [1])
    for values in ({"format": "sms"}, {"reach": None}, {"audience_id": None}, {"rows": None}):
        earlier = exported_before(app, "g", [], **values)
        assert refusal(app, order("sms", since_export=earlier)).code == Code.NOT_COMPARABLE


def test_unknown_export_tells_nothing(app, api):
    settle(app, [Somebody(id=1, words=yes())])
    group(app, api, [1])
    why = refusal(app, order("sms", since_export=99))
    assert (why.code, list(why.errors)) == (Code.UNKNOWN_EXPORT, ["since_export"])


# -- what it is made of -------------------------------------------------------------


def test_versions_of_all_that_an_audience_is_made_of(app, api):
    settle(app, [Somebody(id=1)])
    rule = {"field": "gender", "op": "missing"}
    api.post("/tags", {"name": "unknown", "slug": "unknown", "rule": rule})
    api.post("/tags/unknown/refresh")
    group(app, api, [1], "inner")
    make(api, "g", {"all": [{"audience": "inner"}, {"not": {"tag": "unknown"}}]})
    api.patch("/audiences/g", {"expression": {"all": [{"audience": "inner"}, {"tag": "unknown"}]}})
    told = choose(app, order(), how=selection.estimate).made_of
    assert [{k: v for k, v in each.items() if k != "built_at"} for each in told] == [
        {"audience": "g", "version": 2},
        {"audience": "inner", "version": 1},
        {"tag": "tag-inner", "version": None},
        {"tag": "unknown", "version": told[3]["version"]},
    ]


def test_list_is_asked_by_the_number_of_today(app, api):
    """Whose number the list held once, and is another's now."""
    settle(app, [Somebody(id=1, words=yes(), listed=True), Somebody(id=2, words=yes())])
    group(app, api, [1, 2])
    change(app, "UPDATE member_phones SET active_until = CURRENT_TIMESTAMP WHERE member_id = 1")
    moved = "UPDATE member_phones SET e164 = :phone WHERE member_id = 2"
    change(app, moved, phone=Somebody(id=1).e164)
    assert choose(app, order("sms"), how=selection.estimate).steps[4].removed == 1


def test_databases_hash_phones_as_the_list_does(app):

    phone = PhoneNumber("+84912345678")
    with app.app_context(), read() as session:
        hashed = session.scalar(select(do_not_call.fingerprint_in_sql(literal(phone.e164))))
    assert hashed == do_not_call.fingerprint_of(phone)

"""Whose consent counts: the rule for one member and the query for all of them agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import insert

from loyalty.core.db import read, table_of, transaction
from loyalty.members import consents
from loyalty.members.consent_rules import PAIRS, Person, Word, counts, of_age_if_born_by
from loyalty.members.models import Consent, Member
from tests.core.rows import scalar

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
"""In the shop half an hour after midnight."""
SAID = NOW - timedelta(days=1)
SECOND = timedelta(seconds=1)

BIRTHS = (None, date(2010, 11, 23), date(2010, 11, 24), date(1990, 2, 28))
OBJECTIONS = (None, SAID - SECOND, SAID, SAID + SECOND)
EITHER = (False, True)
CASES = list(product(EITHER, EITHER, EITHER, EITHER, EITHER, OBJECTIONS, BIRTHS))


def make_members():
    """A member of each kind, who said the same of every channel and purpose."""
    for number, (granted, confirmed, guarded, active, restricted, objected, born) in enumerate(
        CASES, start=1
    ):
        member = {
            "id": number,
            "source": "test",
            "joined_at": SAID,
            "closed_at": None if active else SAID,
            "restricted_at": SAID if restricted else None,
            "objected_at": objected,
            "birth_date": born,
        }
        word = {"granted": granted, "confirmed": confirmed, "guarded": guarded}
        yield member, {**word, "member_id": number, "text_version": "v", "changed_at": SAID}


@pytest.fixture
def everyone(app):
    members, words = zip(*make_members(), strict=True)
    with app.app_context(), transaction() as session:
        session.execute(insert(table_of(Member)), members)
        session.execute(
            insert(table_of(Consent)),
            [{**w, "channel": c, "purpose": p} for w in words for c, p in PAIRS],
        )


def counted(app, channel, purpose):
    with app.app_context(), read() as session:
        return list(session.scalars(consents.counting(channel, purpose, now=NOW)))


@pytest.mark.usefixtures("everyone")
def test_query_and_rule_agree_on_every_kind_of_member(app):
    for channel, purpose in PAIRS:
        by_rule = [
            number
            for number, case in enumerate(CASES, start=1)
            if counts(*person_and_word(case), channel=channel, purpose=purpose)
        ]
        assert sorted(counted(app, channel, purpose)) == by_rule
        assert 0 < len(by_rule) < len(CASES)


def person_and_word(case):
    granted, confirmed, guarded, active, restricted, objected, born = case
    word = Word(granted=granted, confirmed=confirmed, guarded=guarded, changed_at=SAID)
    person = Person(active=active, restricted=restricted, objected_at=objected, birth_date=born)
    return word, person, TODAY


def test_member_is_of_age_on_the_16th_birthday_in_the_shops_zone(app):
    """At half past midnight in the shop it is still the day before in UTC."""
    birthday, day_after = BIRTHS[1], BIRTHS[2]
    assert of_age_if_born_by(TODAY) == birthday < day_after


def test_who_is_in_nobodys_table_is_counted_nowhere(app):
    assert scalar(app, "SELECT count(*) FROM members") == 0
    assert counted(app, "sms", "marketing") == []

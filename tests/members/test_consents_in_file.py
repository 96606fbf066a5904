"""Consents that a file brings in: as if each were said one by one, and never against a word
that was said later."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
import time_machine
from sqlalchemy import insert, select

from loyalty.core.db import read, table_of, transaction
from loyalty.core.errors import Problem
from loyalty.members import consents
from loyalty.members.consent_file_rules import FileWords
from loyalty.members.consent_rules import CHANNELS, MARKETING, Person, Word
from loyalty.members.consents_in_file import Given, grant_many, take_back
from loyalty.members.models import Consent, ConsentChange, Member
from tests.core.rows import change, row_counts, scalar
from tests.purchases.receipts import LOCAL

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
"""Noon in the shop."""
TODAY, YESTERDAY, LAST_WEEK = date(2026, 11, 22), date(2026, 11, 21), date(2026, 11, 15)
EARLIER = datetime(2026, 10, 1, tzinfo=UTC)
PROOF = "signed forms, folder 12"
STATES = ("granted", "confirmed", "guarded")
EITHER = (False, True)
BIRTHS = (None, date(1990, 2, 28), date(2015, 6, 1))
OBJECTIONS = (None, EARLIER - timedelta(days=1), EARLIER + timedelta(days=1))
WORDS = (None, *product(EITHER, EITHER, EITHER))
"""Nothing said, or (granted, confirmed, guarded)."""
CASES = list(product(WORDS, OBJECTIONS, BIRTHS, ("sms", "ads"), EITHER))


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def everyone(app):
    """A member of each case, by its place; the words were said on the first of October."""
    with app.app_context(), transaction() as session:
        rows = [
            {"id": n, "source": "test", "joined_at": EARLIER, "objected_at": o, "birth_date": b}
            for n, (_, o, b, _, _) in enumerate(CASES, start=1)
        ]
        session.execute(insert(table_of(Member)), rows)
        words = [
            _word(n, channel, *word)
            for n, (word, _, _, channel, _) in enumerate(CASES, start=1)
            if word is not None
        ]
        session.execute(insert(table_of(Consent)), words)


def _word(member_id, channel, granted, confirmed, guarded, changed_at=EARLIER):
    return {
        "member_id": member_id,
        "channel": channel,
        "purpose": MARKETING,
        "granted": granted,
        "confirmed": confirmed,
        "guarded": guarded,
        "text_version": "v",
        "changed_at": changed_at,
    }


def grant(app, given, *, given_on=TODAY, now=NOW):
    with app.app_context(), transaction():
        return grant_many(given, given_on=given_on, proof=PROOF, now=now)


def as_it_stands(app, member_id):
    with app.app_context(), read():
        return {
            view["channel"]: view
            for view in consents.current(member_id)
            if view["purpose"] == MARKETING
        }


def counts(app, channel):
    with app.app_context(), read() as session:
        return set(session.scalars(consents.counting(channel, MARKETING, now=NOW)))


def meanings(app):
    """What is kept of everybody, but for when and to which text it was said, and for whom it
    counts; a plain no means what silence means."""
    kept = select(*(table_of(Consent).c[name] for name in ("member_id", "channel", *STATES)))
    with app.app_context(), read() as session:
        words = {tuple(row) for row in session.execute(kept) if any(row[2:])}
    return words, counts(app, "sms"), counts(app, "ads")


@pytest.fixture
def member_id(app):
    with app.app_context(), transaction() as session:
        session.execute(insert(table_of(Member)), [{"id": 1, "source": "t", "joined_at": EARLIER}])
    return 1


def one_by_one(app, given):
    """How often each was refused, by its code."""
    refused: Counter[str] = Counter()
    with app.app_context(), transaction():
        for member_id, said in given.items():
            [(channel, granted)] = said.items()
            pair = {"channel": channel, "purpose": MARKETING}
            try:
                consents.change(member_id, **pair, granted=granted, via="import", proof=PROOF)
            except Problem as why:
                refused[str(why.code)] += 1
    return refused


@pytest.mark.usefixtures("everyone")
def test_many_at_once_mean_what_one_by_one_means(app):
    """Said today, after everything else, in each state that a consent can be in."""
    given = {n: {channel: yes} for n, (*_, channel, yes) in enumerate(CASES, start=1)}
    result = grant(app, given)
    at_once = meanings(app)
    undo(app, result)
    refused = one_by_one(app, given)
    assert at_once == meanings(app)
    for code in ("too_young", "guardian_required"):
        assert result.counts[code] == refused[code] > 0
    assert result.counts["older"] == 0
    assert sum(result.counts.values()) == len(CASES)


def undo(app, result):
    with app.app_context(), transaction():
        take_back(result.before, said_since=dict.fromkeys(result.before, NOW))


# -- what counts ---------------------------------------------------------------------


def test_yes_with_its_proof_counts_and_is_remembered(app, member_id):
    result = grant(app, {member_id: dict.fromkeys(CHANNELS, True)})
    assert result.counts == {"granted": 5}
    assert result.before == {member_id: dict.fromkeys(CHANNELS)}
    assert all(counts(app, channel) == {member_id} for channel in CHANNELS)
    with app.app_context(), read():
        history = consents.history(member_id)
    assert {(row["via"], row["proof"], row["confirmed"], row["at"]) for row in history} == {
        ("import", PROOF, True, NOW)
    }


def test_a_no_in_silence_stands_against_a_yes_of_an_earlier_day(app, member_id):
    assert grant(app, {member_id: {"sms": False}}, given_on=YESTERDAY).counts == {"withdrawn": 1}
    assert grant(app, {member_id: {"sms": True}}, given_on=YESTERDAY).counts == {"older": 1}
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"older": 1}
    assert counts(app, "sms") == set()
    with app.app_context(), read():
        [said] = consents.history(member_id)
    assert (said["granted"], said["proof"]) == (False, PROOF)


def test_a_no_said_again_on_a_later_day_stands_from_then_on(app, member_id):
    grant(app, {member_id: {"sms": False}}, given_on=date(2026, 11, 1))
    later = {member_id: {"sms": False}}
    assert grant(app, later, given_on=YESTERDAY).counts == {"withdrawn": 1}
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"older": 1}
    assert grant(app, later, given_on=YESTERDAY).counts == {"unchanged": 1}
    assert grant(app, later, given_on=LAST_WEEK).counts == {"unchanged": 1}


def test_same_no_of_today_again_changes_nothing(app, member_id):
    grant(app, {member_id: {"sms": False}})
    before = row_counts(app)
    again = grant(app, {member_id: {"sms": False}}, now=NOW + timedelta(hours=1))
    assert again.counts == {"unchanged": 1}
    assert row_counts(app) == before


def test_same_file_again_changes_nothing(app, member_id):
    grant(app, {member_id: {"sms": True, "email": True}})
    before = row_counts(app)
    again = grant(app, {member_id: {"sms": True, "email": True}})
    assert (again.counts, again.before) == ({"unchanged": 2}, {})
    assert row_counts(app) == before


def test_nobody_given_is_nothing_done(app):
    assert grant(app, {}) == Given()


def test_log_tells_how_many_once(app):
    with app.app_context(), transaction() as session:
        people = [{"id": n, "source": "t", "joined_at": EARLIER} for n in (1, 2, 3)]
        session.execute(insert(table_of(Member)), people)
    grant(app, {n: {"sms": True} for n in (1, 2, 3)})
    assert scalar(app, "SELECT count(*) FROM audit_events WHERE action = 'consent.change'") == 1


# -- what was said later stands --------------------------------------------------------


def say(app, member_id, granted, at, *, confirmed=True):
    """On SMS, at some time, as the member's present word and in the history."""
    word = _word(member_id, "sms", granted, confirmed and granted, False, at)
    change(app, "DELETE FROM consents")
    with app.app_context(), transaction() as session:
        session.execute(insert(table_of(Consent)), [word])
        told = {name: word[name] for name in word if name not in ("guarded", "changed_at")}
        row = {**told, "via": "desk", "actor": "person:1", "at": at}
        session.execute(insert(table_of(ConsentChange)), [row])


@pytest.mark.parametrize(
    ("said", "at", "in_file", "given_on", "outcome"),
    [
        # a withdrawal after the day of the file stands, one before it is over
        (False, NOW - timedelta(hours=1), True, LAST_WEEK, "older"),
        (False, EARLIER, True, LAST_WEEK, "granted"),
        # a yes that came after the file's no stands, one before it is over
        (True, NOW - timedelta(hours=1), False, LAST_WEEK, "older"),
        (True, EARLIER, False, LAST_WEEK, "withdrawn"),
        # of one day the no stands
        (False, NOW - timedelta(hours=1), True, TODAY, "older"),
        (True, NOW - timedelta(hours=1), False, TODAY, "withdrawn"),
        # half an hour after midnight in the shop it is the next day
        (False, datetime(2026, 11, 21, 17, 30, tzinfo=UTC), True, YESTERDAY, "older"),
        (False, datetime(2026, 11, 20, 16, 30, tzinfo=UTC), True, YESTERDAY, "granted"),
        (True, datetime(2026, 11, 21, 17, 30, tzinfo=UTC), False, YESTERDAY, "older"),
        (True, datetime(2026, 11, 21, 16, 30, tzinfo=UTC), False, YESTERDAY, "withdrawn"),
    ],
)
def test_later_word_stands(said, at, in_file, given_on, outcome):
    present = Word(granted=said, confirmed=said, changed_at=at)
    file = FileWords.of(given_on=given_on, proof=PROOF, now=NOW, zone=LOCAL)
    counted, word = file.outcome(
        present, in_file, person=Person(), channel="sms", refused_since=False
    )
    assert counted == outcome
    assert (word or present).granted is (said if outcome == "older" else in_file)


def test_withdrawal_stands_against_a_file_of_an_earlier_day(app, member_id):
    say(app, member_id, False, NOW - timedelta(hours=1))
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"older": 1}
    assert counts(app, "sms") == set()


def test_objection_after_the_files_day_stands(app, member_id):
    change(app, "UPDATE members SET objected_at = :at", at="2026-11-20 00:00:00")
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"older": 1}
    assert grant(app, {member_id: {"sms": True}}, given_on=YESTERDAY).counts == {"granted": 1}
    assert counts(app, "sms") == {member_id}


def test_proof_confirms_a_yes_typed_by_staff_before_or_after(app, member_id):
    for at in (EARLIER, NOW - timedelta(hours=1)):
        say(app, member_id, True, at, confirmed=False)
        assert counts(app, "sms") == set()
        assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"granted": 1}
        assert counts(app, "sms") == {member_id}


def test_proof_of_a_yes_that_was_taken_back_confirms_no_later_one(app, member_id):
    say(app, member_id, False, NOW - timedelta(days=3))
    say(app, member_id, True, NOW - timedelta(days=1), confirmed=False)
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"older": 1}
    assert counts(app, "sms") == set()


def test_two_files_are_taken_by_their_days_not_by_their_order(app, member_id):
    grant(app, {member_id: {"sms": True, "email": True}}, given_on=LAST_WEEK)
    grant(app, {member_id: {"sms": False}}, given_on=YESTERDAY)
    grant(app, {member_id: {"sms": True, "email": False}}, given_on=date(2026, 11, 1))
    shown = as_it_stands(app, member_id)
    assert (shown["sms"]["granted"], shown["email"]["granted"]) == (False, True)


# -- undoing ---------------------------------------------------------------------------


def everything(app):
    with app.app_context(), read() as session:
        return [
            sorted(map(tuple, session.execute(table_of(model).select())), key=repr)
            for model in (Consent, ConsentChange)
        ]


def test_taken_back_it_is_as_if_the_file_never_came(app, member_id):
    say(app, member_id, True, EARLIER, confirmed=False)
    before = everything(app)
    first = grant(app, {member_id: {"sms": True, "email": True}}, given_on=LAST_WEEK)
    second = grant(app, {member_id: {"sms": False, "call": True}}, given_on=YESTERDAY)
    both = first.then(second)
    assert both.counts == {"granted": 3, "withdrawn": 1}
    assert everything(app) != before
    undo(app, both)
    assert everything(app) == before


def test_words_of_an_earlier_file_stay_in_the_history(app, member_id):
    grant(app, {member_id: {"sms": False}}, given_on=LAST_WEEK)
    change(app, "UPDATE consent_changes SET at = :at", at="2026-11-22 04:59:59.000000")
    before = everything(app)
    undo(app, grant(app, {member_id: {"sms": True}}))
    assert everything(app) == before


def test_corrected_file_comes_in_after_an_undo(app, member_id):
    undo(app, grant(app, {member_id: {"sms": True}}))
    assert grant(app, {member_id: {"sms": True}}, given_on=LAST_WEEK).counts == {"granted": 1}

"""A person erased: nothing personal is left of the member, and the phone begins anew."""

from __future__ import annotations

import pytest

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.core.errors import Code, Problem
from loyalty.members import consents, service
from loyalty.members.models import Member
from tests.core.rows import change, column, scalar
from tests.members.test_members import PROFILE
from tests.purchases.receipts import E164, OTHER_E164, OTHER_PHONE, PHONE, buy, problem

pytestmark = pytest.mark.usefixtures("store")

LEFT = {
    "id",
    "points",
    "held",
    "tier_spend",
    "debt",
    "source",
    "joined_at",
    "closed_at",
    "erased_at",
}


@pytest.fixture
def member_id(api):
    made = buy(api, member=PROFILE)["member"]["id"]
    said = {"channel": "sms", "purpose": "marketing", "granted": True, "proof": "form of Hằng"}
    assert api.put(f"/members/{made}/consents", said).status_code == 200
    assert api.patch(f"/members/{made}", {"occupation": "bác sĩ"}).status_code == 200
    change(app_of(api), "UPDATE members SET restricted_at = joined_at, objected_at = joined_at")
    return made


def app_of(api):
    return api.client.application


def forget(app, member_id):
    with app.app_context(), transaction():
        service.forget(member_id, now=clock.now())


def row_of(app, member_id):
    with app.app_context(), transaction() as session:
        member = session.get_one(Member, member_id)
        return {name: getattr(member, name) for name in member.__table__.columns.keys()}  # noqa: SIM118


def test_nothing_of_the_person_is_left(api, app, member_id):
    points = scalar(app, "SELECT points FROM members")
    forget(app, member_id)
    row = row_of(app, member_id)
    assert {name for name, value in row.items() if value is not None} == LEFT
    assert (row["points"], row["source"]) == (points, "purchase")
    assert row["closed_at"] == row["erased_at"]
    for table in ("member_phones", "consents", "consent_changes"):
        assert scalar(app, f"SELECT count(*) FROM {table}") == 0


def test_erased_member_is_in_no_answer(api, app, member_id):
    forget(app, member_id)
    assert api.get("/members", phone=PHONE).get_json()["items"] == []
    problem(api.get(f"/members/{member_id}"), 404, "unknown_member")
    problem(api.patch(f"/members/{member_id}", {"name": "Hằng"}), 404, "unknown_member")
    problem(api.get(f"/members/{member_id}/consents"), 404, "unknown_member")


def test_later_purchase_with_the_phone_makes_a_new_member(api, app, member_id):
    forget(app, member_id)
    new = buy(api, receipt_no="HD-2")["member"]
    assert new["created"] is True
    assert new["id"] > member_id
    assert new["points"] == 15
    assert column(app, "SELECT e164 FROM member_phones") == [E164]


@pytest.mark.parametrize("twice", [True, False])
def test_there_is_nobody_to_erase(app, member_id, twice):
    if twice:
        forget(app, member_id)
    with pytest.raises(Problem) as refused:
        forget(app, member_id if twice else member_id + 1)
    assert refused.value.code is (Code.MEMBER_ERASED if twice else Code.UNKNOWN_MEMBER)


def test_others_keep_what_is_theirs(api, app, member_id):
    other = buy(api, receipt_no="HD-2", phone=OTHER_PHONE)["member"]["id"]
    said = {"channel": "sms", "purpose": "service", "granted": True}
    api.put(f"/members/{other}/consents", said)
    forget(app, member_id)
    assert column(app, "SELECT e164 FROM member_phones") == [OTHER_E164]
    assert column(app, "SELECT member_id FROM consents") == [other]


def test_number_goes_from_a_member_that_only_a_typo_made(api, app):
    """The same phone was once typed for someone else, and then became this person's."""
    typo = buy(api)
    moved = {"phone": OTHER_PHONE, "reason": "wrong number"}
    api.post(f"/purchases/{typo['purchase']['id']}/reassign", moved)
    person = buy(api, receipt_no="HD-2")["member"]["id"]
    forget(app, person)
    assert column(app, "SELECT e164 FROM member_phones") == [OTHER_E164]


def test_number_stays_with_the_member_who_had_it_before(api, app, member_id):
    """A carrier gave it to someone else: what the old owner had is the old owner's."""
    owner = buy(api, receipt_no="HD-2", phone=OTHER_PHONE)["member"]["id"]
    change(
        app,
        "INSERT INTO member_phones (member_id, e164, kind, active_from, active_until)"
        " SELECT :owner, e164, kind, active_from, active_from FROM member_phones"
        " WHERE member_id = :member",
        owner=owner,
        member=member_id,
    )
    forget(app, member_id)
    assert column(app, "SELECT member_id FROM member_phones") == [owner, owner]


def test_consent_that_comes_after_the_erasure_finds_nobody(app, member_id):
    forget(app, member_id)
    with pytest.raises(Problem) as refused, app.app_context(), transaction():
        consents.change(member_id, channel="sms", purpose="service", granted=True, via="till")
    assert refused.value.code is Code.UNKNOWN_MEMBER
    assert scalar(app, "SELECT count(*) FROM consents") == 0

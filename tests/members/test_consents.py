"""What members agree to, over the API: default no, counted by its proof, withdrawn at once."""

from __future__ import annotations

from datetime import date

import pytest
from flask import g

from loyalty.core.clock import add_months
from loyalty.core.db import transaction
from loyalty.members import consents
from loyalty.members.consent_rules import PAIRS
from loyalty.members.consent_texts import CONSENT_TEXT_VERSION, CONSENT_TEXTS
from tests.core.rows import change as change_row
from tests.core.rows import column, row_counts, scalar
from tests.purchases.receipts import OTHER_PHONE, PHONE, buy, problem

pytestmark = pytest.mark.usefixtures("store")

GRANT = {"channel": "sms", "purpose": "marketing", "granted": True}
PROVED = {**GRANT, "proof": "signed form 118"}
REFUSAL = {**GRANT, "granted": False}
CHILD = add_months(date.today(), -15 * 12).isoformat()  # noqa: DTZ011


@pytest.fixture
def member_id(api):
    return buy(api)["member"]["id"]


def put(api, member_id, **said):
    return api.put(f"/members/{member_id}/consents", said)


def say(api, member_id, **said):
    answer = put(api, member_id, **said)
    assert answer.status_code == 200, answer.json
    return one(answer.get_json()["consents"], said["channel"], said["purpose"])


def seen(api, member_id, **query):
    answer = api.get(f"/members/{member_id}/consents", **query)
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def one(items, channel="sms", purpose="marketing"):
    [found] = [item for item in items if (item["channel"], item["purpose"]) == (channel, purpose)]
    return found


def counts(api, member_id, channel="sms", purpose="marketing"):
    return one(seen(api, member_id)["items"], channel, purpose)["counts"]


# -- what counts -----------------------------------------------------------------


def test_silence_is_a_no_to_everything(api, member_id):
    shown = seen(api, member_id)
    assert [(item["channel"], item["purpose"]) for item in shown["items"]] == list(PAIRS)
    assert not any(item["granted"] or item["counts"] for item in shown["items"])
    assert (shown["history"], shown["next"]) == ([], None)


def test_service_counts_as_soon_as_staff_typed_it(api, member_id):
    said = say(api, member_id, channel="zalo", purpose="service", granted=True)
    assert (said["granted"], said["confirmed"], said["counts"]) == (True, False, True)


def test_marketing_without_a_proof_waits_for_the_member(api, member_id):
    said = say(api, member_id, **GRANT)
    assert (said["granted"], said["confirmed"], said["counts"]) == (True, False, False)


def test_marketing_with_a_proof_counts_at_once(api, member_id):
    said = say(api, member_id, **PROVED)
    assert (said["granted"], said["confirmed"], said["counts"]) == (True, True, True)


def test_what_the_member_said_in_person_needs_no_proof(api, app, member_id):
    with app.app_context(), transaction():
        consents.change(member_id, channel="email", purpose="marketing", granted=True, via="page")
    assert counts(api, member_id, "email")


def test_yes_to_one_channel_is_no_yes_to_another(api, member_id):
    say(api, member_id, **PROVED)
    agreed = [item for item in seen(api, member_id)["items"] if item["counts"]]
    assert [(item["channel"], item["purpose"]) for item in agreed] == [("sms", "marketing")]


def test_withdrawing_works_at_once(api, member_id):
    say(api, member_id, **PROVED)
    said = say(api, member_id, **REFUSAL)
    assert (said["granted"], said["confirmed"], said["counts"]) == (False, False, False)


def test_withdrawing_marketing_leaves_service(api, app, member_id):
    say(api, member_id, **PROVED)
    say(api, member_id, **{**PROVED, "channel": "ads"})
    say(api, member_id, channel="sms", purpose="service", granted=True)
    with app.app_context(), transaction():
        consents.withdraw_marketing(member_id, via="desk")
    items = seen(api, member_id)["items"]
    assert [item["purpose"] for item in items if item["granted"]] == ["service"]
    assert [line["via"] for line in seen(api, member_id)["history"]][:2] == ["desk", "desk"]


def test_nothing_counts_while_the_member_is_restricted(api, app, member_id):
    say(api, member_id, **PROVED)
    say(api, member_id, channel="sms", purpose="service", granted=True)
    change_row(app, "UPDATE members SET restricted_at = joined_at")
    assert not any(item["counts"] for item in seen(api, member_id)["items"])
    assert api.get(f"/members/{member_id}").get_json()["restricted"] is True


def test_after_an_objection_only_a_new_proof_counts(api, app, member_id):
    say(api, member_id, **PROVED)
    say(api, member_id, channel="sms", purpose="service", granted=True)
    object_now(app, member_id)
    assert not counts(api, member_id)
    assert counts(api, member_id, purpose="service")
    assert not say(api, member_id, **GRANT)["counts"]
    assert say(api, member_id, **PROVED)["counts"]


def test_same_proof_again_after_an_objection_is_a_new_yes(api, app, member_id):
    say(api, member_id, **PROVED)
    object_now(app, member_id)
    assert say(api, member_id, **PROVED)["counts"]
    assert len(seen(api, member_id)["history"]) == 2


def object_now(app, member_id):
    moment = "(SELECT max(changed_at) FROM consents)"
    change_row(app, f"UPDATE members SET objected_at = {moment} WHERE id = :id", id=member_id)


# -- under 16 ----------------------------------------------------------------------


def test_under_16_marketing_needs_a_guardian(api, member_id):
    api.patch(f"/members/{member_id}", {"birth_date": CHILD})
    refused = problem(put(api, member_id, **PROVED), 422, "guardian_required")
    assert list(refused["errors"]) == ["guardian"]
    assert say(api, member_id, **PROVED, guardian="mother, form 119")["counts"]


def test_under_16_nothing_is_agreed_to_for_ads(api, member_id):
    api.patch(f"/members/{member_id}", {"birth_date": CHILD})
    given = {**PROVED, "channel": "ads", "guardian": "mother, form 119"}
    refused = problem(put(api, member_id, **given), 422, "too_young")
    assert list(refused["errors"]) == ["channel"]


def test_under_16_service_and_a_no_need_nobody(api, member_id):
    say(api, member_id, **PROVED)
    api.patch(f"/members/{member_id}", {"birth_date": CHILD})
    assert not counts(api, member_id)
    assert say(api, member_id, channel="sms", purpose="service", granted=True)["counts"]
    assert not say(api, member_id, **REFUSAL)["granted"]


# -- what is kept ------------------------------------------------------------------


def test_every_change_keeps_who_said_what_where_and_how(api, app, member_id):
    say(api, member_id, **GRANT)
    say(api, member_id, **PROVED, guardian="form 119", text_version="paper-3")
    say(api, member_id, **REFUSAL)
    newest = seen(api, member_id)["history"]
    assert [(line["granted"], line["confirmed"]) for line in newest] == [
        (False, False),
        (True, True),
        (True, False),
    ]
    actor = scalar(app, "SELECT min(actor) FROM consent_changes")
    assert {line["actor"] for line in newest} == {actor}
    assert {line["via"] for line in newest} == {"api"}
    assert newest[1] == {
        "channel": "sms",
        "purpose": "marketing",
        "granted": True,
        "confirmed": True,
        "text_version": "paper-3",
        "via": "api",
        "actor": actor,
        "at": newest[1]["at"],
        "proof": "signed form 118",
        "guardian": "form 119",
    }
    assert newest[2]["text_version"] == CONSENT_TEXT_VERSION


SAME_AGAIN = [
    ([GRANT], GRANT),
    ([PROVED], PROVED),
    ([PROVED], {**PROVED, "proof": "signed form 200"}),
    # A yes typed without a proof takes nothing from the one that has one.
    ([PROVED], GRANT),
    ([PROVED], {**GRANT, "text_version": "later"}),
    ([{**PROVED, "guardian": "form 119"}], PROVED),
    ([], REFUSAL),
    ([PROVED, REFUSAL], {**REFUSAL, "text_version": "later"}),
]


@pytest.mark.parametrize(("before", "again"), SAME_AGAIN)
def test_same_again_changes_nothing(api, app, member_id, before, again):
    for said in before:
        say(api, member_id, **said)
    shown, rows = seen(api, member_id), row_counts(app)
    say(api, member_id, **again)
    assert seen(api, member_id) == shown
    assert row_counts(app) == rows


NEWS = [
    ([GRANT], PROVED),
    ([PROVED], REFUSAL),
    ([PROVED], {**PROVED, "text_version": "later"}),
    ([PROVED], {**GRANT, "guardian": "form 119"}),
    ([PROVED, REFUSAL], GRANT),
]


@pytest.mark.parametrize(("before", "news"), NEWS)
def test_what_is_new_is_one_change_and_one_line_in_the_log(api, app, member_id, before, news):
    for said in before:
        say(api, member_id, **said)
    rows = row_counts(app)
    say(api, member_id, **news)
    grown = {name: count - rows[name] for name, count in row_counts(app).items()}
    assert {name for name, more in grown.items() if more} == {
        "consent_changes",
        "audit_events",
        "dirty",
    }
    assert set(grown.values()) == {0, 1}


def test_new_yes_after_a_no_begins_without_the_old_proof(api, member_id):
    for said in (PROVED, REFUSAL, GRANT):
        say(api, member_id, **said)
    assert not counts(api, member_id)


def test_log_names_the_change_and_never_the_proof(api, app, member_id):
    say(api, member_id, **PROVED, guardian="mother Trần Thị Mai")
    rows = column(
        app, "SELECT CAST(details AS text) FROM audit_events WHERE action = 'consent.change'"
    )
    assert len(rows) == 1
    for word in ("sms", "marketing", "granted", "confirmed"):
        assert word in rows[0]
    everything = column(app, "SELECT CAST(details AS text) FROM audit_events") + column(
        app, "SELECT reason FROM audit_events"
    )
    assert not any("118" in text or "Mai" in text for text in everything if text)


def test_history_comes_in_pages(api, app, member_id):
    with app.app_context(), transaction():
        for turn in range(101):
            consents.change(
                member_id, channel="sms", purpose="service", granted=turn % 2 == 0, via="api"
            )
    first = seen(api, member_id)
    assert len(first["history"]) == 100
    rest = seen(api, member_id, cursor=first["next"])
    assert (len(rest["history"]), rest["next"]) == (1, None)
    assert rest["history"][0]["granted"] is True


# -- at the door ---------------------------------------------------------------------


BAD_WORDS = [
    ({"channel": "sms", "purpose": "marketing"}, "granted"),
    ({**GRANT, "granted": 1}, "granted"),
    ({**GRANT, "granted": "true"}, "granted"),
    ({**GRANT, "granted": None}, "granted"),
    ({**GRANT, "channel": "fax"}, "channel"),
    ({**GRANT, "channel": ["sms"]}, "channel"),
    ({**GRANT, "purpose": "all"}, "purpose"),
    ({"purpose": "marketing", "granted": True}, "channel"),
    ({**GRANT, "proof": ""}, "proof"),
    ({**GRANT, "proof": None}, "proof"),
    ({**GRANT, "proof": "x" * 501}, "proof"),
    ({**GRANT, "proof": "a\nb"}, "proof"),
    ({**GRANT, "guardian": 7}, "guardian"),
    ({**GRANT, "text_version": "v" * 33}, "text_version"),
    ({**GRANT, "confirmed": True}, "confirmed"),
    ({**GRANT, "via": "page"}, "via"),
]


@pytest.mark.parametrize(("said", "field"), BAD_WORDS)
def test_bad_word_is_refused_by_its_field(api, member_id, said, field):
    refused = problem(put(api, member_id, **said), 422, "invalid_request")
    assert list(refused["errors"]) == [field]


def test_unknown_and_closed_members_have_no_consents(api, app, member_id):
    change_row(app, "UPDATE members SET closed_at = joined_at")
    for nobody in (member_id, 2**31 - 1):
        problem(api.get(f"/members/{nobody}/consents"), 404, "unknown_member")
        problem(put(api, nobody, **GRANT), 404, "unknown_member")


def test_cashier_records_and_marketing_does_not(client, api, cashier_api, api_key, member_id):
    assert say(cashier_api, member_id, **PROVED)["counts"]
    marketing = type(api)(client, api_key("marketing"))
    problem(put(marketing, member_id, **GRANT), 403, "forbidden")
    problem(marketing.get(f"/members/{member_id}/consents"), 403, "forbidden")


def test_repeated_request_is_one_change(api, app, member_id):
    for _ in range(2):
        answer = api.put(f"/members/{member_id}/consents", PROVED, Idempotency_Key="1")
        assert answer.status_code == 200
    assert scalar(app, "SELECT count(*) FROM consent_changes") == 1


# -- with a new member -----------------------------------------------------------------


def create(api, **given):
    return api.post("/members", {"phone": OTHER_PHONE, **given})


def test_member_is_made_with_what_was_agreed_to(api):
    answer = create(api, name="Lê Thu Hằng", consents=[PROVED, {**GRANT, "channel": "zalo"}])
    assert answer.status_code == 201
    member_id = answer.get_json()["id"]
    assert counts(api, member_id)
    assert one(seen(api, member_id)["items"], "zalo")["granted"]
    assert not counts(api, member_id, "zalo")
    assert "consents" not in answer.get_json()


def test_refused_consent_makes_no_member(api, app):
    rows = row_counts(app)
    given = [{**PROVED, "channel": "sms"}, {**PROVED, "channel": "zalo"}]
    refused = problem(create(api, birth_date=CHILD, consents=given), 422, "guardian_required")
    assert list(refused["errors"]["consents"]["0"]) == ["guardian"]
    assert row_counts(app) == rows


BAD_LISTS = [
    [GRANT, PROVED],
    [GRANT] * 11,
    "sms",
    [{"channel": "sms"}],
    [None],
]


@pytest.mark.parametrize("given", BAD_LISTS)
def test_bad_list_of_consents_is_refused(api, app, given):
    refused = problem(create(api, consents=given), 422, "invalid_request")
    assert list(refused["errors"]) == ["consents"]
    assert scalar(app, "SELECT count(*) FROM members") == 0


def test_profile_takes_no_consents_and_no_restriction(api, member_id):
    for body in ({"consents": [PROVED]}, {"restricted": True}, {"restricted_at": None}):
        problem(api.patch(f"/members/{member_id}", body), 422, "invalid_request")


# -- a mistyped phone --------------------------------------------------------------------


def test_member_who_agreed_to_something_outlives_the_typo(api, member_id):
    say(api, member_id, channel="sms", purpose="service", granted=True)
    purchase_id = api.get("/purchases", store="S01", receipt_no="HD-1").get_json()["items"][0]["id"]
    moved = {"phone": OTHER_PHONE, "reason": "wrong number"}
    assert api.post(f"/purchases/{purchase_id}/reassign", moved).status_code == 200
    [kept] = api.get("/members", phone=PHONE).get_json()["items"]
    assert (kept["id"], counts(api, member_id, purpose="service")) == (member_id, True)


def test_every_text_is_there_in_todays_version():
    assert set(CONSENT_TEXTS[CONSENT_TEXT_VERSION]) == set(PAIRS)


def test_actor_outside_a_request_is_the_system(app, api, member_id):
    with app.app_context(), transaction():
        assert "actor" not in g
        consents.change(member_id, channel="call", purpose="service", granted=True, via="import")
    assert seen(api, member_id)["history"][0]["actor"] == "system:0"

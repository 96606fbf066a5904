"""Members over the API: found by any writing of the phone, made once, changed by field."""

from __future__ import annotations

import pytest

from tests.core.rows import column, row_counts
from tests.purchases.receipts import (
    E164,
    OTHER_PHONE,
    PHONE,
    WAYS_TO_WRITE,
    buy,
    problem,
    receipt,
)

pytestmark = pytest.mark.usefixtures("store")

PROFILE = {
    "name": "Lê Thu Hằng",
    "email": "hang@example.com",
    "birth_date": "1990-02-28",
    "gender": "female",
    "income_band": "middle",
    "occupation": "giáo viên",
    "education": "đại học",
    "family_size": 4,
    "country": "VN",
    "province": "01",
    "district": "Cầu Giấy",
}


def find(api, written):
    answer = api.get("/members", phone=written)
    assert answer.status_code == 200, answer.json
    return answer.get_json()


def create(api, **given):
    return api.post("/members", {"phone": PHONE, **given})


def test_member_is_found_by_every_way_of_writing_the_phone(api):
    member_id = buy(api)["member"]["id"]
    for written in WAYS_TO_WRITE:
        found = find(api, written)
        assert [member["id"] for member in found["items"]] == [member_id], written
        assert found["next"] is None


@pytest.mark.parametrize("query", ["phone=+84912345678", "phone=+84%20912%20345%20678"])
def test_plus_of_a_query_string_arrives_as_a_space(api, query):
    buy(api)
    answer = api.call("GET", "/members", query_string=query)
    assert answer.get_json()["items"][0]["phone"] == E164


def test_foreign_number_with_a_lost_plus_is_found(api):
    buy(api, phone="+66 81 234 5678")
    answer = api.call("GET", "/members", query_string="phone=+66812345678")
    assert answer.get_json()["items"][0]["phone"] == "+66812345678"


def test_unknown_phone_gives_no_items(api):
    assert find(api, PHONE) == {"items": [], "next": None}


BAD_QUESTIONS = [
    ("phone=0912xxxxxx", "letters_in_number"),
    ("phone=", "no_number"),
    ("phone=19001234", "service_number"),
    ("phone=%FF%FE", "no_number"),
    ("phone=%00", "no_number"),
    ("phone=" + "9" * 300, "too_long"),
    ("", "invalid_request"),
    ("mobile=0912345678", "invalid_request"),
    ("phone=0912345678&limit=1", "invalid_request"),
    ("phone=0912345678&phone=0987654321", "invalid_request"),
]


def test_bad_questions_are_refused(api):
    for query, code in BAD_QUESTIONS:
        problem(api.call("GET", "/members", query_string=query), 422, code)


def test_new_member_answers_everything_known(api):
    answer = create(api, **PROFILE)
    assert answer.status_code == 201
    member = answer.get_json()
    assert member.pop("joined_at").endswith("Z")
    assert member == {
        **PROFILE,
        "id": member["id"],
        "phone": E164,
        "province_list": "vn34",
        "points": 0,
        "tier": None,
        "source": "api",
        "restricted": False,
        "urban": None,
        "attributes": {},
    }


def test_phone_alone_makes_a_member(api):
    member = create(api).get_json()
    assert {name: member[name] for name in PROFILE} == dict.fromkeys(PROFILE)
    assert buy(api)["member"]["created"] is False


def test_phone_in_use_names_the_member(api, app):
    member_id = create(api).get_json()["id"]
    before = row_counts(app)
    for written in WAYS_TO_WRITE:
        refused = problem(create(api, phone=written, name="Hoa"), 409, "phone_in_use")
        assert refused["member"] == {"id": member_id}
        assert refused["errors"].keys() == {"phone"}
    assert row_counts(app) == before
    assert find(api, PHONE)["items"][0]["name"] is None


LONGEST_EMAIL = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.vn"
EMAILS = {
    LONGEST_EMAIL: LONGEST_EMAIL,
    "  Hang@Example.COM ": "hang@example.com",
    "LAN+SHOP@SUB.EXAMPLE.VN": "lan+shop@sub.example.vn",
    "\u00a0lan@example.vn\n": "lan@example.vn",
}


def test_email_is_trimmed_and_lowercased(api):
    for number, (written, kept) in enumerate(EMAILS.items()):
        answer = create(api, phone=f"091234560{number}", email=written)
        assert answer.get_json()["email"] == kept


def test_bad_emails_are_refused(api, app):
    before = row_counts(app)
    for written in (
        "",
        " ",
        "lan",
        "lan@",
        "@b.vn",
        "a@b",
        "a b@c.vn",
        "a@b..vn",
        "İ" * 240 + "@b.vn",
    ):
        refused = problem(create(api, email=written), 422, "invalid_request")
        assert refused["errors"].keys() == {"email"}, written
    assert row_counts(app) == before


def test_name_is_trimmed_and_composed(api):
    decomposed = "  Le\u0302 Thu Ha\u0306\u0300ng\t"
    assert create(api, name=decomposed).get_json()["name"] == "Lê Thu Hằng"


def test_name_is_folded_for_search(api, app):
    create(api, name="Đặng Thị Ánh Nguyệt")
    assert column(app, "SELECT name_folded FROM members") == ["dang thi anh nguyet"]


LONG_WHEN_FOLDED = ["ß" * 200, "각" * 200, "ΐ" * 200, "İ" * 200, "ﷺ" * 200, "ắ" * 200]


def test_name_that_grows_when_folded_is_taken(api):
    for number, name in enumerate(LONG_WHEN_FOLDED):
        answer = create(api, phone=f"091234560{number}", name=name)
        assert answer.status_code == 201, name[0]
        assert answer.get_json()["name"] == name


def test_change_sets_what_is_given_and_null_clears(api):
    member_id = create(api, **PROFILE).get_json()["id"]
    path = f"/members/{member_id}"
    answer = api.patch(path, {"name": "Hằng", "email": None, "family_size": 5})
    assert answer.status_code == 200
    changed = answer.get_json()
    expected = {**PROFILE, "name": "Hằng", "email": None, "family_size": 5}
    assert {name: changed[name] for name in PROFILE} == expected
    assert api.get(path).get_json() == changed


def test_empty_change_changes_nothing(api, app):
    member_id = create(api, **PROFILE).get_json()["id"]
    was = api.get(f"/members/{member_id}").get_json()
    before = row_counts(app)
    assert api.patch(f"/members/{member_id}", {}).get_json() == was
    assert api.patch(f"/members/{member_id}", {"name": PROFILE["name"]}).get_json() == was
    assert row_counts(app) == before


def test_change_of_nobody_is_not_found(api):
    problem(api.patch("/members/404", {"name": "Hoa"}), 404, "unknown_member")


def test_change_does_not_touch_the_phone(api):
    create(api)
    problem(api.patch("/members/1", {"phone": OTHER_PHONE}), 422, "invalid_request")


def test_change_is_remembered_by_its_fields_alone(api, app):
    """The log of who did what holds no personal value."""
    create(api)
    api.patch("/members/1", PROFILE)
    events = " ".join(
        column(app, "SELECT CAST(details AS TEXT) FROM audit_events WHERE action = 'member.change'")
    )
    assert "email" in events
    for value in ("Hằng", "hang@", "1990", "Cầu"):
        assert value not in events


def test_purchase_fills_blanks_and_overwrites_nothing(api):
    create(api, name="Lê Thu Hằng", province="01")
    buy(api, member={**PROFILE, "name": "Hoa", "province": "79"})
    member = find(api, PHONE)["items"][0]
    assert {name: member[name] for name in PROFILE} == PROFILE
    assert member["province_list"] == "vn34"
    buy(api, receipt_no="HD-2", member=dict.fromkeys(PROFILE))
    assert find(api, PHONE)["items"] == [{**member, "points": 30}]


def test_what_a_manager_cleared_may_be_filled_again(api):
    create(api, name="Lê Thu Hằng")
    api.patch("/members/1", {"name": None})
    assert buy(api, member={"name": "Hoa"})["member"]["name"] == "Hoa"


def test_bought_members_answer_their_name(api):
    assert buy(api, member={"name": "Hoa"})["member"]["name"] == "Hoa"
    bought = api.post("/purchases", receipt(receipt_no="HD-2", member={"name": "Lan"}))
    assert bought.get_json()["member"]["name"] == "Hoa"


def test_source_says_where_a_member_came_from(api, cli, tmp_path):
    buy(api)
    create(api, phone=OTHER_PHONE)
    file = tmp_path / "a.csv"
    file.write_text("phone,store,receipt_no,purchased_at,amount\n0903111222,S01,A,2026-01-01,1\n")
    assert cli.invoke(args=["purchases", "import", str(file)]).exit_code == 0
    sources = [
        find(api, phone)["items"][0]["source"] for phone in (PHONE, OTHER_PHONE, "0903111222")
    ]
    assert sources == ["purchase", "api", "import"]

"""Tags at the desk: the list, one by hand and its lists of phones, the numbers of a rule."""

from __future__ import annotations

import io
import re

import pytest

from loyalty.audiences import service as audiences
from loyalty.core.db import transaction
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.staff import service as staff
from loyalty.tags import service as tags
from loyalty.tags.reading import read_rule
from tests.core.rows import scalar
from tests.pages.visitor import PASSWORD

PAGE = "/manage/tags"
TAG = f"{PAGE}/co-tre-nho"
SPENT = f"{PAGE}/spent-much"
PHONES = ("0912 345 678", "0987 654 321")
NUMBER = re.compile(r'<input class="form-control" id="(threshold\.[^"]+)"[^>]* value="([^"]*)"')


@pytest.fixture
def mai(visit):
    """Marketing, in English."""
    person = visit("mai")
    person.client.set_cookie("language", "en")
    return person


@pytest.fixture
def by_hand(mai):
    """A tag that is set by hand; returns its page."""
    assert mai.post(f"{PAGE}/new", name="Có trẻ nhỏ").headers["Location"] == TAG
    return TAG


@pytest.fixture
def customers(visit):
    """Two of them: one spent 1,050,000 ₫, the other 150,000 ₫."""
    han = visit("han")
    for number, (phone, amount) in enumerate(zip(PHONES, ("1050000", "150000"), strict=True)):
        han.ask("/till/purchases", phone=phone, receipt_no=f"HD-{number}", amount=amount)
    return PHONES


@pytest.fixture
def spent_much(shop_app, customers):
    """A tag with a rule of two numbers; returns its page."""
    document = {
        "purchases": {
            "agg": "sum",
            "op": "ge",
            "value": 1_000_000,
            "within": {"last": 90, "unit": "day"},
        }
    }
    make(shop_app, name="Spent much", rule=document)
    return SPENT


def make(app, *, name, rule=None):
    with app.test_request_context(), transaction():
        tags.create(name=name, rule=read_rule(rule) if rule else None)


def count_of(person, page):
    found = re.search(r'class="tag-many[^"]*">([\d,.]+)<', person.get(page).text)
    assert found is not None
    return found[1]


def upload(person, text, way="add"):
    return person.post(f"{TAG}/file", file=(io.BytesIO(text.encode()), "list.csv"), way=way)


def numbers(person, page=SPENT):
    """The fields of the rule's numbers as they are shown."""
    return dict(NUMBER.findall(person.get(page).text))


# -- the list ------------------------------------------------------------------


def test_empty_list_offers_the_starter_tags_which_then_stand_there(mai, shop_app):
    page = mai.get(PAGE)
    assert page.status_code == 200
    assert "There is no tag yet." in page.text
    assert page.text.count(f'action="{PAGE}/starters"') == 1
    assert mai.post(f"{PAGE}/starters").headers["Location"] == PAGE
    made = scalar(shop_app, "SELECT count(*) FROM tags")
    assert made > 20
    assert f"{made} tags were made, 0 were there before." in mai.get(PAGE).text
    mai.post(f"{PAGE}/starters")
    assert f"0 tags were made, {made} were there before." in mai.get(PAGE).text


def test_list_says_rule_count_and_when(mai, spent_much):
    page = mai.get(PAGE).text
    assert "Spent at least ₫1,000,000 in the last 90 days" in page
    assert re.search(r'tag-count">1</td>\s*<td[^>]*>today \d\d:\d\d</td>', page)


def test_list_is_filtered_and_searched_without_marks(mai, by_hand, spent_much):
    def shown(query):
        return re.findall(r'class="row-name"><a href="([^"]+)"', mai.get(PAGE + query).text)

    assert shown("") == [SPENT, TAG]
    assert shown("?show=hand") == [TAG]
    assert shown("?show=rule") == [SPENT]
    assert shown("?show=failing") == []
    assert shown("?q=TRE") == [TAG]
    assert shown("?q=90+days") == [SPENT]
    assert shown("?q=tre&show=rule") == []
    assert "No tag fits this search." in mai.get(f"{PAGE}?q=nothing").text
    assert shown("?show=nonsense&rows=x") == [SPENT, TAG]


def test_long_list_is_shown_in_parts(mai, shop_app):
    with shop_app.test_request_context(), transaction():
        for number in range(101):
            tags.create(name=f"Tag {number:03}")
    first = mai.get(PAGE).text
    assert "Showing 100 of 101 tags" in first
    assert "Tag 100" not in first
    assert 'href="/manage/tags?rows=200"' in first
    assert "Showing 101 of 101 tags" in mai.get(f"{PAGE}?rows=200").text


def test_failing_tag_keeps_its_count_and_says_why(mai, shop_app, customers):
    with shop_app.test_request_context(), transaction():
        attributes.declare(name="pets", label="Pets", kind=AttributeKind.NUMBER)
    make(shop_app, name="Not told", rule={"field": "attributes.pets", "op": "missing"})
    with shop_app.test_request_context(), transaction():
        attributes.drop("pets")
    assert count_of(mai, f"{PAGE}/not-told") == "2"
    mai.post(f"{PAGE}/not-told/refresh")
    page = mai.get(f"{PAGE}/not-told").text
    assert "the shop no longer keeps “pets” of its customers" in page
    assert "Counted just now." not in page
    assert count_of(mai, f"{PAGE}/not-told") == "2"
    listed = mai.get(f"{PAGE}?show=failing").text
    assert "the shop no longer keeps “pets”" in listed
    assert 'tag-fails">1<' in listed


# -- a tag by hand ---------------------------------------------------------------


BAD_TAGS = [
    ({"name": ""}, "Enter the name of the tag."),
    ({"name": "x" * 201}, "At most 200 characters"),
    ({"name": "x", "link": "javascript:alert(1)"}, "Must be a web address"),
    ({"name": "co tre nho"}, "There is a tag of this name"),
]


def test_refusal_stands_beside_its_field_and_nothing_is_made(mai, by_hand, shop_app):
    for form, sentence in BAD_TAGS:
        refused = mai.post(f"{PAGE}/new", **form)
        assert refused.status_code in (409, 422)
        assert re.search(r'class="error" id="(name|link)-error"', refused.text)
        assert sentence in refused.text
    assert scalar(shop_app, "SELECT count(*) FROM tags") == 1


def test_name_and_link_are_changed(mai, by_hand):
    assert mai.post(by_hand, name="Có bé", link="https://zalo.me/g/1").headers["Location"] == TAG
    page = mai.get(by_hand).text
    assert '<h1 class="desk-title">Có bé</h1>' in page
    assert 'value="https://zalo.me/g/1"' in page
    assert "Enter the name of the tag." in mai.post(by_hand, name=" ").text


def test_pasted_phones_are_put_in_and_taken_out_line_by_line(mai, by_hand, customers):
    pasted = "0912.345.678\n\nx\n0909 000 111\n+84 987 654 321\n"
    page = mai.post(f"{TAG}/members", phones=pasted, way="add")
    assert page.status_code == 200
    assert "2 customers came in, 2 lines refused." in page.text
    assert re.findall(r'<td class="num">(\d)</td>', page.text) == ["3", "4"]
    assert pasted not in page.text
    assert count_of(mai, TAG) == "2"
    page = mai.post(f"{TAG}/members", phones=PHONES[0], way="remove")
    assert "1 customers went out, 0 lines refused." in page.text
    assert count_of(mai, TAG) == "1"
    history = mai.get(TAG).text
    assert history.count("By hand · mai") == 2
    assert "+2" in history
    assert "−1" in history


def test_file_is_put_in_and_taken_out(mai, by_hand, customers):
    page = upload(mai, f"name,phone\nLan,{PHONES[0]}\nHa,12\nMai,0909000111\n")
    assert "1 customers came in, 2 lines refused." in page.text
    assert re.findall(r'<td class="num">(\d)</td>', page.text) == ["3", "4"]
    assert count_of(mai, TAG) == "1"
    assert "1 customers went out" in upload(mai, f"phone\n{PHONES[0]}\n", way="remove").text
    assert count_of(mai, TAG) == "0"


BAD_LISTS = [
    ("members", {"way": "add"}, "Enter at least one phone number."),
    ("members", {"way": "add", "phones": " \n \n"}, "Enter at least one phone number."),
    ("members", {"way": "add", "phones": "1\n" * 5_001}, "At most 5,000 numbers at once"),
    ("members", {"way": "burn", "phones": PHONES[0]}, ""),
    ("file", {"way": "add"}, "Choose an Excel or CSV file."),
]


def test_list_that_cannot_be_read_is_refused_in_words(mai, by_hand):
    for where, form, sentence in BAD_LISTS:
        refused = mai.post(f"{TAG}/{where}", **form)
        assert refused.status_code == 422
        assert sentence in refused.text


def test_bad_file_is_refused_with_what_to_do(mai, by_hand):
    refused = upload(mai, "name\nLan\n")
    assert (refused.status_code, "The file has no column phone" in refused.text) == (422, True)


def test_tag_of_a_rule_takes_no_list(mai, spent_much):
    page = mai.get(spent_much).text
    assert 'name="phones"' not in page
    refused = mai.post(f"{SPENT}/members", phones=PHONES[1], way="add")
    assert refused.status_code == 409
    assert "This tag follows a rule" in refused.text
    sent = {"file": (io.BytesIO(b"phone\n0912345678\n"), "list.csv"), "way": "add"}
    assert "This tag follows a rule" in mai.post(f"{SPENT}/file", **sent).text
    assert count_of(mai, SPENT) == "1"


def test_tag_by_hand_takes_no_rule(mai, by_hand):
    refused = mai.post(f"{TAG}/thresholds")
    assert refused.status_code == 409
    assert "it has no rule to follow" in refused.text
    assert mai.post(f"{TAG}/refresh").status_code == 409


# -- a tag with a rule -------------------------------------------------------------


def test_numbers_of_a_rule_are_set_in_the_signs_of_the_language(mai, spent_much, shop_app):
    money, days = numbers(mai)
    assert numbers(mai) == {money: "1,000,000", days: "90"}
    saved = mai.post(f"{SPENT}/thresholds", **{money: "100,000", days: "30"})
    assert saved.headers["Location"] == SPENT
    assert "Spent at least ₫100,000 in the last 30 days" in mai.get(SPENT).text
    assert count_of(mai, SPENT) == "2"
    mai.client.set_cookie("language", "vi")
    assert numbers(mai)[money] == "100.000"
    mai.post(f"{SPENT}/thresholds", **{money: "1.050.000", days: "30"})
    assert count_of(mai, SPENT) == "1"
    assert scalar(shop_app, "SELECT rule_version FROM tags") == 3


NO_NUMBERS = ("", "much", "1.000.000", "1,0", "9" * 40)
NOT_MONEY = ("0.5", "99999999999999999999")


def test_number_that_is_none_is_refused_beside_its_field(mai, spent_much, shop_app):
    money, days = numbers(mai)
    for typed in (*NO_NUMBERS, *NOT_MONEY):
        refused = mai.post(f"{SPENT}/thresholds", **{money: typed, days: "30"})
        assert refused.status_code == 422
        assert f'id="{money}-error"' in refused.text
        assert ("Enter a number." in refused.text) == (typed in NO_NUMBERS)
        assert dict(NUMBER.findall(refused.text))[days] == "30"
    assert scalar(shop_app, "SELECT rule_version FROM tags") == 1


def test_window_that_is_too_long_is_refused_beside_its_field(mai, spent_much):
    money, days = numbers(mai)
    refused = mai.post(f"{SPENT}/thresholds", **{money: "1", days: "1000000"})
    assert refused.status_code == 422
    assert f'id="{days}-error"' in refused.text


def test_history_says_when_and_why(mai, spent_much):
    money, days = numbers(mai)
    mai.post(f"{SPENT}/thresholds", **{money: "1", days: "30"})
    page = mai.get(SPENT).text
    assert "Counted for the first time" in page
    assert "The rule was changed · mai" in page


def test_tag_is_counted_again(mai, spent_much, visit):
    assert mai.post(f"{SPENT}/refresh").headers["Location"] == SPENT
    assert "Counted just now." in mai.get(SPENT).text
    assert mai.post(f"{PAGE}/no-such-tag/refresh").status_code == 404


# -- deleting ------------------------------------------------------------------------


def test_tag_is_deleted_after_a_question(mai, by_hand, customers):
    mai.post(f"{TAG}/members", phones="\n".join(PHONES), way="add")
    question = mai.get(f"{TAG}/delete").text
    assert "Delete the tag Có trẻ nhỏ?" in question
    assert "The 2 customers who have it lose it" in question
    assert mai.post(f"{TAG}/delete").headers["Location"] == PAGE
    assert "The tag Có trẻ nhỏ is deleted." in mai.get(PAGE).text
    assert mai.get(TAG).status_code == 404


def test_tag_in_use_is_not_deleted(mai, by_hand, shop_app):
    with shop_app.test_request_context(), transaction():
        audiences.create(name="Families", expression={"tag": "co-tre-nho"})
    refused = mai.post(f"{TAG}/delete")
    assert refused.status_code == 409
    assert "A customer group is made of it" in refused.text
    assert mai.get(TAG).status_code == 200


# -- who may ---------------------------------------------------------------------------


def test_cashiers_and_bounded_managers_have_no_tags_at_the_desk(visit, by_hand, shop_app):
    with shop_app.app_context(), transaction():
        staff.create_staff(
            login="bound", name="Bound", password=PASSWORD, role="manager", store_codes=["S01"]
        )
    for login in ("han", "bound"):
        person = visit(login)
        for address in (PAGE, TAG, f"{TAG}/delete"):
            assert person.get(address).status_code == 403
        for address in (f"{PAGE}/new", f"{PAGE}/starters", TAG, f"{TAG}/members", f"{TAG}/delete"):
            assert person.post(address, name="x", phones=PHONES[0], way="add").status_code == 403
    assert scalar(shop_app, "SELECT count(*) FROM tags") == 1


def test_manager_of_the_shop_has_them(visit, by_hand):
    owner = visit("tram")
    assert 'href="/manage/tags"' in owner.get("/manage/staff").text
    assert owner.get(TAG).status_code == 200


def test_markup_in_a_name_is_shown_as_text(mai):
    made = mai.post(f"{PAGE}/new", name="<script>alert(1)</script>").headers["Location"]
    for page in (mai.get(PAGE), mai.get(made), mai.get(f"{made}/delete")):
        assert "<script>alert(1)" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text

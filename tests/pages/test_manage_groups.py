"""Customer groups at the desk: put together in three zones, counted while they change, kept."""

from __future__ import annotations

import re

import pytest

from loyalty.audiences import service as audiences
from loyalty.audiences.language import AllOf, Leaf, NotIn, from_document
from loyalty.core.db import read, transaction
from loyalty.core.phone import PhoneNumber
from loyalty.groups.models import GroupKind
from loyalty.members import consents
from loyalty.members.service import create as create_member
from loyalty.tags import rounds
from loyalty.tags import service as tags
from loyalty.tags.reading import read_rule

PAGE = "/manage/groups"
PREVIEW = f"{PAGE}/preview"
PHONES = [f"09120000{number:02d}" for number in range(10)]
LEFT = re.compile(r'data-zone="(\w+)".*?<span class="group-left">(.*?)</span>\s*</div>', re.DOTALL)
CHIP = re.compile(r'<input type="hidden" name="(all|any|none)" value="([^"]+)">')


@pytest.fixture
def mai(visit):
    """Marketing, in English."""
    person = visit("mai")
    person.client.set_cookie("language", "en")
    return person


@pytest.fixture
def members(shop_app):
    """Ten of them, by their place."""
    with shop_app.test_request_context(), transaction():
        return [
            create_member(PhoneNumber.parse(phone, "VN"), {}, source="till") for phone in PHONES
        ]


@pytest.fixture
def tagged(shop_app, members):
    """`cooks` have the first six, `gifts` 4 to 7, `staff` 0 and 5; `nobody` is empty."""
    given = {"cooks": range(6), "gifts": range(4, 8), "staff": (0, 5), "nobody": ()}
    with shop_app.test_request_context(), transaction():
        for slug, places in given.items():
            tags.create(name=slug.capitalize(), slug=slug)
            for place in places:
                tags.mark(members[place], slug, on=True)
    return given


def made(app, name, expression):
    with app.test_request_context(), transaction():
        return audiences.create(name=name, expression=expression)["slug"]


def kept(app, slug):
    with app.test_request_context(), read():
        return audiences.get(slug)


def chips(page):
    """What stands in the zones."""
    found: dict[str, list[str]] = {"all": [], "any": [], "none": []}
    for zone, value in CHIP.findall(page.text):
        found[zone].append(value)
    return found


def left(page):
    """Of each zone what it took out, and how many remain."""
    found: dict[str, tuple[str, ...]] = {}
    for zone, inner in LEFT.findall(page.text):
        numbers = re.findall(r">([^<\s]+)<", inner)
        found[zone] = tuple(numbers) if len(numbers) == 2 else ("", *numbers)
    return found


def count(page):
    return re.findall(r'class="group-many">([^<]+)<', page.text)[0]


def tag(slug):
    return Leaf(GroupKind.TAG, slug)


# -- the builder ---------------------------------------------------------------------


def test_tags_are_put_in_counted_zone_by_zone_and_kept(mai, shop_app, tagged):
    page = mai.ask(PREVIEW, act="put::tag:cooks", into="all")
    assert chips(page) == {"all": ["tag:cooks"], "any": [], "none": []}
    assert count(page) == "6"
    form = {"all": ["tag:cooks"], "any": ["tag:gifts"], "none": ["tag:staff"]}
    page = mai.ask(PREVIEW, **form)
    assert left(page) == {"all": ("−4", "6"), "any": ("−4", "2"), "none": ("−1", "1")}
    assert count(page) == "1"
    assert "10.0% of 10 customers" in page.text
    assert (
        "Customers in <strong>Cooks</strong>, and also in <strong>Gifts</strong>."
        " Without those in <strong>Staff</strong>."
    ) in page.text
    assert mai.post(f"{PAGE}/new", name="Mê bếp", **form).headers["Location"] == f"{PAGE}/me-bep"
    view = kept(shop_app, "me-bep")
    assert view["count"] == 1
    assert from_document(view["expression"]) == AllOf(
        (tag("cooks"), tag("gifts"), NotIn(tag("staff")))
    )


def test_two_of_which_one_is_enough_stay_apart(mai, shop_app, tagged):
    form = {"all": ["tag:cooks"], "any": ["tag:gifts", "tag:staff"]}
    mai.post(f"{PAGE}/new", name="Mê bếp", **form)
    page = mai.get(f"{PAGE}/me-bep")
    assert chips(page) == {**form, "none": []}
    assert count(page) == "3"
    assert "<strong>Gifts</strong> or <strong>Staff</strong>" in page.text


def test_a_chip_is_moved_and_taken_out(mai, tagged):
    there = {"all": ["tag:cooks", "tag:staff"]}
    moved = mai.ask(PREVIEW, act="put:none:tag:staff", **there)
    assert chips(moved) == {"all": ["tag:cooks"], "any": [], "none": ["tag:staff"]}
    assert 'id="chip-tag-staff" autofocus' in moved.text
    assert count(moved) == "4"
    taken = mai.ask(PREVIEW, act="take:all:tag:staff", **there)
    assert chips(taken) == {"all": ["tag:cooks"], "any": [], "none": []}
    assert re.search(r'id="add-all"[^>]* autofocus', taken.text)


def test_nothing_is_kept_by_looking(mai, shop_app, tagged):
    slug = made(shop_app, "Cooks only", {"tag": "cooks"})
    page = mai.ask(PREVIEW, slug=slug, name="Cooks only", all="tag:cooks", act="put:all:tag:gifts")
    assert "Save and export" in page.text
    assert kept(shop_app, slug)["expression"] == {"tag": "cooks"}


def test_what_is_changed_is_not_exported_before_it_is_kept(mai, shop_app, tagged):
    slug = made(shop_app, "Cooks only", {"tag": "cooks"})
    export = f'href="{PAGE}/{slug}/export"'
    assert export in mai.get(f"{PAGE}/{slug}").text
    assert export not in mai.ask(PREVIEW, slug=slug, name="Cooks only", all="tag:gifts").text
    form = {"name": "Cooks only", "all": "tag:gifts", "then": "export"}
    assert mai.post(f"{PAGE}/{slug}", **form).headers["Location"] == f"{PAGE}/{slug}/export"
    assert kept(shop_app, slug)["expression"] == {"tag": "gifts"}


def test_a_group_is_part_of_another_but_never_of_itself(mai, shop_app, tagged):
    inner = made(shop_app, "Cooks only", {"tag": "cooks"})
    outer = made(shop_app, "Outer", {"all": [{"audience": inner}, {"tag": "gifts"}]})
    page = mai.get(f"{PAGE}/{outer}")
    assert chips(page)["all"] == [f"audience:{inner}", "tag:gifts"]
    assert count(page) == "2"
    assert f'id="offer-audience-{inner}"' in page.text
    assert f'id="offer-audience-{outer}"' not in page.text
    refused = mai.post(f"{PAGE}/{inner}", name="Cooks only", all=f"audience:{outer}")
    assert refused.status_code == 422
    assert "A customer group cannot be made of itself." in refused.text


def test_nobody_in_a_group_says_where_they_went(mai, tagged):
    page = mai.ask(PREVIEW, all=["tag:cooks", "tag:nobody"])
    assert count(page) == "0"
    assert "Nobody is in this group." in page.text


def test_reach_says_why_not_everybody_and_of_nobody_what_to_do(mai, shop_app, tagged, members):
    with shop_app.test_request_context(), transaction():
        consents.change(
            members[0],
            channel="sms",
            purpose="marketing",
            granted=True,
            via="desk",
            proof="form 1",
        )
    with shop_app.test_request_context():
        rounds.drain()
    page = mai.ask(PREVIEW, all="tag:cooks").text
    sms, _, rest = page.partition('aria-label="Zalo"')
    assert 'value="1" max="6" aria-label="SMS"' in sms
    assert "5 did not agree, have no mobile phone or are on the do-not-call list" in sms
    assert "Ask for consent" in rest


def test_an_empty_builder_asks_to_begin_and_is_not_kept(mai, tagged):
    page = mai.get(f"{PAGE}/new")
    assert "Choose a tag from the list to begin." in page.text
    assert count(page) == "–"
    refused = mai.post(f"{PAGE}/new", name="", slug="")
    assert refused.status_code == 422
    assert "Enter the name of the customer group." in refused.text
    assert "Put at least one tag or customer group into it." in refused.text


def test_what_was_put_in_stays_when_the_name_is_missing(mai, tagged):
    refused = mai.post(f"{PAGE}/new", name=" ", all="tag:cooks", none="tag:staff")
    assert refused.status_code == 422
    assert chips(refused) == {"all": ["tag:cooks"], "any": [], "none": ["tag:staff"]}


@pytest.mark.parametrize(
    "form",
    [
        {"all": "tag:gone"},
        {"all": ["tag:../x", "tag:", "nonsense", "member:1", ":"]},
        {"act": "put:all:tag:gone"},
        {"act": "put"},
        {"act": "take::"},
        {"act": "drop:all:tag:cooks"},
        {"into": "nowhere", "q": "\x00", "slug": "../x"},
    ],
)
def test_what_no_form_of_ours_sends_is_passed_over(mai, tagged, form):
    page = mai.ask(PREVIEW, **form)
    assert page.status_code == 200
    assert chips(page) == {"all": [], "any": [], "none": []}


def test_the_list_is_searched_without_marks_and_puts_where_it_is_told(mai, shop_app, tagged):
    with shop_app.test_request_context(), transaction():
        tags.create(name="Mê đồ bếp", slug="kitchen")
    page = mai.ask(PREVIEW, q="DO BEP", into="none").text
    assert re.findall(r'id="offer-([^"]+)"', page) == ["tag-kitchen"]
    page = mai.ask(PREVIEW, act="put::tag:kitchen", into="none")
    assert chips(page)["none"] == ["tag:kitchen"]
    assert re.search(r'name="into" value="none" checked', page.text)
    assert "No tag or customer group is called so." in mai.ask(PREVIEW, q="nothing").text


def test_more_groups_than_one_can_be_made_of_are_refused_with_a_sentence(mai, shop_app):
    with shop_app.test_request_context(), transaction():
        for number in range(200):
            tags.create(name=f"T{number}", slug=f"t{number}")
    page = mai.ask(PREVIEW, all=[f"tag:t{number}" for number in range(200)])
    assert page.status_code == 200
    assert "These are too many groups for one" in page.text
    assert count(page) == "–"


def test_a_tag_that_fails_or_was_not_counted_yet_is_told(mai, shop_app, members):
    bought = read_rule({"field": "purchase_count", "op": "ge", "value": 1})
    with shop_app.test_request_context(), transaction():
        tags.create(name="Soon", slug="soon", rule=bought, at_once=False)
    page = mai.ask(PREVIEW, all="tag:soon").text
    assert "Soon is being counted: look again in a moment." in page
    assert "Exact as of now" not in page


# -- what no zones can show ------------------------------------------------------------


NESTED = {"any": [{"tag": "cooks"}, {"all": [{"tag": "gifts"}, {"not": {"tag": "staff"}}]}]}


def test_a_nested_group_is_told_renamed_and_not_edited(mai, shop_app, tagged):
    slug = made(shop_app, "By a program", NESTED)
    page = mai.get(f"{PAGE}/{slug}")
    assert "<strong>Cooks</strong> or (<strong>Gifts</strong> and not in" in page.text
    assert count(page) == "8"
    assert "data-zone" not in page.text
    assert mai.post(f"{PAGE}/{slug}/name", name="Renamed").headers["Location"] == f"{PAGE}/{slug}"
    assert kept(shop_app, slug)["name"] == "Renamed"
    assert kept(shop_app, slug)["expression"] == NESTED
    assert mai.post(f"{PAGE}/{slug}/name", name="").status_code == 422


# -- list and end ----------------------------------------------------------------------


def test_an_empty_list_leads_to_the_builder(mai):
    page = mai.get(PAGE).text
    assert "There is no customer group yet." in page
    assert page.count(f'href="{PAGE}/new"') == 2


def test_the_list_says_what_each_is_made_of_and_how_many_are_in(mai, shop_app, tagged):
    made(shop_app, "Cooks only", {"all": [{"tag": "cooks"}, {"not": {"tag": "staff"}}]})
    made(shop_app, "Everybody else", {"not": {"tag": "cooks"}})
    page = mai.get(PAGE).text
    assert re.findall(r'tag-count">(\d+)<', page) == ["4", "4"]
    assert "All customers. Without those in <strong>Cooks</strong>." in page
    assert f'href="{PAGE}/cooks-only/export"' in page

    def shown(query):
        return re.findall(r'class="row-name"><a href="([^"]+)"', mai.get(PAGE + query).text)

    assert shown("?q=else") == [f"{PAGE}/everybody-else"]
    assert shown("?q=STAFF") == [f"{PAGE}/cooks-only"]
    assert "No customer group fits this search." in mai.get(f"{PAGE}?q=nothing").text


def test_a_group_is_deleted_but_not_while_another_needs_it(mai, shop_app, tagged):
    inner = made(shop_app, "Inner", {"tag": "cooks"})
    outer = made(shop_app, "Outer", {"audience": inner})
    assert "Delete the customer group Inner?" in mai.get(f"{PAGE}/{inner}/delete").text
    assert mai.post(f"{PAGE}/{inner}/delete").status_code == 409
    assert mai.post(f"{PAGE}/{outer}/delete").headers["Location"] == PAGE
    assert mai.post(f"{PAGE}/{inner}/delete").headers["Location"] == PAGE
    assert mai.get(f"{PAGE}/{inner}").status_code == 404


def test_names_are_shown_as_text(mai, shop_app, tagged):
    with shop_app.test_request_context(), transaction():
        tags.create(name="<b>Bold</b>", slug="bold")
    page = mai.ask(PREVIEW, all=["tag:bold", "tag:cooks"], name='"><i>x</i>').text
    assert "<b>Bold" not in page
    assert "<strong>&lt;b&gt;Bold&lt;/b&gt;</strong> and" in page
    assert "<i>x" not in page


def test_cashiers_have_no_groups(visit):
    assert visit("han").get(PAGE).status_code == 403
    assert visit("han").ask(PREVIEW).status_code == 403


# -- where marketing begins --------------------------------------------------------------


def test_marketing_begins_with_tags_and_finds_groups_files_and_imports_beside_them(visit):
    mai = visit("mai")
    mai.client.set_cookie("language", "en")
    assert mai.get("/").headers["Location"] == "/manage/tags"
    bar = mai.get("/manage/tags").text.split('class="desk-tabs"')[1].split("</nav>")[0]
    assert re.findall(r'class="desk-place" href="([^"]+)"', bar) == [
        "/manage/tags",
        PAGE,
        "/manage/exports",
        "/manage/imports",
        "/manage/do-not-call",
    ]


def test_a_manager_finds_the_same_folded_behind_the_places_of_the_owner(visit):
    bar = visit("tram").get("/manage/tags").text.split('class="desk-tabs"')[1].split("</nav>")[0]
    tabs, folded = bar.split("<details")
    assert re.findall(r'href="([^"]+)"', tabs)[0] == "/manage/today"
    for place in ("/manage/tags", PAGE, "/manage/exports", "/manage/imports"):
        assert f'href="{place}"' in folded

"""The file of those who went out since an earlier export, and what is said of such files."""

from __future__ import annotations

import pytest

from tests.core.rows import change
from tests.exports.ordering import (
    ON_SQLITE,
    agree,
    exported,
    group,
    manifest,
    person,
    rows,
)

pytestmark = pytest.mark.usefixtures("store")
PHONE, EMAIL = "0912000001", "lan@example.com"
LAN = {"name": "Lê Lan", "email": EMAIL, "birth_date": "1990-01-05", "gender": "female"}
TYPED: dict[str, tuple[str, list[str] | None, set[str]]] = {
    "meta": ("ads", None, {"phone", "email"}),
    "google": ("ads", None, {"Phone", "Email"}),
    "tiktok": ("ads", None, {"Phone_SHA256", "Email_SHA256"}),
    "sms": ("sms", ["name", "birth_date"], {"phone", "request_id"}),
    "zalo": ("zalo", ["name", "birth_date"], {"phone"}),
}
CHOSEN: list[tuple[str, list[str], set[str]]] = [
    ("sms", [], {PHONE, EMAIL}),
    ("sms", ["name", "email", "gender"], {EMAIL}),
    ("sms", ["name", "birth_date"], {PHONE}),
    ("email", ["name", "birth_date"], {EMAIL}),
]


def leaving(api, view):
    """What is told of the one who went out, by column."""
    [file] = [each["name"] for each in view["files"] if "-removed" in each["name"]]
    [row] = rows(api, view, file)
    return {name: value for name, value in row.items() if value}


def since(app, api, goes, channel, **body):
    """What changed since an export: one took the consent back."""
    earlier = exported(app, api, **body)
    agree(api, goes, channel, granted=False)
    return exported(app, api, since_export=earlier["id"], **body)


@pytest.mark.parametrize("name", TYPED)
def test_who_took_the_consent_back_is_named_by_the_contact_alone(app, api, name):
    channel, columns, told = TYPED[name]
    goes = person(api, 1, agrees=[channel], **LAN)
    group(app, api, [goes, person(api, 2, agrees=[channel])])
    view = since(app, api, goes, channel, format=name, reach=None, columns=columns)
    assert leaving(api, view).keys() == told


@ON_SQLITE
@pytest.mark.parametrize(("channel", "columns", "told"), CHOSEN)
def test_file_for_people_names_them_by_what_was_chosen(app, api, channel, columns, told):
    goes = person(api, 1, agrees=[channel], **LAN)
    group(app, api, [goes, person(api, 2, agrees=[channel], email="b@example.com")])
    view = since(app, api, goes, channel, reach=channel, columns=columns)
    assert {*leaving(api, view).values()} == told


def test_who_has_no_contact_any_more_has_no_row_and_is_counted(app, api):
    goes, stays, silent = person(api, 1, name="Lan"), person(api, 2), person(api, 3, agrees=())
    group(app, api, [goes, stays, silent])
    earlier = exported(app, api, format="meta", reach=None)
    agree(api, silent, "ads")
    end = "UPDATE member_phones SET active_until = CURRENT_TIMESTAMP WHERE member_id = :id"
    change(app, end, id=goes)
    view = exported(app, api, format="meta", reach=None, since_export=earlier["id"])
    assert [file["name"].rpartition("-")[2] for file in view["files"]] == ["added.csv"]
    assert view["rows"] == 1
    warnings = manifest(api, view["id"])["warnings"]
    assert {"code": "no_contact", "count": 1}.items() <= warnings[-1].items()
    assert warnings[-1]["sentence"] == view["warnings"][-1]


@ON_SQLITE
def test_a_delta_says_that_changed_contacts_are_not_in_it(app, api):
    group(app, api, [person(api, 1)])
    whole = exported(app, api)
    assert whole["warnings"] == []
    group(app, api, [person(api, 2)], slug="other")
    api.patch("/audiences/g", {"expression": {"any": [{"tag": "tag-g"}, {"tag": "tag-other"}]}})
    delta = exported(app, api, since_export=whole["id"])
    assert [each["code"] for each in manifest(api, delta["id"])["warnings"]] == ["by_customer"]
    assert len(delta["warnings"]) == 1


# -- too few rows for a platform ---------------------------------------------------------


@ON_SQLITE
def test_smallest_file_of_those_added_is_what_the_platform_may_refuse(app, api, monkeypatch):
    monkeypatch.setattr("loyalty.exports.formats.tiktok.TikTok.fewest_rows", 2)
    people = [person(api, number) for number in range(5)]
    group(app, api, people[:4])

    def codes(**body):
        view = exported(app, api, format="tiktok", reach=None, **body)
        return view["id"], [each["code"] for each in manifest(api, view["id"])["warnings"]]

    earlier, whole = codes()
    assert whole == []
    assert codes(rows_per_file=3)[1] == ["few_rows"]
    assert codes(rows_per_file=2)[1] == []
    agree(api, people[0], "ads", granted=False)
    assert codes(since_export=earlier)[1] == ["by_customer"], "nobody was added"
    group(app, api, people[4:], slug="more")
    api.patch("/audiences/g", {"expression": {"any": [{"tag": "tag-g"}, {"tag": "tag-more"}]}})
    assert "few_rows" in codes(since_export=earlier)[1]

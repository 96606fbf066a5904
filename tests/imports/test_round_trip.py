"""What was exported for people comes in again: the same members in an installation without any."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import Api
from tests.databases import environment, running_app
from tests.exports.ordering import exported, fetch, group
from tests.imports.people import consents, run, told
from tests.members.attributes import declare_every_kind
from tests.purchases.receipts import buy, points_of
from tests.shop import make_key
from tests.tags.making import fill, join, make, tags_of

YESTERDAY = "2026-01-02"
MARKETING = {"purpose": "marketing", "granted": True, "proof": "form 7"}
PEOPLE: list[dict[str, Any]] = [
    {
        "name": "Nguyễn Thị Đào",
        "email": "dao@example.com",
        "birth_date": "1990-02-28",
        "gender": "female",
        "income_band": "middle",
        "occupation": "giáo viên",
        "education": "đại học",
        "family_size": 4,
        "country": "VN",
        "province": "Hà Nội",
        "district": "Quận Tây Hồ",
        "attributes": {
            "nickname": "=Đào",
            "distance_km": -3.25,
            "has_pet": True,
            "wedding": "2015-06-07",
            "vehicle": "xe máy",
            "interests": ["trà", "bánh"],
        },
    },
    {"name": "=cmd|'/C calc'!A0", "province": "vn63:02", "gender": "other"},
    {"name": "Somchai ใจดี 🙂", "country": "TH", "province": "กรุงเทพมหานคร", "gender": "male"},
    {"name": '\'"Lan"; \u200f(x)', "occupation": "+84", "education": "-", "district": "@home"},
    {},
]


@pytest.fixture
def empty(request, tmp_path):
    """An installation of the same kind without a member: its caller and its commands."""
    kind = request.node.callspec.params["database_url"]
    databases = request.getfixturevalue(f"{kind}_databases")
    url = databases.fresh()
    folder = tmp_path / "second"
    folder.mkdir()
    with running_app(environment(url, folder)) as app:
        yield Api(app.test_client(), make_key(app)), app.test_cli_runner()
    databases.drop(url)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_members_are_the_same(app, api, empty, tmp_path, form):
    there, commands = empty
    ids = _fill(app, api)
    declare_every_kind(there)
    view = exported(app, api, group(app, api, ids), format=form, reach=None)
    file = tmp_path / view["files"][0]["name"]
    file.write_bytes(fetch(api, view["id"], file.name))
    options = ["--make-tags", "--opening-points", "--json"]
    proof = ["--consent-given-on", YESTERDAY, "--consent-proof", "from the old installation"]
    done = told(run(commands, file, *options, *proof))
    assert (done["created"], done["rejected"]) == (len(ids), {})
    assert _everybody(there) == _everybody(api)
    assert commands.invoke(args=["points", "verify"]).exit_code == 0


def _fill(app: Any, api: Api) -> list[int]:
    declare_every_kind(api)
    ids = [join(api, number, **profile) for number, profile in enumerate(PEOPLE)]
    ids.append(_foreign(api))
    for channel in ("sms", "ads"):
        body = {"channel": channel, **MARKETING}
        assert api.put(f"/members/{ids[0]}/consents", body).status_code == 200
    for name, numbers in (("Khách quen", (0, 2)), ("=VIP+1", (0,))):
        tag = make(api, name)
        fill(api, tag["slug"], add=[f"09120{number:05d}" for number in numbers])
    buy(api, phone="0912000001", amount=12_500_000)
    return ids


def _foreign(api: Api) -> int:
    answer = api.post("/members", {"phone": "+66 81 234 5678", "name": "Malee"})
    assert answer.status_code == 201
    return answer.get_json()["id"]


def _everybody(api: Api) -> dict[str, Any]:
    """Each member by phone, without what an installation gives by itself."""
    phones = [*(f"09120{number:05d}" for number in range(len(PEOPLE))), "+66812345678"]
    found = [api.get("/members", phone=phone).get_json()["items"] for phone in phones]
    return {member["phone"]: _whole(api, member["id"]) for (member,) in found}


def _whole(api: Api, member_id: int) -> dict[str, Any]:
    member = api.get(f"/members/{member_id}").get_json()
    own = {name: value for name, value in member.items() if name not in ("id", "source", "tier")}
    return {
        **own,
        "joined_at": member["joined_at"][:16],
        "consents": consents(api, member_id),
        "tags": {tag["name"] for tag in tags_of(api, member_id) if tag["name"] != "tag-g"},
        "balance": points_of(api, member_id)["balance"],
    }

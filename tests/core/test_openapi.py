"""The API's own description: its examples run, and what it promises is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks

from tests.api import BASE
from tests.core.rows import row_counts
from tests.core.standing import standing_shop

SPEC = f"{BASE}/openapi.json"
EXAMPLES = 10
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [
    "POST /purchases",
    "GET /purchases",
    "POST /purchases/batch",
    "GET /rewards",
    "POST /rewards",
    "GET /rewards/report",
    "GET /rewards/{reward_id}",
    "PATCH /rewards/{reward_id}",
    "GET /members/{member_id}/redemptions",
    "POST /members/{member_id}/redemptions",
    "GET /redemptions",
    "GET /redemptions/{redemption_id}",
    "GET /redemptions/{redemption_id}/qr.svg",
    "POST /redemptions/{redemption_id}/capture",
    "POST /redemptions/{redemption_id}/void",
    "POST /redemptions/{redemption_id}/reverse",
    "POST /purchases/{purchase_id}/void",
    "POST /purchases/{purchase_id}/reassign",
    "GET /purchases/{purchase_id}",
    "POST /purchases/{purchase_id}/returns",
    "POST /returns",
    "GET /returns/{return_id}",
    "GET /members",
    "POST /members",
    "GET /members/{member_id}",
    "PATCH /members/{member_id}",
    "GET /members/{member_id}/consents",
    "PUT /members/{member_id}/consents",
    "GET /do-not-call",
    "POST /do-not-call",
    "GET /members/{member_id}/points",
    "GET /members/{member_id}/entries",
    "GET /entries/{entry_id}",
    "POST /members/{member_id}/adjustments",
    "GET /members/{member_id}/statement",
    "GET /points/expiring",
    "GET /programme",
    "PATCH /programme",
    "GET /earning-rules",
    "POST /earning-rules",
    "POST /earning-rules/dry-run",
    "GET /promotions",
    "POST /promotions",
    "POST /promotions/{promotion_id}/end",
    "GET /tiers",
    "POST /tiers",
    "PATCH /tiers/{slug}",
    "GET /members/{member_id}/tiers",
    "GET /programme/figures",
    "GET /flags",
    "POST /flags/{flag_id}/approve",
    "POST /flags/{flag_id}/refuse",
    "GET /cashiers",
    "GET /audit",
    "GET /members/{member_id}/data",
    "PUT /members/{member_id}/restriction",
    "GET /members/{member_id}/rights-requests",
    "POST /members/{member_id}/rights-requests",
    "GET /rights-requests",
    "POST /rights-requests/{request_id}/answer",
    "POST /rights-requests/{request_id}/finish",
    "POST /rights-requests/{request_id}/refuse",
    "GET /attributes",
    "POST /attributes",
    "PATCH /attributes/{name}",
    "GET /tags",
    "POST /tags",
    "GET /tags/{slug}",
    "PATCH /tags/{slug}",
    "POST /tags/{slug}/members",
    "POST /tags/{slug}/refresh",
    "GET /tags/{slug}/builds",
    "PUT /members/{member_id}/tags/{slug}",
    "DELETE /members/{member_id}/tags/{slug}",
    "GET /members/{member_id}/tags",
    "POST /tags/preview",
    "GET /tags/fields",
    "GET /tags/rfm",
    "PUT /tags/rfm",
    "POST /tags/starters",
    "GET /audiences",
    "POST /audiences",
    "GET /audiences/{slug}",
    "PATCH /audiences/{slug}",
    "POST /audiences/preview",
    "POST /audiences/{slug}/builds",
    "GET /audiences/{slug}/builds",
    "GET /audiences/{slug}/changes",
    "GET /audiences/{slug}/members/{member_id}/why",
    "POST /audiences/{slug}/exports",
    "GET /exports",
    "GET /exports/columns",
    "GET /exports/{export_id}",
    "GET /exports/{export_id}/files/{file_name}",
    "POST /exports/{export_id}/cancel",
    "POST /exports/{export_id}/retry",
    "DELETE /audiences/{slug}",
    "DELETE /tags/{slug}",
    "DELETE /attributes/{name}",
    "DELETE /tiers/{slug}",
    "PUT /members/{member_id}/phone",
    "POST /members/{member_id}/phone/detach",
    "POST /members/{member_id}/merge",
    "POST /members/{member_id}/erasure",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory):
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_shop(databases, tmp_path_factory.mktemp("standing")) as standing:
        yield standing


def described(app) -> dict[str, dict[str, Any]]:
    """ "POST /purchases" -> what the description says of it."""
    paths = app.test_client().get(SPEC).get_json()["paths"]
    return {
        f"{method.upper()} {path.removeprefix(BASE)}": operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def as_described(route: str) -> str:
    """`/members/<int32:member_id>` -> `/members/{member_id}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.removeprefix(BASE))


def example_of(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"]["application/json"]["example"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_description_names_every_route_of_the_api_and_no_other(app):
    routes = {
        f"{method} {as_described(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith(f"{BASE}/")
        and rule.rule != SPEC
        and method not in ("HEAD", "OPTIONS")
    }
    assert described(app).keys() == routes == set(OPERATIONS)


def test_examples_of_the_description_run(app, api, store):
    """In the order of the list: a purchase is recorded before it is voided, and nothing is
    done to a member that was erased."""
    for name in OPERATIONS:
        operation = described(app)[name]
        method, _, path = name.partition(" ")
        if "requestBody" not in operation:
            continue
        path = path.format(
            purchase_id=2 if path.endswith(("reassign", "returns")) else 1,
            return_id=1,
            member_id=1,
            request_id=1,
            reward_id=1,
            redemption_id=1,
            promotion_id=1,
            slug="vip",
            name="vehicle",
        )
        body = example_of(operation)
        if name == "POST /members":
            # The purchase of the first example made that phone's member already.
            body = {**body, "phone": "0903 111 222"}
        answer = api.call(method, path, json=body)
        assert answer.status_code in (200, 201, 202), (name, answer.get_json())


def test_every_body_of_the_description_has_an_example(shop):
    app, _ = shop
    for operation in described(app).values():
        if "requestBody" in operation:
            assert example_of(operation)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_calls_made_from_the_description_are_answered_as_it_says(shop, name, mode):
    app, api = shop
    method, _, path = name.partition(" ")
    schema = schemathesis.openapi.from_wsgi(SPEC, app)
    operation = schema[f"{BASE}{path}"][method]
    headers = {"Authorization": f"Bearer {api.key}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    call()


def test_calls_without_a_key_are_refused_by_every_operation(shop):
    app, _ = shop
    before = row_counts(app)
    client = app.test_client()
    for name, operation in described(app).items():
        method, _, path = name.partition(" ")
        path = path.format(
            purchase_id=1,
            return_id=1,
            member_id=1,
            entry_id=1,
            request_id=1,
            reward_id=1,
            redemption_id=1,
            promotion_id=1,
            export_id=1,
            flag_id=1,
            file_name="manifest.json",
            slug="vip",
            name="vehicle",
        )
        body = example_of(operation) if "requestBody" in operation else None
        answer = client.open(BASE + path, method=method, json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated"), name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert row_counts(app) == before

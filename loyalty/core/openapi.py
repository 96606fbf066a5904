"""The OpenAPI document of the API, drawn from its routes and schemas."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import flask_smorest
import orjson
from flask import Blueprint, Flask, Response, current_app
from flask_babel import force_locale
from marshmallow import INCLUDE, Schema, fields

from loyalty.core import idempotency
from loyalty.core.access import ACTIONS, Action, Role, Rule, open_to_anyone, rule_of
from loyalty.core.fields import Phone
from loyalty.core.limits import IDEMPOTENCY_KEY_LENGTH

API_PREFIX = "/api/v1"
_READS = ("get", "head", "parameters")
_MAY_BE_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""By every operation that needs a key, whatever it does."""
_PATH_FIELD = re.compile(r"<(?:\w+:)?(\w+)>")
ABOUT = "Points and tags keyed on the phone number."


class ProblemSchema(Schema):
    """RFC 9457; `code` is what programs branch on, `errors` says which fields. Some codes
    bring members of their own, such as `recorded`."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict()


class Api(flask_smorest.Api):
    """OpenAPI from the schemas; errors are rendered by `configure_errors` alone."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        """Errors alone are problem+json: the library knows one type for all responses."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


def configure_openapi(app: Flask) -> Api:
    app.config.update(API_TITLE="Loyalty", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = Api(
        app,
        spec_kwargs={
            "info": {"description": ABOUT},
            "servers": [{"url": "/"}],
            "security": [{"key": []}],
        },
    )
    api.register_field(Phone, "string", None)
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    api.spec.components.parameter(
        "IdempotencyKey",
        "header",
        {
            "name": idempotency.HEADER,
            "description": "The same key and body again gives the first answer; kept 30 days.",
            "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_LENGTH},
        },
    )
    app.register_blueprint(_document_of(api))
    return api


def _document_of(api: Api) -> Blueprint:
    """The document itself, open to anyone who wants to write a client."""
    blueprint = Blueprint("openapi", __name__, url_prefix=API_PREFIX)

    refusals = {
        str(int(s)): api.spec.components.get_ref("response", s.name) for s in _MAY_BE_REFUSED
    }

    @blueprint.get("/openapi.json")
    @open_to_anyone
    def document() -> Response:
        whole = api.spec.to_dict()
        with force_locale("en"):
            whole["info"]["description"] = f"{ABOUT}\n\n{access_table()}"
        rules = _rules_by_operation()
        for path, operations in whole["paths"].items():
            _take_idempotency_keys(operations)
            for method, operation in operations.items():
                rule = rules.get((method, path))
                if rule is not None and rule.action is not None:
                    _say_who(operation, rule.action, refusals)
        return Response(orjson.dumps(whole), content_type="application/json")

    return blueprint


def access_table() -> str:
    """Who may do what, as Markdown, in the reader's language; made from what the slices
    declare. A dash is no; `whole shop` is yes for whoever no store bounds."""
    head = ["Action", "What it is", *(str(role) for role in Role)]
    rows = [
        [f"`{action.name}`", str(action.says), *(_cell(action, role) for role in Role)]
        for action in sorted(ACTIONS.values(), key=lambda action: action.name)
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "## Who may do what\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(action: Action, role: Role) -> str:
    if role not in action.roles:
        return "–"
    return "whole shop" if action.whole_shop else "yes"


def _rules_by_operation() -> dict[tuple[str, str], Rule | None]:
    """What each view says of itself, by method and path as the document writes them."""
    return {
        (method.lower(), _PATH_FIELD.sub(r"{\1}", route.rule)): rule_of(
            current_app.view_functions[route.endpoint]
        )
        for route in current_app.url_map.iter_rules()
        for method in route.methods or ()
    }


def _say_who(operation: dict[str, Any], action: Action, refusals: dict[str, Any]) -> None:
    operation["x-action"] = action.name
    operation["x-roles"] = [str(role) for role in Role if role in action.roles]
    operation["x-whole-shop"] = action.whole_shop
    operation["responses"] = {**operation["responses"], **refusals}


def _take_idempotency_keys(operations: dict[str, Any]) -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    for method, operation in operations.items():
        if method not in _READS and key not in operation.setdefault("parameters", []):
            operation["parameters"].append(key)

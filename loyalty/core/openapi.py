"""The OpenAPI document of the API, drawn from its routes and schemas."""

from __future__ import annotations

from typing import Any

import flask_smorest
import orjson
from flask import Blueprint, Flask, Response
from marshmallow import INCLUDE, Schema, fields

from loyalty.core import idempotency
from loyalty.core.access import open_to_anyone
from loyalty.core.fields import Phone
from loyalty.core.limits import IDEMPOTENCY_KEY_LENGTH

API_PREFIX = "/api/v1"
_READS = ("get", "head", "parameters")


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
            "info": {"description": "Points and tags keyed on the phone number."},
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

    @blueprint.get("/openapi.json")
    @open_to_anyone
    def document() -> Response:
        whole = api.spec.to_dict()
        for operations in whole["paths"].values():
            _take_idempotency_keys(operations)
        return Response(orjson.dumps(whole), content_type="application/json")

    return blueprint


def _take_idempotency_keys(operations: dict[str, Any]) -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    for method, operation in operations.items():
        if method not in _READS and key not in operation.setdefault("parameters", []):
            operation["parameters"].append(key)

"""The HTTP edge of the API: JSON in and out, OpenAPI, and every error as problem+json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_smorest
import orjson
from flask import Flask, Request, Response, request
from flask.json.provider import JSONProvider
from flask.typing import ResponseReturnValue
from marshmallow import RAISE
from sqlalchemy.exc import DBAPIError
from webargs import ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, IntegerConverter, Map
from werkzeug.routing import ValidationError as NoMatch

from loyalty.core import slugs
from loyalty.core.access import takes_query
from loyalty.core.db import sqlstate_of
from loyalty.core.errors import Code, Problem, as_document
from loyalty.core.logs import log
from loyalty.core.openapi import API_PREFIX, Api, configure_openapi

__all__ = ["API_PREFIX", "Blueprint", "configure_api", "configure_errors"]

_FROM_HTTP = {
    400: Code.INVALID_JSON,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.REQUEST_TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
}
_BUSY_SQLSTATES = {"40001", "40P01", "55P03", "57014", "57P01", "57P03", "53300"}
"""Serialization, deadlock, lock timeout, cancelled, shutting down, too many connections."""


class OrjsonProvider(JSONProvider):
    """Strict JSON: refuses NaN, broken UTF-8 and lone surrogates; fast on batches."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


class Int64(IntegerConverter):
    """`<int:...>`: a number that no id column holds is an address of nothing, 404."""

    regex = "[0-9]+"  # `\d` takes the digits of every script
    largest = 2**63 - 1

    def __init__(self, url_map: Map, **given: Any) -> None:
        super().__init__(url_map, **{"max": self.largest, **given})


class Int32(Int64):
    """`<int32:...>`: the id of a member (design, decision 2)."""

    largest = 2**31 - 1


class Slug(BaseConverter):
    """`<slug:...>`: what cannot be the slug of anything is an address of nothing, 404."""

    regex = slugs.PATTERN

    def to_python(self, value: str) -> str:
        if not slugs.is_slug(value):
            raise NoMatch
        return value


class AttributeName(BaseConverter):
    """`<attribute:...>`: the word of a declared attribute in rules and addresses."""

    regex = slugs.ATTRIBUTE_PATTERN


class Parser(FlaskParser):
    """webargs, with our errors for a body that is no JSON; unknown fields are refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE, "path": RAISE}

    def load_json(self, req: Request, schema: Any) -> Any:
        if req.mimetype != "application/json":
            raise Problem(Code.UNSUPPORTED_MEDIA_TYPE)
        try:
            return orjson.loads(req.get_data())
        except orjson.JSONDecodeError:
            raise Problem(Code.INVALID_JSON) from None

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Said twice, a field would mean one thing here and another to a proxy's rules."""
        twice = [name for name, values in req.args.lists() if len(values) > 1]
        if twice:
            raise Problem(
                Code.INVALID_REQUEST, errors={name: ["Given more than once."] for name in twice}
            )
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> Any:
        messages: Any = error.messages
        if isinstance(messages, dict) and len(messages) == 1:
            # {"json": {...}} or {"query": {...}}: the place says nothing a caller needs.
            messages = next(iter(messages.values()))
        raise Problem(Code.INVALID_REQUEST, errors=messages)


class Blueprint(flask_smorest.Blueprint):
    """A slice's routes; remembers which views take a query string."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Any:
        # Made once: given a class, webargs would make one for every request.
        made = schema() if isinstance(schema, type) else schema
        decorate = super().arguments(made, location=location, **kwargs)

        def mark(view: Callable[..., Any]) -> Callable[..., Any]:
            wrapped = decorate(view)
            return takes_query(wrapped) if location == "query" else wrapped

        return mark


def configure_api(app: Flask) -> Api:
    app.json = OrjsonProvider(app)
    app.url_map.converters.update(int=Int64, int32=Int32, slug=Slug, attribute=AttributeName)
    return configure_openapi(app)


def configure_errors(app: Flask, as_page: Callable[[Problem], ResponseReturnValue]) -> None:
    """One place for every error: the API answers problem+json, pages answer `as_page`."""

    def render(problem: Problem) -> ResponseReturnValue:
        if not request.path.startswith("/api/"):
            return as_page(problem)
        return problem_response(problem)

    @app.errorhandler(Problem)
    def on_problem(problem: Problem) -> ResponseReturnValue:
        return render(problem)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> ResponseReturnValue:
        if error.code is not None and error.code < 400:
            return error.get_response()
        code = _FROM_HTTP.get(error.code or 500)
        if code is None:
            code = Code.INTERNAL_ERROR if (error.code or 500) >= 500 else Code.INVALID_REQUEST
        allowed = getattr(error, "valid_methods", None)
        return render(Problem(code, headers={"Allow": ", ".join(allowed)} if allowed else None))

    @app.errorhandler(Exception)
    def on_crash(error: Exception) -> ResponseReturnValue:
        if _is_busy(error):
            return render(Problem(Code.BUSY, headers={"Retry-After": "2"}))
        # The exception's text may hold a phone or a name: its type and place only.
        log.error("crash", route=str(request.url_rule), **_place_of(error))
        return render(Problem(Code.INTERNAL_ERROR))


def problem_response(problem: Problem) -> Response:
    return Response(
        orjson.dumps(as_document(problem)),
        status=int(problem.status),
        content_type="application/problem+json",
        headers=dict(problem.headers),
    )


def _is_busy(error: Exception) -> bool:
    if sqlstate_of(error) in _BUSY_SQLSTATES:
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or "database is locked" in str(error.orig)


def _place_of(error: Exception) -> dict[str, Any]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"
    return {"error": type(error).__name__, "place": place}

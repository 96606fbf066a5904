"""Forms of the desk: a refusal goes back into the form it came from."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import wraps
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.db import read
from loyalty.core.errors import Code, Problem

Sentences = Mapping[str, Any]
"""What is wrong, by field; under `FORM` what is about no single field."""

FORM = ""
_ELSEWHERE = {
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.INVALID_CSRF,
    Code.PASSWORD_CHANGE_REQUIRED,
    Code.BUSY,
}
"""Refusals that are not about what was typed: they have pages of their own."""

View = Callable[..., ResponseReturnValue]


def refusals_shown_by(form: Callable[..., str]) -> Callable[[View], View]:
    """Stands outside `requires`: by then the transaction of the refused post is rolled back.
    `form` gets the view's arguments and `errors`, and fills in what was posted."""

    def decorate(view: View) -> View:
        @wraps(view)
        def shown(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            try:
                return view(*args, **kwargs)
            except Problem as problem:
                if problem.code in _ELSEWHERE:
                    raise
                with read():
                    page = form(*args, **kwargs, errors=sentences_of(problem))
                return page, int(problem.status), dict(problem.headers)

        return shown

    return decorate


def sentences_of(problem: Problem) -> Sentences:
    if not problem.errors:
        return {FORM: problem.detail}
    return {
        field: said[0] if isinstance(said, list) else said for field, said in problem.errors.items()
    }


def together(**readers: Callable[[], Any]) -> dict[str, Any]:
    """What each reads. All that is wrong is raised at once: nobody mends field by field."""
    typed: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, reader in readers.items():
        try:
            typed[name] = reader()
        except Problem as problem:
            errors |= sentences_of(problem)
    if errors:
        raise Problem(Code.INVALID_REQUEST, errors=errors)
    return typed


def line(name: str, longest: int, *, missing: Any, strips: bool = True) -> str:
    """One typed line; raises `invalid_request` beside its field, with `missing` when empty."""
    text = request.form.get(name, "")
    text = text.strip() if strips else text
    if not text:
        raise Problem(Code.INVALID_REQUEST, errors={name: [missing]})
    if len(text) > longest or not text.isprintable():
        sentence = gettext("At most %(count)s characters, on one line.", count=longest)
        raise Problem(Code.INVALID_REQUEST, errors={name: [sentence]})
    return text


def one_of(name: str, choices: Container[str]) -> str:
    """Which of the offered; raises `invalid_request` beside its field."""
    chosen = request.form.get(name, "")
    if chosen not in choices:
        raise Problem(Code.INVALID_REQUEST, errors={name: [gettext("Choose one.")]})
    return chosen

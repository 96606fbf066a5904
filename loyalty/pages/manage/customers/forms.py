"""Forms of a customer's page, of which there are several on one page: the one that came back
keeps what was typed, and says beside its field what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext

from loyalty.core.access import current_actor
from loyalty.core.errors import Code, Problem
from loyalty.core.idempotency import comes_first
from loyalty.core.limits import REASON_LENGTH
from loyalty.pages.manage.forms import Sentences, View, line, refusals_shown_by


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form as it is shown: `refused` once it came back."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    errors: Sentences = field(default_factory=dict)
    refused: bool = False

    def id(self, name: str) -> str:
        """Of a field: unique on a page of several forms."""
        return f"{self.name}-{name}"


class Forms(dict[str, Form]):
    """The forms of a page by name; those that did not come back are as they were."""

    def __missing__(self, name: str) -> Form:
        return Form(name=name)


def came_back(name: str, errors: Sentences) -> Forms:
    return Forms({name: Form(name=name, given=request.form, errors=errors, refused=True)})


def shown_again(name: str, page: Callable[[int, Forms], str]) -> Callable[[View], View]:
    """Show the customer's `page` once more where the view refused its form `name`."""

    def form(member_id: int, *, errors: Sentences) -> str:
        return page(member_id, came_back(name, errors))

    return refusals_shown_by(form)


def is_pressed_first() -> bool:
    """False where the very same form was sent before. It carries `once`, which its page made;
    raises `invalid_request` without."""
    if not request.form.get("once"):
        raise Problem(Code.INVALID_REQUEST)
    form = request.form.items(multi=True)
    # The token tells when the page was made, not what was typed.
    return comes_first(
        current_actor().label, [(name, text) for name, text in form if name != "csrf_token"]
    )


def reason() -> str:
    """Why it is done; raises `invalid_request` beside the field when empty."""
    missing = gettext("Say why: the reason is kept in the log.")
    return line("reason", REASON_LENGTH, missing=missing)


def line_or_none(name: str) -> str | None:
    """One typed line, None when empty; raises `invalid_request` beside its field."""
    if not request.form.get(name, "").strip():
        return None
    return line(name, REASON_LENGTH, missing="")

"""What the till answers to htmx: the places of the page that change, each by its id."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, render_template
from markupsafe import Markup, escape

Place = tuple[str, Markup]

FIELDS = ("receipt_no", "amount", "birth_date", "agreed", "code", "back", "find_no")
_NOTHING = Markup("")


def place(name: str, template: str, **context: Any) -> Place:
    """Fill the element with id `name` from a template."""
    filled = render_template(f"pages/till/{template}.html", **context)
    return name, Markup(filled)  # noqa: S704  # nosec B704  # the template escapes


def empty(name: str) -> Place:
    return name, _NOTHING


def text(name: str, words: str) -> Place:
    return name, escape(words)


def error(field: str, sentence: Any) -> Place:
    return place(f"{field}-error", "field_error", sentence=sentence)


SETTLED = "HX-Trigger-After-Settle"


def answer(
    *places: Place, event: str = "", when: str = "HX-Trigger-After-Swap", status: int = 200
) -> Response:
    """Swap each place out of band; `event` is what the page's scripts hear afterwards, at once
    or, `SETTLED`, when buttons that came with it can be pressed."""
    body = Markup("\n").join(
        Markup('<div id="{}" hx-swap-oob="innerHTML">{}</div>').format(name, content)
        for name, content in places
    )
    response = Response(str(body), status=status, mimetype="text/html")
    if event:
        response.headers[when] = json.dumps({event: True})
    return response

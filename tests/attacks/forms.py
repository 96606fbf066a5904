"""The forms that someone finds on the pages they may open, and sending them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from loyalty.core.access import Door
from tests.attacks.pages import Form, Page
from tests.doors import Shop, routes, sign_in

ENDS_THE_SESSION = ("/logout", "/preferences")


def forms_of(shop: Shop, name: str) -> list[Form]:
    """Every form that someone finds on the pages they may open, each once."""
    caller = shop.caller(name)
    client = browser(shop, name)
    found: dict[tuple[str, tuple[str, ...]], Form] = {}
    for route in routes(shop.app):
        opens = route.rule.door is Door.OPEN or caller.may(route)
        if route.method != "GET" or route.is_api or not opens or route.fields - caller.ids.keys():
            continue
        answer = client.get(shop.path(caller, route), follow_redirects=True)
        if answer.mimetype == "text/html":
            for form in Page(answer.get_data(as_text=True)).forms:
                found[form.action, tuple(sorted(f.name for f in form.fields))] = form
    return [form for form in found.values() if not form.action.startswith(ENDS_THE_SESSION)]


def browser(shop: Shop, name: str) -> FlaskClient:
    client = shop.app.test_client()
    if shop.caller(name).login:
        sign_in(shop.app, client, shop.caller(name).login)
    return client


def send(client: FlaskClient, form: Form, data: Any) -> TestResponse:
    headers = {"HX-Request": "true"} if "/till/" in form.action else {}
    if form.method.lower() == "get":
        return client.get(form.action, query_string=data, headers=headers)
    return client.post(form.action, data=data, headers=headers)

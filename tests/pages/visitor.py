"""A person at a browser, as far as forms and fragments go."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "a password of tests"
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_PLACE = re.compile(r'<div id="([^"]+)" hx-swap-oob="innerHTML">')


class Visitor:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def token(self, page: str = "/login") -> str:
        match = _TOKEN.search(self.client.get(page).text)
        assert match is not None
        return match[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", login=login, password=password)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **form: Any) -> TestResponse:
        """A whole page's form."""
        return self.client.post(path, data={**form, "csrf_token": self.token()})

    def ask(self, path: str, **form: Any) -> TestResponse:
        """What htmx sends."""
        headers = {"HX-Request": "true", "X-CSRFToken": self.token()}
        return self.client.post(path, data={"store": "S01", **form}, headers=headers)


def places(response: TestResponse) -> list[str]:
    """Which places of the page a fragment fills."""
    return _PLACE.findall(response.text)

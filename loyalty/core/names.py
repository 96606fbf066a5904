"""Which names the service answers to: the Host that a caller sends is only compared.

Nothing is built from it. What no host can be called is refused in any case: the router
would have no address to start from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, redirect, request

from loyalty.core.errors import Code, Problem

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])?(?::[0-9]{{1,5}})?")
_REFUSED = "loyalty.refused_name"
_ANY_NAME = {"/healthz", "/readyz"}
"""A load balancer asks by address; nothing here speaks of anybody."""


class Names:
    """Stands before the app; no `names` means that any is answered to."""

    def __init__(self, app: WSGIApplication, names: Iterable[str]) -> None:
        self.app = app
        self.names = frozenset(names)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        host = _HOST.fullmatch(environ.get("HTTP_HOST", "").lower())
        if host is None or (self.names and host[1] not in self.names):
            environ["HTTP_HOST"] = "localhost"
            environ[_REFUSED] = True
        return self.app(environ, start_response)


def refuse_other_names() -> None:
    if _REFUSED in request.environ and request.path not in _ANY_NAME:
        raise Problem(Code.INVALID_HOST)


def lead_by_path(response: Response) -> Response:
    """The router's own redirects name the host: what is left of them is the path."""
    if response.location is None or response.location.startswith("/"):
        return response
    where = urlsplit(response.location)
    path = "/" + where.path.lstrip("/\\")
    return redirect(  # type: ignore[return-value]
        f"{path}?{where.query}" if where.query else path, response.status_code
    )

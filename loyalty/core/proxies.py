"""What is believed of the proxies in front: who calls, and whether it came over TLS.

The last `count` entries of X-Forwarded-For were written by our own proxies, so the first of
those is the caller; what stands before it the caller may have written. Werkzeug's ProxyFix
reads quotation marks in that header, and an open one from a caller swallows what our proxy
adds: here a comma is a comma. Nothing is believed of X-Forwarded-Host, -Port and -Prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|([0-9.]+):\d+")


class Proxies:
    """Stands before the app; `count` is at least 1."""

    def __init__(self, app: WSGIApplication, *, count: int, behind_tls: bool) -> None:
        self.app = app
        self.count = count
        self.behind_tls = behind_tls

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        caller = plain_address(self._entry(environ.get("HTTP_X_FORWARDED_FOR", "")))
        if caller is not None:
            environ["REMOTE_ADDR"] = caller
        if self.behind_tls:
            scheme = self._entry(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
            environ["wsgi.url_scheme"] = "http" if scheme == "http" else "https"
        return self.app(environ, start_response)

    def _entry(self, header: str) -> str:
        """What the outermost of our proxies wrote; empty where fewer wrote something."""
        entries = header.split(",")
        return entries[-self.count].strip() if len(entries) >= self.count else ""


def plain_address(text: str) -> str | None:
    """An IP address in its one form, without a port; None for what is none."""
    match = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:  # any text may stand there
            return None
        return str(address.ipv4_mapped or address)
    return str(address)

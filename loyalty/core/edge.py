"""The outermost layer of the app: whom to believe, what to answer to, how much to take."""

from __future__ import annotations

from flask import Flask

from config import Settings
from loyalty.core import tally
from loyalty.core.bodies import Bodies
from loyalty.core.limits import FORM_BYTES, REQUEST_BYTES
from loyalty.core.names import Names, lead_by_path, refuse_other_names
from loyalty.core.proxies import Proxies


def configure_edge(app: Flask, settings: Settings) -> None:
    """First of all that looks at a request; the outermost stands last here."""
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES
    # Of a form with files; others are limited as a whole.
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.url_map.merge_slashes = False
    app.wsgi_app = Bodies(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = Names(app.wsgi_app, settings.hosts)  # type: ignore[method-assign]
    if settings.proxies:
        app.wsgi_app = Proxies(  # type: ignore[method-assign]
            app.wsgi_app, count=settings.proxies, behind_tls=settings.behind_tls
        )
    app.before_request(refuse_other_names)
    app.after_request(lead_by_path)
    tally.configure_tallies(app)

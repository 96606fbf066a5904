"""What a browser is told about these pages: where things may come from, and who may post."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from loyalty.core.api import API_PREFIX

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    # Bootstrap's own stylesheet carries its small marks as data: images.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

csrf = CSRFProtect()


def configure_security(app: Flask) -> None:
    """No inline script or style anywhere; every form of a page carries a token.

    Calls by key carry no cookie, so the API needs no token. HTTPS is the business
    of what stands before this server: a shop may run it on its own network.
    """
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    # A till stays open all day: its token lives as long as the session.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    Talisman(
        app,
        force_https=False,
        strict_transport_security=False,
        session_cookie_secure=False,
        frame_options="DENY",
        content_security_policy=CONTENT_SECURITY_POLICY,
        referrer_policy="same-origin",
    )
    app.before_request(_check_token)
    app.after_request(_keep_pages_nowhere)


def _keep_pages_nowhere(response: Response) -> Response:
    """Pages show people: no browser or proxy keeps one, also not after signing out."""
    if response.mimetype == "text/html":
        response.cache_control.no_store = True
    return response


def _check_token() -> None:
    if request.endpoint is not None and not request.path.startswith(f"{API_PREFIX}/"):
        csrf.protect()

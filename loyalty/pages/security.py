"""What a browser is told about these pages: where things may come from, and who may post."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from config import Settings
from loyalty.core.api import API_PREFIX
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import FORM_BYTES

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    # Bootstrap's own stylesheet carries its small marks as data: images.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
UNUSED_FEATURES = ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
HEADERS = {
    "Content-Security-Policy": "; ".join(
        f"{kind} {sources}" for kind, sources in CONTENT_SECURITY_POLICY.items()
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, also of the API: no inline script or style anywhere, in nobody's frame."""
YEAR_SECONDS = 365 * 24 * 3600
HSTS = f"max-age={YEAR_SECONDS}"

csrf = CSRFProtect()


def configure_security(app: Flask, settings: Settings) -> None:
    """Every form of a page carries a token; calls by key carry no cookie and need none."""
    _configure_cookies(app, settings)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    # A till stays open all day: its token lives as long as the session.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    app.before_request(_check_token)
    app.after_request(_harden)
    if settings.behind_tls:
        app.after_request(_stay_with_https)


def _configure_cookies(app: Flask, settings: Settings) -> None:
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_SECURE"] = settings.behind_tls
    if settings.behind_tls:
        # No other host of the domain, and nobody without TLS, can set one of this name.
        app.config["SESSION_COOKIE_NAME"] = "__Host-session"


def _harden(response: Response) -> Response:
    """Answers show people: no browser or proxy keeps one, also not after signing out. Only
    files say otherwise."""
    response.headers.update(HEADERS)
    if response.mimetype == "text/html" or "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def _stay_with_https(response: Response) -> Response:
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    return response


def _check_token() -> None:
    if request.endpoint is None or request.path.startswith(f"{API_PREFIX}/"):
        return
    # Nobody can tell whether a body in chunks is whole, and half a form looks like a form.
    if "Transfer-Encoding" in request.headers:
        raise Problem(Code.INVALID_REQUEST)
    if request.mimetype != "multipart/form-data":
        request.max_content_length = FORM_BYTES
    csrf.protect()

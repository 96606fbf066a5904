"""Which language is spoken: the reader's choice, else the shop's."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, get_locale

from config import LANGUAGES, Settings
from loyalty.core.api import API_PREFIX

COOKIE = "language"
NAMES = {"vi": "Tiếng Việt", "en": "English", "th": "ไทย"}
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def configure_language(app: Flask, settings: Settings) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["BABEL_DEFAULT_TIMEZONE"] = str(settings.time_zone)
    if "babel" not in app.extensions:
        Babel(app, default_locale=settings.language, locale_selector=choose_language)


def choose_language() -> str:
    """A page speaks the chosen language; a program hears English unless it asks otherwise."""
    if not has_request_context():
        return "en"
    if request.path.startswith(f"{API_PREFIX}/"):
        return request.accept_languages.best_match(LANGUAGES) or "en"
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else current_app.extensions["settings"].language


def language() -> str:
    """The code of the language now spoken: `vi`, `en` or `th`."""
    return str(get_locale() or "en").partition("_")[0]

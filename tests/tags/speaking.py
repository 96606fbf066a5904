"""A language to tell rules in, without a database behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from flask import Flask
from flask_babel import Babel, force_locale

import config
from loyalty.pages.language import TRANSLATIONS


@contextmanager
def speaking(language: str, *, currency: str = "VND") -> Iterator[None]:
    with _app(currency).app_context(), force_locale(language):
        yield


@lru_cache
def _app(currency: str) -> Flask:
    app = Flask("speaking")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app)
    app.extensions["settings"] = config.load({"LOYALTY_CURRENCY": currency})
    return app

"""The faces: HTML pages for the people who work in the shop."""

from __future__ import annotations

from flask import Flask

from config import Settings
from loyalty.pages.account import blueprint as account
from loyalty.pages.assets import configure_assets
from loyalty.pages.docs import blueprint as docs
from loyalty.pages.entrance import blueprint as entrance
from loyalty.pages.formats import configure_formats
from loyalty.pages.frame import configure_frame
from loyalty.pages.language import configure_language
from loyalty.pages.manage.blueprint import blueprint as manage
from loyalty.pages.manage.navigation import configure_navigation
from loyalty.pages.problems import configure_problems, problem_page
from loyalty.pages.security import configure_security
from loyalty.pages.sessions import signed_in_actor
from loyalty.pages.switch import blueprint as switch
from loyalty.pages.terms import blueprint as terms
from loyalty.pages.till.blueprint import blueprint as till

__all__ = ["configure_pages", "problem_page", "signed_in_actor"]


def configure_pages(app: Flask, settings: Settings) -> None:
    """Register the faces. `problem_page` renders errors outside the API, `signed_in_actor`
    is who a login session belongs to: `create_app` hands both to the ground floor."""
    configure_security(app, settings)
    configure_language(app, settings)
    configure_formats(app)
    configure_frame(app)
    configure_navigation(app)
    configure_problems(app)
    app.register_blueprint(entrance)
    app.register_blueprint(till)
    app.register_blueprint(switch)
    app.register_blueprint(account)
    app.register_blueprint(manage)
    app.register_blueprint(docs)
    app.register_blueprint(terms)
    configure_assets(app, entrance)

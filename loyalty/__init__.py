"""The loyalty service: points and tags keyed on the phone number."""

from __future__ import annotations

from flask import Flask

import config
from loyalty import cli, pages
from loyalty.audiences import api as audiences_api
from loyalty.audiences import jobs as audiences_jobs
from loyalty.audit import api as audit_api
from loyalty.audit.service import NAMES, Names
from loyalty.core import health
from loyalty.core.access import Authenticators
from loyalty.core.api import configure_api, configure_errors
from loyalty.core.codes import kept_secret
from loyalty.core.db import configure_database
from loyalty.core.edge import configure_edge
from loyalty.core.logs import configure_logs
from loyalty.exports import api as exports_api
from loyalty.exports import jobs as exports_jobs
from loyalty.exports.service import RUN as RUN_EXPORT
from loyalty.imports import jobs as imports_jobs
from loyalty.imports.service import CHECK_FILE, RUN_IMPORT, UNDO_IMPORT
from loyalty.jobs.worker import WORK
from loyalty.members import api as members_api
from loyalty.members.service import SHOWN_POINTS, TAGGED_BY_HAND
from loyalty.points import api as points_api
from loyalty.points.standing import shown_points
from loyalty.privacy import api as privacy_api
from loyalty.privacy.erasure import PURGE
from loyalty.privacy.jobs import purge_after_erasure
from loyalty.programme.service import store_codes
from loyalty.purchases import api as purchases_api
from loyalty.staff.naming import names_of
from loyalty.staff.service import authenticate_key
from loyalty.tags import api as tags_api
from loyalty.tags import jobs as tags_jobs
from loyalty.tags.building import BUILD_ONE
from loyalty.tags.of_member import is_tagged_by_hand


def create_app(settings: config.Settings | None = None) -> Flask:
    """The WSGI application of one installation; settings default to the environment's."""
    settings = settings or config.load()
    app = Flask(__name__, static_folder=None)
    app.extensions["settings"] = settings
    app.config["SECRET_KEY"] = settings.secret_key or kept_secret(settings.data_dir)
    configure_logs()
    configure_database(app, settings)
    configure_edge(app, settings)
    configure_seams(app)
    configure_slices(app)
    pages.configure_pages(app, settings)
    configure_errors(app, pages.problem_page)
    cli.configure_commands(app)
    return app


def configure_seams(app: Flask) -> None:
    """What lower slices are handed from higher ones: the only place that names it."""
    app.extensions["authenticators"] = Authenticators(
        by_key=authenticate_key, by_login=pages.signed_in_actor
    )
    app.extensions[SHOWN_POINTS] = shown_points
    app.extensions[TAGGED_BY_HAND] = is_tagged_by_hand
    app.extensions[NAMES] = Names(actors=names_of, stores=store_codes)
    app.extensions[WORK] = {
        PURGE: purge_after_erasure,
        BUILD_ONE: tags_jobs.build_one,
        tags_jobs.BUILD_ALL: tags_jobs.build_every,
        audiences_jobs.BUILD_ALL: audiences_jobs.build_every,
        RUN_EXPORT: exports_jobs.run,
        CHECK_FILE: imports_jobs.check,
        RUN_IMPORT: imports_jobs.run,
        UNDO_IMPORT: imports_jobs.undo,
    }


def configure_slices(app: Flask) -> None:
    app.register_blueprint(health.blueprint)
    api = configure_api(app)
    for slice_api in (
        *(purchases_api, members_api, points_api, tags_api, audiences_api),
        *(exports_api, audit_api, privacy_api),
    ):
        api.register_blueprint(slice_api.blueprint)

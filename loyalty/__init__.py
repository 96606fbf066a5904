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
from loyalty.core.access import CARRIED_ON_BY, Authenticators
from loyalty.core.api import configure_api, configure_errors
from loyalty.core.codes import kept_secret
from loyalty.core.db import configure_database
from loyalty.core.edge import configure_edge
from loyalty.core.logs import configure_logs
from loyalty.exports import api as exports_api
from loyalty.exports import jobs as exports_jobs
from loyalty.exports.service import RUN as RUN_EXPORT
from loyalty.identity import api as identity_api
from loyalty.identity.merging import FOLLOWS_MERGES
from loyalty.imports import jobs as imports_jobs
from loyalty.imports.service import CHECK_FILE, RUN_IMPORT, UNDO_IMPORT
from loyalty.jobs.worker import WORK
from loyalty.members import api as members_api
from loyalty.members.merging import carried_on_by
from loyalty.members.service import SHOWN_POINTS, SIGNED_UP, TAGGED_BY_HAND
from loyalty.points import api as points_api
from loyalty.points import figures as point_figures
from loyalty.points import invariants as points_invariants
from loyalty.points.handed_in import HOLDS, Holds
from loyalty.points.invariants import INVARIANTS
from loyalty.points.standing import shown_points
from loyalty.privacy import api as privacy_api
from loyalty.privacy import requests as rights_requests
from loyalty.privacy.erasure import PURGE
from loyalty.privacy.jobs import purge_after_erasure
from loyalty.programme import api as programme_api
from loyalty.programme import tiers_api
from loyalty.programme.service import store_codes
from loyalty.programme.tier_review import REVIEW_TIERS
from loyalty.programme.tiers import IS_NEEDED
from loyalty.purchases import api as purchases_api
from loyalty.purchases import (
    dry_run_api,
    earning_bonuses,
    figures_api,
    returns_api,
    tiers_review,
    trust_api,
)
from loyalty.purchases import invariants as purchases_invariants
from loyalty.purchases import tiers_api as member_tiers_api
from loyalty.purchases.handed_in import IN_TAG, REDEMPTIONS, Redemptions
from loyalty.rewards import api as rewards_api
from loyalty.rewards import invariants as rewards_invariants
from loyalty.rewards import lapsing, paying
from loyalty.rewards.service import needs_tier
from loyalty.staff.naming import names_of
from loyalty.staff.service import authenticate_key
from loyalty.tags import api as tags_api
from loyalty.tags import jobs as tags_jobs
from loyalty.tags.building import BUILD_ONE
from loyalty.tags.of_member import in_tag, is_tagged_by_hand


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
    app.extensions[CARRIED_ON_BY] = carried_on_by
    app.extensions[FOLLOWS_MERGES] = (rights_requests.follow_merge,)
    app.extensions[SHOWN_POINTS] = shown_points
    app.extensions[SIGNED_UP] = earning_bonuses.sign_up
    app.extensions[TAGGED_BY_HAND] = is_tagged_by_hand
    app.extensions[IN_TAG] = in_tag
    app.extensions[REDEMPTIONS] = Redemptions(
        capture=paying.capture,
        give_back=paying.give_back,
        undo=paying.undo,
        are_used_by=paying.are_used_by,
        would_give_back=paying.would_give_back,
    )
    app.extensions[IS_NEEDED] = needs_tier
    app.extensions[HOLDS] = Holds(over=lapsing.over, release=lapsing.release_over)
    app.extensions[INVARIANTS] = (
        points_invariants.invariants,
        point_figures.invariants,
        purchases_invariants.invariants,
        rewards_invariants.invariants,
    )
    app.extensions[NAMES] = Names(actors=names_of, stores=store_codes)
    app.extensions[WORK] = {
        PURGE: purge_after_erasure,
        REVIEW_TIERS: tiers_review.review_all,
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
        figures_api,
        programme_api,
        dry_run_api,
        *(purchases_api, members_api, points_api, rewards_api, tags_api, audiences_api),
        *(identity_api, exports_api, audit_api, privacy_api),
        *(returns_api, tiers_api, member_tiers_api, trust_api),
    ):
        api.register_blueprint(slice_api.blueprint)

from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.core import clock
from loyalty.purchases.tiers_review import review

tiers = AppGroup("tiers", help="Ranks of members.")


@tiers.command("review")
def review_tiers() -> None:
    """Put every member into the tier that the purchases of the window reach, up or down."""
    reviewed = review(clock.now())
    click.echo(f"{reviewed.members} members reviewed, {reviewed.moved} moved.")

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from loyalty.core.access import requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.points.rules import DRY_RUN
from loyalty.purchases.dry_run import DryRun, dry_run
from loyalty.purchases.dry_run_schemas import DryRunResultSchema, DryRunSchema

blueprint = Blueprint(
    "dry_run", __name__, url_prefix=API_PREFIX, description="What another earning rule would do."
)

MOST_SECONDS = 10
_EXAMPLE = {"rule": {"points": 2, "per_amount": 10_000}, "from": "2026-01-01"}


@blueprint.post("/earning-rules/dry-run")
@requires(DRY_RUN, writes=False)
@blueprint.arguments(DryRunSchema, example=_EXAMPLE)
@blueprint.response(200, DryRunResultSchema)
def run(body: dict[str, Any]) -> Any:
    """Past purchases under another rule; nothing is written. More of them than ten seconds are
    enough for: `flask points dry-run` on the server takes its time."""
    return _answer(dry_run(**body, most_seconds=MOST_SECONDS))


def _answer(run: DryRun) -> dict[str, Any]:
    return {
        "purchases": run.purchases,
        **asdict(run.total),
        "by_store": [{"store": code, **asdict(p)} for code, p in sorted(run.by_store.items())],
        "by_tier": [{"tier": slug or None, **asdict(p)} for slug, p in sorted(run.by_tier.items())],
        "members_gain": run.members_gain,
        "members_lose": run.members_lose,
        "biggest": [{"member_id": id_, "difference": more} for id_, more in run.biggest],
    }

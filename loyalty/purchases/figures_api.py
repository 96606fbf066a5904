from __future__ import annotations

from typing import Any

from loyalty.core import clock
from loyalty.core.access import current_actor, requires
from loyalty.core.api import API_PREFIX, Blueprint
from loyalty.programme.rules import FIGURES
from loyalty.purchases import programme_figures
from loyalty.purchases.figures_schemas import FiguresQuerySchema, FiguresSchema

blueprint = Blueprint(
    "figures", __name__, url_prefix=API_PREFIX, description="The programme in figures."
)


@blueprint.get("/programme/figures")
@requires(FIGURES)
@blueprint.arguments(FiguresQuerySchema, location="query")
@blueprint.response(200, FiguresSchema)
def figures(query: dict[str, Any]) -> Any:
    """Points earned, spent, lapsed and outstanding by month, and their worth."""
    return programme_figures.view(query["months"], actor=current_actor(), now=clock.now())

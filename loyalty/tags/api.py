from __future__ import annotations

from loyalty.core.api import API_PREFIX, Blueprint

blueprint = Blueprint(
    "tags", __name__, url_prefix=API_PREFIX, description="Small groups of members, by rule or hand."
)

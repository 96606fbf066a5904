from __future__ import annotations

from loyalty.core.api import API_PREFIX, Blueprint

blueprint = Blueprint(
    "audiences", __name__, url_prefix=API_PREFIX, description="Large groups, put together."
)

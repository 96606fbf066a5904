"""The programme: what is in force, and the forms that change it."""

from __future__ import annotations

from loyalty.pages.manage.programme import (
    earning,
    overview,
    promotions,
    settings,
    terms,
    tiers,
)

__all__ = ["earning", "overview", "promotions", "settings", "terms", "tiers"]

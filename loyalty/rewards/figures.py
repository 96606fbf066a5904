"""How many points were spent where, and by whose hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, true

from loyalty.core.db import connection, table_of
from loyalty.rewards.models import Redemption

_redemptions = table_of(Redemption)


def spent(
    since: datetime, until: datetime, *, store_ids: Collection[int]
) -> dict[tuple[int | None, str], int]:
    """Points by (store id, label of whoever captured them), less what was given back; None: at
    no store. `store_ids` empty means every store."""
    rows = connection().execute(
        select(
            _redemptions.c.store_id,
            _redemptions.c.captured_by,
            func.sum(_redemptions.c.captured - _redemptions.c.restored),
        )
        .where(
            _redemptions.c.captured_at.between(since, until),
            _redemptions.c.store_id.in_(sorted(store_ids)) if store_ids else true(),
        )
        .group_by(_redemptions.c.store_id, _redemptions.c.captured_by)
    )
    return {(store_id, label): int(points) for store_id, label, points in rows}

"""Who may export, and what an export is asked for. No database here.

Source of the words: semantics, Audience files.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from loyalty.core.access import Role, action

EXPORT = action(
    "export.create",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("Export a customer group for a channel that its customers agreed to"),
    whole_shop=True,
)
EXPORT_INTERNAL = action(
    "export.internal",
    Role.MANAGER,
    says=_l("Export a customer group for use within the shop, with no regard to consent"),
    whole_shop=True,
)
VIEW = action(
    "export.view",
    Role.MARKETING,
    Role.MANAGER,
    says=_l("See which files were exported, and fetch them"),
    whole_shop=True,
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody wants exported. `reach` is the channel whose consent is needed, None for
    an internal file; `limit` is how many members at most; `since_export` the id of an earlier
    export, of which only what changed is wanted. Members are compared, not their contacts:
    whoever is in both and has another phone or e-mail by now is neither added nor removed."""

    format: str
    reach: str | None = None
    columns: tuple[str, ...] = ()
    limit: int | None = None
    rows_per_file: int | None = None
    since_export: int | None = None

    @property
    def is_internal(self) -> bool:
        return self.reach is None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the way from the audience to the rows: how many are left after it, and how
    many it took out."""

    name: str
    count: int
    removed: int

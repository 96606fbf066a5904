"""An import of customers as the desk shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext

from loyalty.core.limits import UNDO_DAYS
from loyalty.pages import formats
from loyalty.pages.manage.imports.tally import Tally
from loyalty.pages.manage.imports.words import STATES, WORK
from loyalty.pages.manage.progress import ShownWork


@dataclass(frozen=True, kw_only=True)
class ShownImport(ShownWork):
    """`view` as `imports.service` gives it."""

    @property
    def file_name(self) -> str:
        return self.view["file_name"]

    @property
    def state(self) -> str:
        return self.view["state"]

    @property
    def state_word(self) -> Any:
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        return STATES[self.state][1]

    @property
    def may_choose(self) -> bool:
        """Before anything of it is in, and while its file is here."""
        if self.view["files_deleted_at"] is not None:
            return False
        begun = self.view["can_go_on"] or self.view["can_undo"]
        ended_early = self.state in ("failed", "cancelled")
        return self.state in ("received", "checked") or (ended_early and not begun)

    @property
    def error(self) -> str:
        return self.view["error"]["detail"] if self.view["error"] else ""

    # -- how far it is

    @property
    def goes_on(self) -> bool:
        return self.state in WORK

    @property
    def doing(self) -> Any:
        return gettext("Ending in a moment") if self.view["is_ending"] else WORK[self.state]

    # -- what came of it

    @property
    def checked(self) -> Tally | None:
        return Tally(counts=self.view["checked"]) if self.view["checked"] else None

    @property
    def result(self) -> Tally | None:
        return Tally(counts=self.view["result"]) if self.view["result"] else None

    @property
    def result_title(self) -> str:
        rows = self.result.rows if self.result else ""
        if self.state == "undone":
            return gettext("It was undone; this is what it had done")
        if self.state == "imported":
            return gettext("What came of it: %(rows)s", rows=rows)
        return gettext("What was done before it stopped: %(rows)s", rows=rows)

    @property
    def undo_until(self) -> str:
        begun = self.view["imported_at"] or self.view["created_at"]
        return formats.full_date(formats.local(begun + timedelta(days=UNDO_DAYS)).date())

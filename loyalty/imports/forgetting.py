"""What an erasure takes out of imports: what was kept for an undo, every file that was sent or
lists refused rows, and the names of tags that such files brought.

Such a file may name the person in any form, in a row that was refused or changed nothing, and
nothing tells which do: they go all at once. An import that is at work ends with its step, for
who was erased may come in a later row.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update

from loyalty.core import clock
from loyalty.core.db import after_commit, connection, table_of, transaction
from loyalty.core.logs import log
from loyalty.imports import service
from loyalty.imports.models import ImportedMember, MemberImport

_imports = table_of(MemberImport)
_imported = table_of(ImportedMember)


def forget(member_id: int) -> None:
    """The caller holds the member's row."""
    connection().execute(delete(_imported).where(_imported.c.member_id == member_id))
    with_files = _imports.c.files_deleted_at.is_(None)
    connection().execute(update(_imports).where(with_files).values(files_until=clock.now()))
    _forget_names_of_tags()
    after_commit(_delete_quietly)


def _forget_names_of_tags() -> None:
    """Those new to the shop are cells of a file, of whichever column was said to hold tags."""
    tallies = select(_imports.c.id, _imports.c.checked, _imports.c.result)
    for row in connection().execute(tallies).all():
        without = {
            name: {**tally, "new_tags": []}
            for name, tally in (("checked", row.checked), ("result", row.result))
            if tally and tally.get("new_tags")
        }
        if without:
            its_row = _imports.c.id == row.id
            connection().execute(update(_imports).where(its_row).values(**without))


def _delete_quietly() -> None:
    """After a commit nothing may be refused any more: the scheduler tries again."""
    try:
        with transaction():
            service.delete_old(now=clock.now())
    except Exception as error:
        log.error("imports.forgetting", error=type(error).__name__)

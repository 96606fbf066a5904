from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import FILE_NAME_LENGTH


class Stage(StrEnum):
    """What is asked of an import; how far that is stands in its job."""

    RECEIVED = "received"
    """The file is here, and nobody has said yet what its columns mean."""
    CHECK = "check"
    """Read as if it were imported, with nothing written."""
    IMPORT = "import"
    UNDO = "undo"


class MemberImport(Base):
    """Members from one file. `line` and `result` grow with each step, in its transaction, so
    that work begun again goes on where it was."""

    __tablename__ = "member_imports"
    __table_args__ = (
        CheckConstraint("stage IN ('received', 'check', 'import', 'undo')", name="stage"),
        Index("ix_member_imports_sha256", "sha256"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    stage: Mapped[str] = mapped_column(String(16))
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("jobs.id"))
    """Of the stage; none where nothing was asked for yet, or a command does it."""
    file_name: Mapped[str] = mapped_column(String(FILE_NAME_LENGTH))
    sha256: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was chosen: columns, rules for duplicates, tags, consent. See `member_settings`."""
    checked: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the dry run found."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was done so far."""
    line: Mapped[int] = mapped_column(default=0)
    """The last line of the file that a finished step read."""
    refused_bytes: Mapped[int] = mapped_column(default=0)
    """How long the list of refused rows was after that step."""
    files_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    files_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportedMember(Base):
    """Whom an import made or changed, and what stood there before: what an undo needs, kept
    for `UNDO_DAYS`."""

    __tablename__ = "imported_members"
    __table_args__ = (Index("ix_imported_members_member_id", "member_id"),)

    import_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("member_imports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    created: Mapped[bool]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of each profile field and attribute that was changed, what it was; None: nothing was."""
    given: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """When it was, and what came beside the profile: {at, tags: [group id], consents: {channel:
    what stood before}, entry: id}. Where two steps did it also `since`, when the first was, and
    `spoilt`, where something was built upon it between them."""

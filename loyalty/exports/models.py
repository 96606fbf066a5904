from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import PURPOSE_LENGTH, SLUG_LENGTH


class Export(Base):
    """Files made of an audience once, and why. How far the work is stands in its job; none
    where a command made the files. The row outlives the files, which are deleted when
    `files_until` is over, and the audience, whose slug it keeps."""

    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_audience_id", "audience_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id", ondelete="SET NULL"))
    audience_slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("jobs.id"))
    format: Mapped[str] = mapped_column(String(16))
    reach: Mapped[str | None] = mapped_column(String(8))
    """Whose consent it needs: the channel; none for an internal file."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What else was asked for: columns, limit, rows_per_file, since_export."""
    purpose: Mapped[str] = mapped_column(String(PURPOSE_LENGTH))
    as_of: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Of when the files are: who took a consent back before it is in none of them."""
    rows: Mapped[int | None]
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """As in manifest.json: steps, files, versions, warnings."""
    files_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    files_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExportChunk(Base):
    """Who is in the files of an export, as in `group_chunks`: for the next one that asks what
    changed since."""

    __tablename__ = "export_chunks"
    __table_args__ = (
        CheckConstraint("members > 0", name="members"),
        # An erasure asks for one chunk of every export.
        Index("ix_export_chunks_chunk", "chunk"),
    )

    export_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("exports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bitmap: Mapped[bytes] = mapped_column(LargeBinary)
    members: Mapped[int]

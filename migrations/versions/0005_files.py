"""Files that go out, members that come in by file, and one opening balance a member."""

import sqlalchemy as sa
from alembic import op

from loyalty.core.db import BigId
from loyalty.core.db import UtcDateTime as Moment

revision = "0005"
down_revision = "0004"

STAGES = "stage IN ('received', 'check', 'import', 'undo')"


def upgrade() -> None:
    _exports()
    _imports()


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", BigId, nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=True),
        sa.Column("audience_slug", sa.String(length=64), nullable=False),
        sa.Column("job_id", BigId, nullable=True),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("reach", sa.String(length=8), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("as_of", Moment(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("manifest", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("files_until", Moment(), nullable=True),
        sa.Column("files_deleted_at", Moment(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audiences.id"],
            name=op.f("fk_exports_audience_id_audiences"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_exports_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exports_audience_id", "exports", ["audience_id", "id"])
    op.create_table(
        "export_chunks",
        sa.Column("export_id", BigId, autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bitmap", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.CheckConstraint("members > 0", name=op.f("ck_export_chunks_members")),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["exports.id"],
            name=op.f("fk_export_chunks_export_id_exports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "chunk", name=op.f("pk_export_chunks")),
    )
    op.create_index("ix_export_chunks_chunk", "export_chunks", ["chunk"])


def _imports() -> None:
    op.create_table(
        "member_imports",
        sa.Column("id", BigId, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("job_id", BigId, nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("checked", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("refused_bytes", sa.Integer(), nullable=False),
        sa.Column("files_until", Moment(), nullable=True),
        sa.Column("files_deleted_at", Moment(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("imported_at", Moment(), nullable=True),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.CheckConstraint(STAGES, name=op.f("ck_member_imports_stage")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_member_imports_job_id_jobs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_imports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_member_imports_sha256", "member_imports", ["sha256"])
    op.create_table(
        "imported_members",
        sa.Column("import_id", BigId, autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("given", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["member_imports.id"],
            name=op.f("fk_imported_members_import_id_member_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_imported_members_member_id_members")
        ),
        sa.PrimaryKeyConstraint("import_id", "member_id", name=op.f("pk_imported_members")),
    )
    op.create_index("ix_imported_members_member_id", "imported_members", ["member_id"])


def downgrade() -> None:
    raise NotImplementedError("What was imported has no way back: restore a backup.")

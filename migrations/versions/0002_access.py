"""Who may do what: sessions, PINs, keys that end, a log one can search, and rate limits."""

import hashlib

import sqlalchemy as sa
from alembic import op

from loyalty.core.db import BigId
from loyalty.core.db import UtcDateTime as Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _people()
    _machines()
    _log()
    op.create_table(
        "rate_windows",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_rate_windows")),
    )
    op.create_index(op.f("ix_rate_windows_ends_at"), "rate_windows", ["ends_at"], unique=False)
    _hash_idempotency_keys()


def _log() -> None:
    """The log is searched by who, what, on what and whose store, newest first."""
    op.add_column("audit_events", sa.Column("store_id", sa.Integer(), nullable=True))
    op.drop_index("ix_audit_events_at", "audit_events")
    op.drop_index("ix_audit_events_object", "audit_events")
    for name, columns in {
        "at": [],
        "actor": ["actor"],
        "action": ["action"],
        "kind": ["object_kind"],
        "object": ["object_kind", "object_id"],
        "store": ["store_id"],
    }.items():
        op.create_index(f"ix_audit_events_{name}", "audit_events", [*columns, "at", "id"])


def _people() -> None:
    # Whoever is signed in signs in again: sessions become rows that can be ended.
    op.drop_column("staff_users", "session_version")
    op.add_column(
        "staff_users",
        sa.Column(
            "must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column("staff_users", sa.Column("pin_hash", sa.String(length=255), nullable=True))
    op.add_column("staff_users", sa.Column("signed_in_at", Moment(), nullable=True))
    op.create_table(
        "staff_sessions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("by_pin", sa.Boolean(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_users.id"], name=op.f("fk_staff_sessions_staff_id_staff_users")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["staff_users.id"], name=op.f("fk_staff_sessions_opened_by_staff_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"])
    op.create_index(op.f("ix_staff_sessions_expires_at"), "staff_sessions", ["expires_at"])


def _machines() -> None:
    op.add_column("api_keys", sa.Column("last_used_at", Moment(), nullable=True))
    op.add_column("api_keys", sa.Column("replaces_id", sa.Integer(), nullable=True))


def _hash_idempotency_keys() -> None:
    """A caller may have put a phone into its key: from now on only the SHA-256 is kept."""
    bind = op.get_bind()
    hashed = "encode(sha256(convert_to(key, 'UTF8')), 'hex')"
    if bind.dialect.name == "sqlite":
        hashed = "sha256_hex(key)"
        bind.connection.driver_connection.create_function("sha256_hex", 1, _sha256_hex)
    op.execute(f"UPDATE idempotency_keys SET key = {hashed}")  # noqa: S608  # nosec B608  # one of two above


def _sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def downgrade() -> None:
    raise NotImplementedError("Sessions and hashed keys have no way back: restore a backup.")

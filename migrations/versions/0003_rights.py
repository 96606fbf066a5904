"""A member's rights: consents with their proof, the do-not-call list, requests, erasure."""

import sqlalchemy as sa
from alembic import op

from loyalty.core.db import BigId
from loyalty.core.db import UtcDateTime as Moment

revision = "0003"
down_revision = "0002"

CHANNELS = "channel IN ('sms', 'email', 'zalo', 'call', 'ads')"
PURPOSES = "purpose IN ('service', 'marketing')"


def upgrade() -> None:
    for name in ("erased_at", "restricted_at", "objected_at"):
        op.add_column("members", sa.Column(name, Moment(), nullable=True))
    _consents()
    op.create_table(
        "do_not_call",
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("phone_hash", name=op.f("pk_do_not_call")),
    )
    op.create_index("ix_do_not_call_source", "do_not_call", ["source", "added_at"])
    _requests()


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.CheckConstraint(CHANNELS, name=op.f("ck_consents_channel")),
        sa.CheckConstraint(PURPOSES, name=op.f("ck_consents_purpose")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_consents_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", "channel", "purpose", name=op.f("pk_consents")),
    )
    op.create_table(
        "consent_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("proof", sa.String(length=500), nullable=True),
        sa.Column("guardian", sa.String(length=500), nullable=True),
        sa.CheckConstraint(CHANNELS, name=op.f("ck_consent_changes_channel")),
        sa.CheckConstraint(PURPOSES, name=op.f("ck_consent_changes_purpose")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_consent_changes_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_consent_changes_member_id"), "consent_changes", ["member_id"])


def _requests() -> None:
    op.create_table(
        "rights_requests",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("law", sa.String(length=2), nullable=False),
        sa.Column("received_via", sa.String(length=16), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("answer_due", Moment(), nullable=False),
        sa.Column("done_due", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind IN ('copy', 'correct', 'restrict', 'object', 'withdraw', 'erase')",
            name=op.f("ck_rights_requests_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'done', 'refused')",
            name=op.f("ck_rights_requests_state"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_rights_requests_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rights_requests_state", "rights_requests", ["state", "done_due"])
    op.create_index(op.f("ix_rights_requests_member_id"), "rights_requests", ["member_id"])


def downgrade() -> None:
    raise NotImplementedError("Consents and erasures have no way back: restore a backup.")

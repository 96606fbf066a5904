"""The whole programme: rules and promotions, tiers, returns, rewards, flags, terms, and members
whose account another one carries on."""

import sqlalchemy as sa
from alembic import op

from loyalty.core.db import BigId
from loyalty.core.db import UtcDateTime as Moment

revision = "0006"
down_revision = "0005"

MARK_MEMBER = "BEGIN INSERT INTO dirty (member_id) VALUES (NEW.member_id); END"
NOT_BY_PURCHASE = "NEW.kind <> 'earn' OR NEW.purchase_id IS NULL"
MARKS_TIER = "members_marks_tier"
"""A rule may ask for the tier, which no other change of the member goes with."""


def upgrade() -> None:
    _programme()
    _members()
    _points()
    _returns()
    _trust()
    _rewards()
    _figures()


def _programme() -> None:
    _settings()
    _add("earning_rules", "special JSON")
    _add("staff_users", "phone VARCHAR(16)")
    op.create_table(
        "tiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("multiplier_percent", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("threshold > 0", name=op.f("ck_tiers_threshold")),
        sa.CheckConstraint("multiplier_percent >= 100", name=op.f("ck_tiers_multiplier_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
        sqlite_autoincrement=True,
    )
    for column in ("slug", "threshold"):
        op.create_index(
            op.f(f"uq_tiers_{column}"),
            "tiers",
            [column],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    op.create_table(
        "promotions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("given", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_promotions_dates")),
        sa.CheckConstraint(
            "given >= 0 AND (budget IS NULL OR given <= budget)", name=op.f("ck_promotions_given")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "terms",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("valid_from", Moment(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_terms")),
    )


def _settings() -> None:
    """One document holds what was one column: when points lapse is more than a number now."""
    _add("programme", "settings JSON NOT NULL DEFAULT '{}'")
    never = {"expiry": {"mode": "never"}}
    for months in op.get_bind().scalars(sa.text("SELECT expiry_months FROM programme")).all():
        kept = never if months is None else {"expiry": {"mode": "months", "months": months}}
        programme = sa.table("programme", sa.column("settings", sa.JSON()))
        op.execute(programme.update().values(settings=kept))
    op.drop_column("programme", "expiry_months")


def _members() -> None:
    _add("members", "held BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_members_held CHECK (held >= 0)")
    _add("members", "tier_spend BIGINT NOT NULL DEFAULT 0")
    _add("members", "tier_id INTEGER CONSTRAINT fk_members_tier_id_tiers REFERENCES tiers (id)")
    _add(
        "members",
        "merged_into INTEGER CONSTRAINT fk_members_merged_into_members REFERENCES members (id)",
    )
    _add("members", f"birth_date_since {_moment()}")
    _add("member_phones", "is_alias BOOLEAN NOT NULL DEFAULT false")
    op.create_index(op.f("ix_members_merged_into"), "members", ["merged_into"])
    # What was ever bought is at least what counts in a window.
    op.execute(
        "UPDATE members SET tier_spend = COALESCE((SELECT SUM(amount) FROM purchases"
        " WHERE purchases.member_id = members.id AND voided_at IS NULL), 0)"
    )
    op.execute("UPDATE members SET birth_date_since = joined_at WHERE birth_date IS NOT NULL")
    act = (
        "BEGIN INSERT INTO dirty (member_id) VALUES (NEW.id); END"
        if op.get_bind().dialect.name == "sqlite"
        else "FOR EACH ROW EXECUTE FUNCTION mark_member()"
    )
    op.execute(f"CREATE TRIGGER {MARKS_TIER} AFTER UPDATE OF tier_id ON members {act}")
    op.create_table(
        "tier_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("from_tier_id", sa.Integer(), nullable=True),
        sa.Column("tier_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("measured", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('purchase', 'review', 'merge')", name=op.f("ck_tier_changes_cause")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_tier_changes_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tier_changes_member_id"), "tier_changes", ["member_id"])
    op.create_table(
        "promotion_uses",
        sa.Column("promotion_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points >= 0", name=op.f("ck_promotion_uses_points")),
        sa.ForeignKeyConstraint(
            ["promotion_id"],
            ["promotions.id"],
            name=op.f("fk_promotion_uses_promotion_id_promotions"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_promotion_uses_member_id_members")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "member_id", name=op.f("pk_promotion_uses")),
    )
    op.create_index(op.f("ix_promotion_uses_member_id"), "promotion_uses", ["member_id"])
    op.create_table(
        "bonuses_given",
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("given_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('sign_up', 'first_purchase', 'birthday')", name=op.f("ck_bonuses_given_kind")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_bonuses_given_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", "year", name=op.f("pk_bonuses_given")),
    )


def _points() -> None:
    # In the order in which points are spent, also where thousands of lots lapse at one instant.
    op.drop_index("ix_point_lots_open", "point_lots")
    op.create_index(
        "ix_point_lots_open",
        "point_lots",
        ["member_id", "expires_at", "entry_id"],
        sqlite_where=sa.text("remaining > 0"),
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_point_lots_empty",
        "point_lots",
        ["member_id", "expires_at"],
        sqlite_where=sa.text("remaining = 0 AND expires_at IS NOT NULL"),
        postgresql_where=sa.text("remaining = 0 AND expires_at IS NOT NULL"),
    )
    _mark_no_lapse()
    _add("point_entries", "redemption_id BIGINT")
    op.create_index(
        op.f("ix_point_entries_redemption_id"),
        "point_entries",
        ["redemption_id"],
        sqlite_where=sa.text("redemption_id IS NOT NULL"),
        postgresql_where=sa.text("redemption_id IS NOT NULL"),
    )
    op.create_table(
        "pending_points",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("inputs", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("occurred_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_pending_points_points")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_pending_points_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["rule_version"],
            ["earning_rules.version"],
            name=op.f("fk_pending_points_rule_version_earning_rules"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_points")),
        sqlite_autoincrement=True,
    )
    for column in ("member_id", "purchase_id", "ends_at"):
        op.create_index(op.f(f"ix_pending_points_{column}"), "pending_points", [column])


def _figures() -> None:
    op.create_table(
        "monthly_points",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "part", name=op.f("pk_monthly_points")),
    )
    op.create_index(
        op.f("ix_point_lots_expires_at"),
        "point_lots",
        ["expires_at", "remaining"],
        sqlite_where=sa.text("remaining > 0"),
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(op.f("ix_purchases_local_date"), "purchases", ["local_date", "store_id"])


def _mark_no_lapse() -> None:
    """What lapses was in no figure that a rule may ask for: a night of a million expiries need
    not rebuild a tag."""
    op.execute(
        "DROP TRIGGER point_entries_marks_insert"
        + ("" if op.get_bind().dialect.name == "sqlite" else " ON point_entries")
    )
    when = f"({NOT_BY_PURCHASE}) AND NEW.kind <> 'expire'"
    act = (
        f"WHEN {when} {MARK_MEMBER}"
        if op.get_bind().dialect.name == "sqlite"
        else f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION mark_its_member()"
    )
    op.execute(f"CREATE TRIGGER point_entries_marks_insert AFTER INSERT ON point_entries {act}")


def _returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("return_no", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("purchase_id", BigId, nullable=True),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("lines_hash", sa.String(length=64), nullable=True),
        sa.Column("returned_at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("points_reversed", sa.BigInteger(), nullable=False),
        sa.Column("points_restored", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_returns_amount")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_returns_store_id_stores")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_returns_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_returns_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint(
            "store_id",
            "register",
            "period",
            "return_no",
            name=op.f("uq_returns_store_id_register_period_return_no"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_returns_member_id"), "returns", ["member_id"])
    op.create_index(op.f("ix_returns_purchase_id"), "returns", ["purchase_id"])
    op.create_table(
        "return_lines",
        sa.Column("return_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purchase_id", BigId, nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0 AND amount >= 0", name=op.f("ck_return_lines_sums")),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_lines_return_id_returns")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_return_lines_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint("return_id", "position", name=op.f("pk_return_lines")),
    )
    op.create_index(op.f("ix_return_lines_purchase_id"), "return_lines", ["purchase_id"])


def _trust() -> None:
    op.create_table(
        "purchase_flags",
        sa.Column("id", BigId, nullable=False),
        sa.Column("purchase_id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("flagged_at", Moment(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('own_phone', 'many_receipts', 'late')", name=op.f("ck_purchase_flags_kind")
        ),
        sa.CheckConstraint(
            "decision IN ('approved', 'refused')", name=op.f("ck_purchase_flags_decision")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_purchase_flags_purchase_id_purchases")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_flags_store_id_stores")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_flags")),
        sa.UniqueConstraint("purchase_id", "kind", name=op.f("uq_purchase_flags_purchase_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_purchase_flags_open"),
        "purchase_flags",
        ["flagged_at"],
        sqlite_where=sa.text("decision IS NULL"),
        postgresql_where=sa.text("decision IS NULL"),
    )


def _rewards() -> None:
    op.create_table(
        "rewards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("per_member", sa.Integer(), nullable=True),
        sa.Column("starts_at", Moment(), nullable=True),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("tier_id", sa.Integer(), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("voucher_days", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('gift', 'voucher')", name=op.f("ck_rewards_kind")),
        sa.CheckConstraint("cost > 0", name=op.f("ck_rewards_cost")),
        sa.CheckConstraint("worth >= 0", name=op.f("ck_rewards_worth")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_rewards_stock")),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name=op.f("fk_rewards_tier_id_tiers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewards")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "redemptions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("reward_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("restored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("took_stock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("voucher_until", Moment(), nullable=True),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("purchase_id", BigId, nullable=True),
        sa.Column("store_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("captured_by", sa.String(length=64), nullable=True),
        sa.Column("captured_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'captured', 'voided', 'lapsed', 'reversed')",
            name=op.f("ck_redemptions_state"),
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_redemptions_points")),
        sa.CheckConstraint(
            "captured >= 0 AND captured <= points", name=op.f("ck_redemptions_captured")
        ),
        sa.CheckConstraint(
            "restored >= 0 AND restored <= captured", name=op.f("ck_redemptions_restored")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_redemptions_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["rewards.id"], name=op.f("fk_redemptions_reward_id_rewards")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_redemptions_purchase_id_purchases")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_redemptions_store_id_stores")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemptions")),
        sa.UniqueConstraint("code", name=op.f("uq_redemptions_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_redemptions_member_id"), "redemptions", ["member_id", "id"])
    op.create_index(op.f("ix_redemptions_purchase_id"), "redemptions", ["purchase_id"])
    op.create_index(
        op.f("ix_redemptions_captured_at"),
        "redemptions",
        ["captured_at"],
        sqlite_where=sa.text("captured_at IS NOT NULL"),
        postgresql_where=sa.text("captured_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_redemptions_held"),
        "redemptions",
        ["member_id", "expires_at"],
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )


def _add(table: str, column: str) -> None:
    """In plain SQL, with the constraint in place: Alembic would rebuild the table on SQLite."""
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _moment() -> str:
    return "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"


def downgrade() -> None:
    raise NotImplementedError("What was redeemed and returned has no way back: restore a backup.")

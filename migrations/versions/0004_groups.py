"""Groups as bitmaps, tags, audiences, declared attributes, and who has to be looked at again."""

import sqlalchemy as sa
from alembic import op

from loyalty.core.db import BigId
from loyalty.core.db import UtcDateTime as Moment
from loyalty.members.urban_rules import is_urban

revision = "0004"
down_revision = "0003"

KINDS_OF_ATTRIBUTES = "kind IN ('text', 'number', 'bool', 'date', 'choice', 'choices')"
KINDS_OF_GROUPS = "kind IN ('active', 'reach', 'tag', 'audience')"
CAUSES = "cause IN ('first', 'rule', 'data', 'time', 'manual')"
STANDING_GROUPS = ("active", "reach", "reach", "reach", "reach", "reach")
"""Everybody, and whom each channel reaches: sms, email, zalo, call, ads."""

PROFILE = (
    "name",
    "email",
    "birth_date",
    "gender",
    "income_band",
    "occupation",
    "education",
    "family_size",
    "country",
    "province_list",
    "province",
    "district",
    "urban",
    "source",
    "joined_at",
    "closed_at",
    "erased_at",
    "restricted_at",
    "objected_at",
)
WATCHED = {
    # What of a row a tag rule may ask: a change of it marks whose row it is. Points change
    # with every purchase, which marks by itself, so `members.points` is not among it.
    "members": ("id", PROFILE),
    "member_phones": ("member_id", ("member_id", "e164", "kind", "active_until")),
    "consents": ("member_id", ("granted", "confirmed", "guarded", "changed_at")),
    "member_attributes": ("member_id", ("text", "number", "day")),
    "purchases": ("member_id", ("member_id", "amount", "amount_returned", "voided_at")),
}
IN_BULK = ("members", "member_phones", "purchases")
"""Written by the thousand: one statement marks them all."""
NOT_BY_PURCHASE = "NEW.kind <> 'earn' OR NEW.purchase_id IS NULL"
"""What a purchase earns is marked by the purchase."""


def upgrade() -> None:
    _towns()
    _attributes()
    _groups()
    _tags()
    _audiences()
    op.create_table(
        "dirty",
        sa.Column("id", BigId, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        _mark_on_sqlite()
    else:
        _mark_on_postgresql()
    op.execute(f"{MARK}SELECT id FROM members")  # noqa: S608  # nosec B608  # no input


def _towns() -> None:
    """Who is here already is told apart like those who come: place by place, not one by one."""
    op.add_column("members", sa.Column("urban", sa.Boolean(), nullable=True))
    names = ("district", "province_list", "province")
    members = sa.table("members", *(sa.column(name) for name in (*names, "urban")))
    place = [members.c[name] for name in names]
    for values in op.get_bind().execute(sa.select(*place).distinct()).all():
        urban = is_urban(**dict(zip(names, values, strict=True)))
        if urban is not None:
            here = [column.is_not_distinct_from(v) for column, v in zip(place, values, strict=True)]
            op.execute(members.update().where(*here).values(urban=urban))


def _attributes() -> None:
    op.create_table(
        "attributes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("choices", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint(KINDS_OF_ATTRIBUTES, name=op.f("ck_attributes_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attributes")),
        sa.UniqueConstraint("name", name=op.f("uq_attributes_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "member_attributes",
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attribute_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=100), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_attributes_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["attribute_id"],
            ["attributes.id"],
            name=op.f("fk_member_attributes_attribute_id_attributes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "member_id", "attribute_id", "place", name=op.f("pk_member_attributes")
        ),
    )
    op.create_index(
        "ix_member_attributes_attribute_id", "member_attributes", ["attribute_id", "member_id"]
    )


def _groups() -> None:
    groups = op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("built_at", Moment(), nullable=True),
        sa.Column("failed_at", Moment(), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("error_about", sa.String(length=100), nullable=True),
        sa.CheckConstraint(KINDS_OF_GROUPS, name=op.f("ck_groups_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sqlite_autoincrement=True,
    )
    # Their ids come out as 1 to 6, which `groups/service.py` knows them by.
    for kind in STANDING_GROUPS:
        op.execute(groups.insert().values(kind=kind))
    op.create_table(
        "group_chunks",
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bitmap", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.CheckConstraint("members > 0", name=op.f("ck_group_chunks_members")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
            name=op.f("fk_group_chunks_group_id_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "chunk", name=op.f("pk_group_chunks")),
    )
    op.create_table(
        "group_builds",
        sa.Column("id", BigId, nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=8), nullable=False),
        sa.Column("as_of", Moment(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("added", sa.Integer(), nullable=True),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("error_about", sa.String(length=100), nullable=True),
        sa.Column("based_on", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.CheckConstraint(CAUSES, name=op.f("ck_group_builds_cause")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.id"],
            name=op.f("fk_group_builds_group_id_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_builds")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_group_builds_group_id", "group_builds", ["group_id", "id"])
    op.create_table(
        "group_changes",
        sa.Column("build_id", BigId, autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("added", sa.LargeBinary(), nullable=True),
        sa.Column("removed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["build_id"],
            ["group_builds.id"],
            name=op.f("fk_group_changes_build_id_group_builds"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("build_id", "chunk", name=op.f("pk_group_changes")),
    )


def _tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_tags_group_id_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("slug", name=op.f("uq_tags_slug")),
        sa.UniqueConstraint("group_id", name=op.f("uq_tags_group_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rfm_cuts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("as_of", Moment(), nullable=False),
        sa.Column("buyers", sa.Integer(), nullable=False),
        sa.Column("recency", sa.JSON(), nullable=False),
        sa.Column("frequency", sa.JSON(), nullable=False),
        sa.Column("monetary", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rfm_cuts")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tag_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rfm", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_tag_settings_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_settings")),
    )


def _audiences() -> None:
    op.create_table(
        "audiences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("expression", sa.JSON(), nullable=False),
        sa.Column("expression_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_audiences_group_id_groups")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audiences")),
        sa.UniqueConstraint("slug", name=op.f("uq_audiences_slug")),
        sa.UniqueConstraint("group_id", name=op.f("uq_audiences_group_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audience_parts",
        sa.Column("audience_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audiences.id"],
            name=op.f("fk_audience_parts_audience_id_audiences"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_audience_parts_group_id_groups")
        ),
        sa.PrimaryKeyConstraint("audience_id", "group_id", name=op.f("pk_audience_parts")),
    )
    op.create_index(op.f("ix_audience_parts_group_id"), "audience_parts", ["group_id"])


# -- whoever changed is marked by the database itself ------------------------------


MARK = "INSERT INTO dirty (member_id) "


def _mark_on_sqlite() -> None:
    for table, (member, columns) in WATCHED.items():
        new, old = f"NEW.{member}", f"OLD.{member}"
        marks = {
            "INSERT": f"{MARK}VALUES ({new});",
            f"UPDATE OF {', '.join(columns)}": (
                f"{MARK}VALUES ({new}); {MARK}SELECT {old} WHERE {old} <> {new};"
            ),
            "DELETE": f"{MARK}VALUES ({old});",
        }
        for event, mark in marks.items():
            _trigger(table, event, f"BEGIN {mark} END")
    _trigger(
        "point_entries",
        "INSERT",
        f"WHEN {NOT_BY_PURCHASE} BEGIN {MARK}VALUES (NEW.member_id); END",
    )


def _mark_on_postgresql() -> None:
    for name, member in (("member", "id"), ("its_member", "member_id")):
        new, old = f"NEW.{member}", f"OLD.{member}"
        _function(
            f"mark_{name}",
            f"IF TG_OP = 'DELETE' THEN {MARK}VALUES ({old}); RETURN NULL; END IF; "
            f"{MARK}VALUES ({new}); "
            f"IF TG_OP = 'UPDATE' AND {old} <> {new} THEN {MARK}VALUES ({old}); END IF; ",
        )
        each_once = f"{MARK}SELECT DISTINCT {member} FROM written; "  # noqa: S608  # nosec B608  # no input
        _function(f"mark_each_{name}", each_once)
    for table, (member, columns) in WATCHED.items():
        name = "member" if member == "id" else "its_member"
        each = f"FOR EACH ROW EXECUTE FUNCTION mark_{name}()"
        at_once = (
            "REFERENCING NEW TABLE AS written FOR EACH STATEMENT "
            f"EXECUTE FUNCTION mark_each_{name}()"
        )
        _trigger(table, "INSERT", at_once if table in IN_BULK else each)
        _trigger(table, f"UPDATE OF {', '.join(columns)}", each)
        _trigger(table, "DELETE", each)
    _trigger(
        "point_entries",
        "INSERT",
        f"FOR EACH ROW WHEN ({NOT_BY_PURCHASE}) EXECUTE FUNCTION mark_its_member()",
    )


def _function(name: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body}RETURN NULL; END $$"
    )


def _trigger(table: str, event: str, act: str) -> None:
    name = f"{table}_marks_{event.split()[0].lower()}"
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {act}")


def downgrade() -> None:
    raise NotImplementedError("Tags set by hand have no way back: restore a backup.")

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core.db import Base, BigId, UtcDateTime
from loyalty.core.limits import LOGIN_LENGTH, NAME_LENGTH

_ROLE = "role IN ('cashier', 'marketing', 'manager')"


class StaffUser(Base):
    """A person who signs in. `pin_hash` lets the person take over a till that is open
    already; after a reset the password must be changed before anything else. `phone` (E.164) is
    the number on which the person must not earn by own hand."""

    __tablename__ = "staff_users"
    __table_args__ = (
        CheckConstraint(_ROLE, name="role"),
        # One owner, whoever presses the first-run button twice.
        Index(
            "uq_staff_users_owner",
            "is_owner",
            unique=True,
            sqlite_where=text("is_owner"),
            postgresql_where=text("is_owner"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(LOGIN_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    role: Mapped[str] = mapped_column(String(16))
    is_owner: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    pin_hash: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Base):
    """One sign-in at one browser. The browser holds the token, this row only its SHA-256:
    a cookie that was copied is worth nothing once the row has ended. `opened_by` is who began
    the day here with a password, however often the till was taken over by PIN since."""

    __tablename__ = "staff_sessions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    by_pin: Mapped[bool]
    opened_by: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    address: Mapped[str | None] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffStore(Base):
    """Which stores a person belongs to; none means every store."""

    __tablename__ = "staff_stores"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id"), primary_key=True, autoincrement=False
    )
    store_id: Mapped[int] = mapped_column(
        ForeignKey("stores.id"), primary_key=True, autoincrement=False
    )


class ApiKey(Base):
    """A machine that acts. Only the SHA-256 of the key is kept, and a prefix to know it by.
    `last_used_at` is right to a minute."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint(_ROLE, name="role"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    role: Mapped[str] = mapped_column(String(16))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaces_id: Mapped[int | None]

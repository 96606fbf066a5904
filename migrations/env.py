"""Alembic runs here, on the app's own engine, one revision a transaction.

A migration gives up rather than block the shop: it waits a few seconds for a lock.
"""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "15min"


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=current_app.extensions["migrate"].db.metadata,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


with current_app.extensions["migrate"].db.engine.connect() as opened:
    run(opened.execution_options(writes=True))

from __future__ import annotations

import click
from flask.cli import AppGroup

from loyalty.core.db import transaction
from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH
from loyalty.core.options import Line
from loyalty.programme import service
from loyalty.programme.models import ReceiptPeriod, Receipts

stores = AppGroup("stores", help="The stores of the shop.")


@stores.command("create")
@click.argument("code", type=Line(CODE_LENGTH))
@click.option("--name", required=True, type=Line(NAME_LENGTH), help="What people call the store.")
@click.option(
    "--receipt-period",
    type=click.Choice([period.value for period in ReceiptPeriod]),
    default=ReceiptPeriod.FOREVER.value,
    show_default=True,
    help="When receipt numbers start again.",
)
@click.option(
    "--receipts",
    type=click.Choice([value.value for value in Receipts]),
    default=Receipts.REQUIRED.value,
    show_default=True,
    help="none: the store prints no receipt numbers.",
)
def create(code: str, name: str, receipt_period: str, receipts: str) -> None:
    """Add the store CODE."""
    with transaction():
        service.create_store(code=code, name=name, receipt_period=receipt_period, receipts=receipts)
    click.echo(f"Store {code} added.")

"""What the log's names are called: a sentence for each action, a word for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

ACTIONS: Mapping[str, Any] = {
    "account.password": _l("Changed the own password"),
    "account.pin": _l("Changed the own PIN"),
    "account.sign_in": _l("Signed in"),
    "account.sign_in_failed": _l("Failed to sign in"),
    "account.sign_in_blocked": _l("Was made to wait after failed sign-ins"),
    "account.sign_out": _l("Signed out"),
    "account.sign_out_everywhere": _l("Signed out everywhere"),
    "api_key.create": _l("Made an API key"),
    "api_key.revoke": _l("Revoked an API key"),
    "api_key.rotate": _l("Renewed an API key"),
    "attribute.change": _l("Changed what is kept of customers beside the profile"),
    "balance.import": _l("Imported opening balances of points"),
    "cashier.switch": _l("Took over a till by PIN"),
    "cashier.switch_failed": _l("Failed to take over a till by PIN"),
    "audience.change": _l("Made, changed or deleted a customer group"),
    "consent.change": _l("Changed what a customer agrees to"),
    "do_not_call.change": _l("Changed the do-not-call list"),
    "earning_rule.create": _l("Changed how points are earned"),
    "export.create": _l("Exported a customer group"),
    "export.fetch": _l("Took a file of an export"),
    "import.fetch": _l("Took the refused rows of an import"),
    "member.change": _l("Corrected a customer's profile"),
    "member.close": _l("Closed a customer that a mistake had made"),
    "member.reveal": _l("Showed a customer's whole phone number"),
    "member.view": _l("Opened a customer's profile"),
    "member.import": _l("Began to import a file of customers"),
    "members.import": _l("Imported a file of customers, or undid it"),
    "purchase.reassign": _l("Moved a receipt to another phone"),
    "purchase.void": _l("Cancelled a receipt"),
    "purchases.import": _l("Imported a file of purchases"),
    "rights.copy": _l("Gave out everything held about a customer"),
    "rights.erase": _l("Erased a customer"),
    "rights.handle": _l("Worked on a customer's request"),
    "rights.object": _l("Stopped marketing to a customer"),
    "rights.restrict": _l("Restricted a customer, or lifted it"),
    "staff.activate": _l("Let a person in again"),
    "staff.change": _l("Changed a person of the staff"),
    "staff.clear_pin": _l("Removed a person's PIN"),
    "staff.create": _l("Added a person to the staff"),
    "staff.deactivate": _l("Ended a person's access"),
    "staff.reset_password": _l("Reset a person's password"),
    "staff.role": _l("Changed a person's role"),
    "staff.sign_out": _l("Signed a person out everywhere"),
    "store.create": _l("Opened a store"),
    "tag.change": _l("Made, changed or deleted a tag"),
    "tag.fill": _l("Put customers into a tag, or took them out"),
    "tag.mark": _l("Gave a customer a tag, or took it off"),
}
"""Every action that the service records, a test holds that."""

OBJECTS: Mapping[str, Any] = {
    "api_key": _l("API key"),
    "attribute": _l("What is kept of customers"),
    "audience": _l("Customer group"),
    "do_not_call": _l("Do-not-call list"),
    "earning_rule": _l("Earning rule"),
    "export": _l("Exported files"),
    "file": _l("File"),
    "import": _l("Import of customers"),
    "member": _l("Customer"),
    "purchase": _l("Receipt"),
    "staff": _l("Person"),
    "store": _l("Store"),
    "tag": _l("Tag"),
    "tag_settings": _l("Settings of tags"),
}

PAGES: Mapping[str, tuple[str, str]] = {
    "member": ("manage.customer", "member_id"),
    "staff": ("manage.one_of_staff", "staff_id"),
    "export": ("manage.export", "export_id"),
    "import": ("manage.member_import", "import_id"),
}
"""By kind: the page of such a thing, and its id's name in the address."""

"""What a member is asked, word for word: a consent names the version that was agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

CONSENT_TEXT_VERSION = "2026-11"
"""Today's texts. Who changes a word below adds a version and leaves the old one: consents
given to it go on naming it."""

CONSENT_TEXTS: Mapping[str, Mapping[tuple[str, str], Any]] = {
    "2026-11": {
        ("sms", "service"): _l("Send me text messages about my purchases and points."),
        ("sms", "marketing"): _l("Send me offers by text message."),
        ("email", "service"): _l("Send me e-mails about my purchases and points."),
        ("email", "marketing"): _l("Send me offers by e-mail."),
        ("zalo", "service"): _l("Send me Zalo messages about my purchases and points."),
        ("zalo", "marketing"): _l("Send me offers on Zalo."),
        ("call", "service"): _l("Call me about my purchases and points."),
        ("call", "marketing"): _l("Call me about offers."),
        ("ads", "service"): _l("Use my number to leave me out of advertisements."),
        ("ads", "marketing"): _l("Use my number to show me advertisements of the shop."),
    }
}

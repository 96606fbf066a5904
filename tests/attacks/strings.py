"""What attackers and broken programs send, short enough to try everywhere."""

from __future__ import annotations

from typing import Any

EVALUATED = str(70_707 * 70_707)
"""What a template would make of the sum below; no id, time or amount looks like it."""
SECRET = "only-for-tests-"
"""How the key that signs sessions begins in tests: a template would show it."""

HOSTILE = {
    "SQL that closes a text": "x' OR '1'='1' --",
    "SQL that ends a statement": "x'); DROP TABLE members; --",
    "SQL by union": '" UNION SELECT password_hash FROM staff_users --',
    "SQL wildcards": "%_%'%",
    "a Jinja sum": "{{70707*70707}}",
    "a Jinja way out": "{% for c in ().__class__.__mro__ %}{{ config }}{% endfor %}",
    "other templates' sums": "${70707*70707} #{70707*70707} <%= 70707*70707 %> %(amount)s {0} %s",
    "a way up": "../../../../etc/passwd",
    "a way up, encoded": "..%2f..%2f..%5c..%c0%af%00.html",
    "NUL": "Lan\x00' OR 1=1",
    "line feeds": "Lan\r\nSet-Cookie: session=x\r\n\r\n<script>",
    "controls": "\x1b[2J\x07\x7f\x85",
    "directions": "Lan\u202etxt.exe\u2066\u2069\u200b\ufeff",
    "marks without end": "Z" + "\u0310\u0489" * 80,
    "letters that grow when folded": "ﬃŰİẞᾳ㍿" * 30,
    "an emoji of many parts": "👩🏽‍❤️‍💋‍👨🏿🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "no characters": "\ufffe\uffff\U0010ffff",
    "very long": "A" * 20_000,
    "digits without end": "9" * 5_000,
    "a formula": "=cmd|' /C calc'!A0",
    "markup": '"><img src=x onerror=alert(1)><script>alert(1)</script>',
    "nothing": "",
}
SURROGATES = {"a lone surrogate": b'"Lan \\ud800"', "a reversed pair": b'"\\udc00\\ud800"'}
"""As JSON writes them: no Python text can be encoded with one."""

CONFUSED: list[Any] = [None, True, 0, -1, 1.5, 2**63, 10**400, [], ["x"], [[]], {}, {"$ne": 1}]
"""Where a text is wanted."""

GREEDY: dict[str, Any] = {
    "role": "manager",
    "is_owner": True,
    "active": False,
    "points": 1_000_000,
    "debt": 0,
    "id": 1,
    "member_id": 1,
    "store_ids": [],
    "closed_at": None,
    "erased_at": "2026-01-01T00:00:00Z",
    "restricted_at": None,
    "password_hash": "x",
    "created_at": "2026-01-01T00:00:00Z",
    "recorded_by": "person:1",
    "__class__": "x",
}
"""Fields that a body asks for though no form offers them."""

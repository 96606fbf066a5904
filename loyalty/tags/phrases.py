"""The words of a rule's sentence: what is said of each field, purchase test and condition.

Every phrase is whole, so that each language puts its words in its own order. In them `how` is
a quantity ("at least 3 purchases"), `when` a moment ("before 22/11/2026"), `value` one value or
several ("Hà Nội or Huế"), `span` a length of time ("90 days"). No database here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.tags.language import Agg, Of, Op

HOW: Mapping[Op, Any] = {
    Op.EQ: _l("exactly %(value)s"),
    Op.NE: _l("other than %(value)s"),
    Op.LT: _l("less than %(value)s"),
    Op.LE: _l("at most %(value)s"),
    Op.GT: _l("more than %(value)s"),
    Op.GE: _l("at least %(value)s"),
    Op.BETWEEN: _l("%(low)s to %(high)s"),
}
AGES: Mapping[Op, Any] = {
    Op.EQ: _l("aged %(value)s"),
    Op.IN: _l("aged %(value)s"),
    Op.NE: _l("not aged %(value)s"),
    Op.LT: _l("under %(value)s years old"),
    Op.LE: _l("aged %(value)s or under"),
    Op.GT: _l("over %(value)s years old"),
    Op.GE: _l("aged %(value)s or over"),
    Op.BETWEEN: _l("aged %(low)s to %(high)s"),
}
WHEN: Mapping[Op, Any] = {
    Op.EQ: _l("on %(value)s"),
    Op.NE: _l("not on %(value)s"),
    Op.LT: _l("before %(value)s"),
    Op.LE: _l("on or before %(value)s"),
    Op.GT: _l("after %(value)s"),
    Op.GE: _l("on or after %(value)s"),
    Op.BETWEEN: _l("between %(low)s and %(high)s"),
}
AGO: Mapping[Op, Any] = {
    Op.EQ: _l("exactly %(span)s ago"),
    Op.NE: _l("not exactly %(span)s ago"),
    Op.LT: _l("more than %(span)s ago"),
    Op.LE: _l("at least %(span)s ago"),
    Op.GT: _l("less than %(span)s ago"),
    Op.GE: _l("in the last %(span)s"),
}

ANY_FIELD = _l("%(label)s %(how)s")
QUANTITIES: Mapping[str, Any] = {
    "family_size": _l("has a family of %(how)s"),
    "points": _l("has %(how)s"),
    "points_expiring": _l("has %(how)s expiring within 30 days"),
    "lifetime_spend": _l("spent %(how)s in all"),
    "purchase_count": _l("made %(how)s in all"),
}
MOMENTS: Mapping[str, Any] = {
    "birth_date": _l("born %(when)s"),
    "joined_at": _l("joined %(when)s"),
    "first_purchase": _l("first bought %(when)s"),
    "last_purchase": _l("last bought %(when)s"),
}

_IS = (_l("%(label)s is %(value)s"), _l("%(label)s is not %(value)s"))
_LIVES = (_l("lives in %(value)s"), _l("lives outside %(value)s"))
_SAYS: Mapping[str, tuple[Any, Any]] = {
    "gender": (_l("gender is %(value)s"), _l("gender is not %(value)s")),
    "income_band": (_l("income is %(value)s"), _l("income is not %(value)s")),
    "rfm_segment": (
        _l("belongs to the segment %(value)s"),
        _l("belongs to another segment than %(value)s"),
    ),
    "country": _LIVES,
    "province": _LIVES,
    "district": _LIVES,
    "region": _LIVES,
}


def that_is(field: str) -> tuple[Any, Any]:
    """What is said where a text or choice is a value, and where it is another one."""
    return _SAYS.get(field, _IS)


_YES_OR_NO = (_l("%(label)s: yes"), _l("%(label)s: no"))
_FACTS: Mapping[str, tuple[Any, Any]] = {
    "urban": (_l("lives in a town"), _l("lives in the countryside")),
    "consent_sms": (
        _l("agreed to marketing by SMS"),
        _l("did not agree to marketing by SMS"),
    ),
    "consent_email": (
        _l("agreed to marketing by e-mail"),
        _l("did not agree to marketing by e-mail"),
    ),
    "consent_zalo": (
        _l("agreed to marketing by Zalo"),
        _l("did not agree to marketing by Zalo"),
    ),
    "consent_call": (
        _l("agreed to marketing by call"),
        _l("did not agree to marketing by call"),
    ),
    "consent_ads": (_l("agreed to be shown ads"), _l("did not agree to be shown ads")),
}


def that_is_so(field: str) -> tuple[Any, Any]:
    """What is said of a yes, and of a no."""
    return _FACTS.get(field, _YES_OR_NO)


CHOICES_INCLUDE = _l("%(label)s include %(value)s")
CONTAINS = _l("%(label)s contains “%(value)s”")
NOT_KNOWN = _l("%(label)s is not known")
KNOWN = _l("%(label)s is known")
NEVER_BOUGHT = _l("never bought anything")
EVER_BOUGHT = _l("bought something before")
BIRTHDAY_THIS_MONTH = _l("has a birthday this month")
BIRTHDAY_TODAY = _l("has a birthday today")
BIRTHDAY_WITHIN = _l("has a birthday within %(span)s")

PURCHASES: Mapping[tuple[Agg, Of], Any] = {
    (Agg.COUNT, Of.RECEIPT): _l("made %(how)s"),
    (Agg.SUM, Of.AMOUNT): _l("spent %(how)s"),
    (Agg.SUM, Of.QUANTITY): _l("bought %(how)s"),
    (Agg.AVG, Of.AMOUNT): _l("spent %(how)s per purchase on average"),
    (Agg.AVG, Of.QUANTITY): _l("bought %(how)s per purchase on average"),
    (Agg.MIN, Of.AMOUNT): _l("spent %(how)s in the smallest purchase"),
    (Agg.MIN, Of.QUANTITY): _l("bought %(how)s in the purchase with the fewest"),
    (Agg.MAX, Of.AMOUNT): _l("spent %(how)s in the largest purchase"),
    (Agg.MAX, Of.QUANTITY): _l("bought %(how)s in the purchase with the most"),
    (Agg.FIRST, Of.PURCHASED_AT): _l("first bought %(when)s"),
    (Agg.LAST, Of.PURCHASED_AT): _l("last bought %(when)s"),
    (Agg.DISTINCT, Of.MONTH): _l("bought in %(how)s"),
    (Agg.DISTINCT, Of.STORE): _l("shopped in %(how)s"),
}
NO_PURCHASE = _l("made no purchase")
NO_QUANTITY = _l("made no purchase with a known number of items")

IN_THE_LAST = _l("in the last %(span)s")
SINCE = _l("since %(value)s")
UNTIL = _l("up to %(value)s")

CONDITIONS: Mapping[str, tuple[Any, Any]] = {
    "store": (_l("at %(value)s"), _l("not at %(value)s")),
    "channel": ("%(value)s", _l("not %(value)s")),
    "category": (
        _l("in the category %(value)s"),
        _l("in categories other than %(value)s"),
    ),
    "sku": (_l("with the product %(value)s"), _l("with products other than %(value)s")),
}
"""What is said where it is one of the values, and where it is another one."""
IN_THE_HOURS = _l("in the hours %(value)s")
ON_WEEKDAYS = _l("on a %(value)s")
AT_NO_TIME = _l("at no time")

AND = _l("%(first)s and %(last)s")
OR = _l("%(first)s or %(last)s")
OR_MORE = _l("%(first)s or %(count)s more")
NOT = _l("not (%(what)s)")

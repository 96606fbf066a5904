"""The fields that tag rules may test, and with which operators. One table, from which the
rules are checked, compiled, told in words and described to programs. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.members.consent_rules import CHANNELS
from loyalty.members.models import AttributeKind
from loyalty.tags.language import Agg, Of, Op

ATTRIBUTE_PREFIX = "attributes."
EXPIRING_DAYS = 30
"""What `points_expiring` looks ahead."""


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    """Several at once, such as interests."""
    NUMBER = "number"
    MONEY = "money"
    """Minor units."""
    POINTS = "points"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"
    """A moment; a plain date as its value means the whole day in the shop's zone."""


_EQUAL = (Op.EQ, Op.NE, Op.IN, Op.MISSING)
_ORDER = (Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE, Op.BETWEEN)
OPS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.TEXT: (*_EQUAL, Op.CONTAINS),
    Kind.CHOICE: _EQUAL,
    Kind.CHOICES: (Op.CONTAINS, Op.IN, Op.MISSING),
    Kind.NUMBER: (*_ORDER, Op.IN, Op.MISSING),
    Kind.MONEY: (*_ORDER, Op.IN, Op.MISSING),
    Kind.POINTS: (*_ORDER, Op.IN, Op.MISSING),
    Kind.BOOL: (Op.EQ, Op.NE, Op.MISSING),
    Kind.DATE: (*_ORDER, Op.MISSING),
    Kind.TIME: (*_ORDER, Op.MISSING),
}
KIND_OF_ATTRIBUTE: Mapping[AttributeKind, Kind] = {
    AttributeKind.TEXT: Kind.TEXT,
    AttributeKind.NUMBER: Kind.NUMBER,
    AttributeKind.BOOL: Kind.BOOL,
    AttributeKind.DATE: Kind.DATE,
    AttributeKind.CHOICE: Kind.CHOICE,
    AttributeKind.CHOICES: Kind.CHOICES,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """`choices` maps a value to what people read; None where any value of the kind goes.
    `whole` numbers refuse 1.5."""

    name: str
    label: Any
    kind: Kind
    choices: Mapping[str, Any] | None = None
    more_ops: tuple[Op, ...] = ()
    whole: bool = True

    @property
    def ops(self) -> tuple[Op, ...]:
        return (*OPS[self.kind], *self.more_ops)


def _field(name: str, label: Any, kind: Kind, **more: Any) -> Field:
    return Field(name=name, label=label, kind=kind, **more)


GENDERS = {"female": _l("female"), "male": _l("male"), "other": _l("other")}
INCOMES = {"low": _l("low"), "middle": _l("middle"), "high": _l("high")}
PHONE_TYPES = {
    "mobile": _l("mobile"),
    "landline": _l("landline"),
    "mobile_or_landline": _l("mobile or landline"),
    "voip": _l("internet phone"),
    "personal": _l("personal number"),
    "pager": _l("pager"),
    "unknown": _l("unknown"),
}
"""As `core/phone.py` tells them apart, of those that can be a member's key."""
REGIONS = {
    "North": _l("the North"),
    "Central": _l("the Centre"),
    "South": _l("the South"),
    "Northeast": _l("the Northeast"),
    "East": _l("the East"),
    "West": _l("the West"),
}
"""The regions of config/regions; a test holds them against the files."""
SEGMENT_LABELS = {
    "champions": _l("champions"),
    "loyal": _l("loyal"),
    "potential_loyalist": _l("potential loyalists"),
    "new": _l("new"),
    "promising": _l("promising"),
    "need_attention": _l("need attention"),
    "about_to_sleep": _l("about to sleep"),
    "cannot_lose": _l("cannot lose"),
    "at_risk": _l("at risk"),
    "hibernating": _l("hibernating"),
}
CONSENT_LABELS = {
    "sms": _l("agreed to marketing by SMS"),
    "email": _l("agreed to marketing by e-mail"),
    "zalo": _l("agreed to marketing by Zalo"),
    "call": _l("agreed to marketing by call"),
    "ads": _l("agreed to be shown ads"),
}
CHANNEL_LABELS = {
    "store": _l("in the store"),
    "online": _l("online"),
    "self_service": _l("by self-service"),
}

FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        _field("phone_type", _l("kind of phone"), Kind.CHOICE, choices=PHONE_TYPES),
        _field("name", _l("name"), Kind.TEXT),
        _field("email", _l("e-mail"), Kind.TEXT),
        _field("gender", _l("gender"), Kind.CHOICE, choices=GENDERS),
        _field("birth_date", _l("date of birth"), Kind.DATE, more_ops=(Op.BIRTHDAY_WITHIN,)),
        _field("age", _l("age"), Kind.NUMBER),
        _field("income_band", _l("income"), Kind.CHOICE, choices=INCOMES),
        _field("occupation", _l("occupation"), Kind.TEXT),
        _field("education", _l("education"), Kind.TEXT),
        _field("family_size", _l("size of the family"), Kind.NUMBER),
        _field("country", _l("country"), Kind.TEXT),
        _field("province", _l("province"), Kind.TEXT),
        _field("district", _l("district"), Kind.TEXT),
        _field("region", _l("region"), Kind.CHOICE, choices=REGIONS),
        _field("urban", _l("lives in a town"), Kind.BOOL),
        _field("joined_at", _l("member since"), Kind.TIME),
        _field("source", _l("how the member came"), Kind.TEXT),
        _field("tier", _l("tier"), Kind.TEXT),
        _field("points", _l("points"), Kind.POINTS),
        _field("points_expiring", _l("points that expire within 30 days"), Kind.POINTS),
        *(_field(f"consent_{each}", CONSENT_LABELS[each], Kind.BOOL) for each in CHANNELS),
        _field("rfm_recency", _l("recency score"), Kind.NUMBER),
        _field("rfm_frequency", _l("frequency score"), Kind.NUMBER),
        _field("rfm_monetary", _l("spending score"), Kind.NUMBER),
        _field("rfm_segment", _l("customer segment"), Kind.CHOICE, choices=SEGMENT_LABELS),
        _field("lifetime_spend", _l("spent in all"), Kind.MONEY),
        _field("purchase_count", _l("purchases in all"), Kind.NUMBER),
        _field("first_purchase", _l("first purchase"), Kind.TIME),
        _field("last_purchase", _l("last purchase"), Kind.TIME),
    )
}
"""`province` takes `list:code` (`vn34:01`), a code of today's list or a name, and is kept as
`list:code`; `region` follows from it. Texts are compared as they are stored; `contains` on
`name` alone has no regard to case and marks. A `tier` is a slug."""

CONDITION_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        _field("store", _l("store"), Kind.TEXT),
        _field("channel", _l("channel"), Kind.CHOICE, choices=CHANNEL_LABELS),
        _field("category", _l("product category"), Kind.TEXT),
        _field("sku", _l("product"), Kind.TEXT),
        _field("hour", _l("hour of the day"), Kind.NUMBER),
        _field("weekday", _l("day of the week"), Kind.NUMBER),
    )
}
"""What `where` of a purchase test may look at. Hours 0 to 23, weekdays 1 (Monday) to 7."""
CONDITION_OPS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.TEXT: (Op.EQ, Op.NE, Op.IN),
    Kind.CHOICE: (Op.EQ, Op.NE, Op.IN),
    Kind.NUMBER: (*_ORDER, Op.IN),
}

AGGREGATES: Mapping[Agg, tuple[Of, ...]] = {
    Agg.COUNT: (Of.RECEIPT,),
    Agg.SUM: (Of.AMOUNT, Of.QUANTITY),
    Agg.AVG: (Of.AMOUNT, Of.QUANTITY),
    Agg.MIN: (Of.AMOUNT, Of.QUANTITY),
    Agg.MAX: (Of.AMOUNT, Of.QUANTITY),
    Agg.FIRST: (Of.PURCHASED_AT,),
    Agg.LAST: (Of.PURCHASED_AT,),
    Agg.DISTINCT: (Of.MONTH, Of.STORE),
}
"""What each aggregate is of; left out in a rule, it is the first one named here."""


def kind_of_aggregate(agg: Agg, of: Of) -> Kind:
    if agg in (Agg.FIRST, Agg.LAST):
        return Kind.TIME
    return Kind.MONEY if of is Of.AMOUNT else Kind.NUMBER


def ops_of_aggregate(agg: Agg) -> tuple[Op, ...]:
    """What can be nothing at all can be asked for being missing."""
    if agg in (Agg.COUNT, Agg.SUM, Agg.DISTINCT):
        return _ORDER
    return (*_ORDER, Op.MISSING)

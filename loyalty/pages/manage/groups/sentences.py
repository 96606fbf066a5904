"""What a customer group is made of, as a sentence with the names of its groups in bold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from babel.lists import format_list
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from loyalty.audiences.language import AllOf, AnyOf, Expression, Leaf, NotIn, parts_of
from loyalty.pages.language import language
from loyalty.pages.manage.groups.known import Known
from loyalty.pages.manage.groups.zones import Zones, zones_of

_IN = _l("Customers in %(groups)s.")
_IN_BOTH = _l("Customers in %(all)s, and also in %(any)s.")
_EVERYBODY = _l("All customers.")
_WITHOUT = _l("Without those in %(groups)s.")
_NOT_IN = _l("not in %(group)s")


def told(expression: Expression, known: Known) -> Markup:
    """Of any expression: that of three zones reads best."""
    zones = zones_of(expression)
    if zones is None:
        return _say(_IN, groups=_nested(expression, known))
    return told_zones(zones, known)


def told_zones(zones: Zones, known: Known) -> Markup:
    """Empty where the zones are."""
    if not zones.leaves:
        return Markup("")
    sentence = _within(zones, known)
    if not zones.none:
        return sentence
    without = _say(_WITHOUT, groups=_either(zones.none, known))
    return Markup(" ").join([sentence, without])


def _within(zones: Zones, known: Known) -> Markup:
    if zones.all and zones.any:
        return _say(_IN_BOTH, all=_both(zones.all, known), any=_either(zones.any, known))
    if zones.all:
        return _say(_IN, groups=_both(zones.all, known))
    if zones.any:
        return _say(_IN, groups=_either(zones.any, known))
    return _say(_EVERYBODY)


def _nested(expression: Expression, known: Known, *, within: bool = False) -> Markup:
    """In brackets where it stands within another."""
    if isinstance(expression, Leaf):
        return _name(expression, known)
    parts = [_nested(part, known, within=True) for part in parts_of(expression)]
    match expression:
        case NotIn():
            return _say(_NOT_IN, group=parts[0])
        case AllOf() | AnyOf():
            joined = _listed(parts, "standard" if isinstance(expression, AllOf) else "or")
            return Markup("({})").format(joined) if within and len(parts) > 1 else joined


def _both(leaves: Iterable[Leaf], known: Known) -> Markup:
    return _listed([_name(leaf, known) for leaf in leaves], "standard")


def _either(leaves: Iterable[Leaf], known: Known) -> Markup:
    return _listed([_name(leaf, known) for leaf in leaves], "or")


def _name(leaf: Leaf, known: Known) -> Markup:
    return Markup("<strong>{}</strong>").format(known[leaf].name if leaf in known else leaf.slug)


def _listed(parts: list[Markup], style: Any) -> Markup:
    """`A, B and C`; of parts that are markup already."""
    return Markup(format_list(parts, style=style, locale=language()))  # noqa: S704  # nosec B704  # escaped


def _say(phrase: Any, **parts: Markup) -> Markup:
    return Markup(escape(str(phrase))) % parts  # noqa: S704  # nosec B704  # escaped here

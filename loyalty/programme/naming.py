"""Whether the stores and tiers that a rule or promotion names are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext

from loyalty.core.errors import Code, Problem
from loyalty.programme.rules import Programme

Place = tuple[Any, ...]


def check_names(document: Mapping[str, Any], current: Programme) -> None:
    """Raises `invalid_rule` whose `errors` name the place in the document. A tag that there is
    not has nobody in it: tags stand above, and come and go."""
    known = {"stores": set(current.stores), "tiers": {tier.slug for tier in current.tiers}}
    errors: dict[Any, Any] = {}
    for place, conditions in _conditions(document):
        for kind, names in known.items():
            if missing := [name for name in conditions.get(kind, ()) if name not in names]:
                says = gettext("There is no %(name)s.", name=missing[0])
                _put(errors, (*place, kind), [says])
    if errors:
        raise Problem(Code.INVALID_RULE, errors=errors)


def _conditions(document: Any, place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Every `when` in the document."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            if name == "when":
                yield (*place, name), value
            yield from _conditions(value, (*place, name))
    elif isinstance(document, Sequence) and not isinstance(document, str):
        for index, value in enumerate(document):
            yield from _conditions(value, (*place, index))


def _put(errors: dict[Any, Any], place: Place, value: Any) -> None:
    for step in place[:-1]:
        errors = errors.setdefault(step, {})
    errors[place[-1]] = value

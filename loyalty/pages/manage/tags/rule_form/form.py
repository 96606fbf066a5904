"""The form that makes a rule of one or two conditions, and counts while it is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from loyalty.core import clock
from loyalty.core.errors import Code, Problem
from loyalty.pages import formats
from loyalty.pages.manage.forms import Sentences
from loyalty.pages.manage.tags.rule_form import conditions, subjects
from loyalty.pages.manage.tags.rule_form.conditions import Condition
from loyalty.pages.manage.tags.rule_form.subjects import Subject, Subjects
from loyalty.pages.manage.tags.rule_form.ways import Takes, Way
from loyalty.tags import service as tags
from loyalty.tags.documents import from_document
from loyalty.tags.fields import Kind
from loyalty.tags.language import AllOf, AnyOf, Rule, Unit
from loyalty.tags.sentences import sentence

ALL, ANY = "all", "any"
PLACES = ("first", "second")
JOINED: Mapping[str, Any] = {ALL: _l("both must hold"), ANY: _l("one is enough")}
UNITS: Mapping[Unit, Any] = {
    Unit.DAY: _l("days"),
    Unit.WEEK: _l("weeks"),
    Unit.MONTH: _l("months"),
    Unit.YEAR: _l("years"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One condition as it is shown. `subject` is None of a second one that is not wanted."""

    place: str
    condition: Condition
    subject: Subject | None
    error: Any

    @property
    def way(self) -> Way | None:
        return self.subject.way(self.condition.way) if self.subject else None

    @property
    def takes(self) -> str:
        return str(self.way.takes) if self.way else ""

    @property
    def input(self) -> str:
        """Which kind of field the value has."""
        if self.subject is None or self.takes in (Takes.SPAN, Takes.DAYS):
            return "number"
        if self.subject.choices:
            return "choice"
        if self.subject.kind in (Kind.DATE, Kind.TIME):
            return "date"
        return "text" if self.subject.kind is Kind.TEXT else "number"

    @property
    def symbol(self) -> str:
        """Of the currency, behind an amount."""
        is_money = self.subject is not None and self.subject.kind is Kind.MONEY
        return str(formats.figures()["symbol"]) if is_money else ""


@dataclass(frozen=True, kw_only=True)
class RuleForm:
    """`conditions` are one or two; `joined` says whether both must hold."""

    subjects: Subjects
    conditions: tuple[Condition, ...]
    joined: str = ALL
    errors: Sentences = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        given = (*self.conditions, Condition())[: len(PLACES)]
        return [
            Row(
                place=place,
                condition=condition,
                subject=self.subjects.get(condition.subject),
                error=self.errors.get(place),
            )
            for place, condition in zip(PLACES, given, strict=True)
        ]

    @property
    def offered(self) -> list[tuple[Any, list[Subject]]]:
        return subjects.groups_of(self.subjects)

    @property
    def stores(self) -> list[tuple[str, str]]:
        return subjects.stores()

    @property
    def channels(self) -> list[tuple[str, Any]]:
        return subjects.channels()

    units = UNITS
    ways_of_joining = JOINED

    def rule(self) -> Rule:
        """Raises `invalid_request` with what is wrong at the place of each condition."""
        rules, errors = [], {}
        for place, condition in zip(PLACES, self.conditions, strict=False):
            try:
                rules.append(conditions.rule_of(condition, self.subjects))
            except Problem as problem:
                errors[place] = [problem.detail]
        if errors:
            raise Problem(Code.INVALID_REQUEST, errors=errors)
        if len(rules) == 1:
            return rules[0]
        return AllOf(parts=tuple(rules)) if self.joined == ALL else AnyOf(parts=tuple(rules))

    @cached_property
    def found(self) -> Found:
        return _found(self)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Whom the rule would find: `count` is None where that cannot be told, and `why` says it."""

    count: int | None = None
    says: str = ""
    why: Any = ""


_UNFINISHED = _l("Fill in the condition, and the count stands here.")


def _found(form: RuleForm) -> Found:
    try:
        rule = form.rule()
    except Problem:
        return Found(why=_UNFINISHED)
    says = formats.begun(sentence(rule))
    try:
        return Found(count=tags.preview(rule, as_of=clock.now())["count"], says=says)
    except Problem as problem:
        return Found(says=says, why=problem.detail)


# -- where a form comes from -----------------------------------------------------------


def empty() -> RuleForm:
    """What most begin with: bought something in the last three months."""
    bought = Condition(
        subject="purchases.count", way="at_least", value="1", last="3", last_unit=Unit.MONTH
    )
    return RuleForm(subjects=subjects.subjects(), conditions=(bought,))


def typed(errors: Sentences) -> RuleForm:
    """As it was posted; a second condition counts once it is about something."""
    first, second = (conditions.typed(place) for place in PLACES)
    joined = request.form.get("joined", ALL)
    return RuleForm(
        subjects=subjects.subjects(),
        conditions=(first, second) if second.subject else (first,),
        joined=joined if joined in JOINED else ALL,
        errors=errors,
    )


def can_show(view: Mapping[str, Any]) -> bool:
    """Whether the form can change the rule of a tag, given as `tags.service` gives it."""
    return view["rule"] is not None and of_rule(from_document(view["rule"])) is not None


def of_rule(rule: Rule) -> RuleForm | None:
    """None of a rule that is more than the form can show."""
    every = subjects.subjects()
    parts = rule.parts if isinstance(rule, AllOf | AnyOf) else (rule,)
    found = [conditions.condition_of(part, every) for part in parts]
    shown = tuple(condition for condition in found if condition)
    if len(parts) > len(PLACES) or len(shown) < len(parts):
        return None
    joined = ANY if isinstance(rule, AnyOf) else ALL
    return RuleForm(subjects=every, conditions=shown, joined=joined)

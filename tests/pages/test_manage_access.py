"""The table of who may do what says what the code does."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from loyalty.core.access import ACTIONS, Actor, Role

_ROW = re.compile(r'<th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', re.DOTALL)
_MARK = re.compile(r'class="desk-mark (\w+)"')
BOUND = Actor(kind="person", id=9, name="", role=Role.MANAGER, store_ids=frozenset({1}))


@pytest.fixture
def table(visit):
    """What each action says, in English -> the marks of its columns."""
    manager = visit("tram")
    manager.client.set_cookie("language", "en")
    page = manager.get("/manage/access")
    assert page.status_code == 200
    return {says: _MARK.findall(cells) for says, cells in _ROW.findall(page.text)}


def test_every_declared_action_has_a_row_and_nothing_else(table):
    assert set(table) == {str(escape(action.says)) for action in ACTIONS.values()}


def test_each_mark_is_what_the_action_allows(table):
    for action in ACTIONS.values():
        *roles, bound = table[str(escape(action.says))]
        assert roles == ["yes" if role in action.roles else "no" for role in Role], action.name
        assert bound == ("yes" if action.allows(BOUND) else "no"), action.name


def test_marks_are_words_too(visit):
    manager = visit("tram")
    manager.client.set_cookie("language", "en")
    page = manager.get("/manage/access").text
    for word in ("Yes", "No"):
        assert f"{word}</span>" in page


@pytest.mark.parametrize("login", ["han", "mai"])
def test_only_managers_read_it(visit, login):
    assert visit(login).get("/manage/access").status_code == 403

"""Every action that the code records is a sentence on the page of the log, and so is its object."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import loyalty
from loyalty.core.access import Action
from loyalty.pages.manage.audit_words import ACTIONS, OBJECTS

ROOT = Path(loyalty.__file__).parent
TREES = {
    ".".join(("loyalty", *file.relative_to(ROOT).with_suffix("").parts)): ast.parse(
        file.read_text(encoding="utf-8")
    )
    for file in sorted(ROOT.rglob("*.py"))
}
WRITES = {"audit.record", "audit_log.record"}


def calls_of(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of these functions, with the module it stands in; where one hands its own
    parameter on as the action's name, the calls of that one instead."""
    for module, tree in TREES.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                yield from _calls_in(function, module, names)


def _calls_in(
    function: ast.FunctionDef, module: str, names: tuple[str, ...]
) -> Iterator[tuple[str, ast.Call]]:
    own = {argument.arg for argument in function.args.args}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in names:
            continue
        if isinstance(node.args[0], ast.Name) and node.args[0].id in own:
            short = module.rpartition(".")[2]
            for place, call in calls_of(function.name, f"{short}.{function.name}"):
                if place == module or "." in ast.unparse(call.func) or _imports(place, module):
                    yield place, call
        else:
            yield module, node


def _imports(place: str, module: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == module
        for node in ast.walk(TREES[place])
    )


def texts(module: str, node: ast.expr) -> list[str]:
    """What an argument may be: a text, `RULE.name`, a choice of two, or the values of a table."""
    if isinstance(node, ast.IfExp):
        return [*texts(module, node.body), *texts(module, node.orelse)]
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Subscript):
        return [_name(value) for value in _known(module, node.value).values()]
    return [_name(_known(module, node))]


def _known(module: str, node: ast.expr):
    """A constant of the module; the call says where none is: write the name so that one is."""
    return eval(ast.unparse(node), vars(importlib.import_module(module)))  # noqa: S307


def _name(value: object) -> str:
    return value.name if isinstance(value, Action) else str(value)


RECORDED = list(calls_of(*WRITES))


def test_the_code_records():
    assert len(RECORDED) > 10


@pytest.mark.parametrize(
    ("module", "call"), RECORDED, ids=[f"{module}:{call.lineno}" for module, call in RECORDED]
)
def test_what_is_recorded_has_words(module, call):
    assert {*texts(module, call.args[0])} <= ACTIONS.keys()


def test_every_kind_of_thing_has_a_word():
    kinds = {
        call.args[1].value
        for _, call in RECORDED
        if ast.unparse(call.func) in WRITES and isinstance(call.args[1], ast.Constant)
    }
    assert kinds - OBJECTS.keys() == set()


def test_no_words_without_an_action():
    """What is no longer recorded stays readable in old logs: only what never was is a mistake."""
    recorded = {name for module, call in RECORDED for name in texts(module, call.args[0])}
    assert ACTIONS.keys() - recorded == set()

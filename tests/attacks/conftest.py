"""A shop that stands open while it is attacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors import Shop, standing_open

HERE = Path(__file__).parent
EVERY_FIELD = ("test_api_texts.py", "test_forms.py")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_open(databases, tmp_path_factory.mktemp("attacked")) as standing:
        yield standing


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every string in every field takes a minute more on PostgreSQL: `make soak` does that."""
    for item in items:
        here = item.path.parent == HERE and item.path.name in EVERY_FIELD
        if here and "[postgresql" in item.name:
            item.add_marker("soak")

"""A shop that stands open while it is attacked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors import Shop, standing_open


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with standing_open(databases, tmp_path_factory.mktemp("attacked")) as standing:
        yield standing

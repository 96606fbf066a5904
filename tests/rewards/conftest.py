from __future__ import annotations

import pytest

from tests.properties.shop import broken_invariants
from tests.shop import make_store


@pytest.fixture(autouse=True)
def shop(request):
    """A store, and a ledger that adds up at the end; nothing where a test asks for no app."""
    if "app" not in request.fixturenames:
        yield
        return
    app = request.getfixturevalue("app")
    make_store(app)
    yield
    assert broken_invariants(app) == ""

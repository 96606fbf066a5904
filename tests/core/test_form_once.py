"""A form whose button is pressed twice counts once, also where both presses come at once."""

from __future__ import annotations

from threading import Thread

from loyalty.core.db import transaction
from loyalty.core.idempotency import comes_first

FIELDS = [("once", "r4nd0m"), ("points", "50")]


def press(app, *, fields=FIELDS, path="/here", actor="person:1") -> bool:
    with app.test_request_context(path), transaction():
        return comes_first(actor, fields)


def test_second_press_is_known_by_form_page_and_person(app):
    assert press(app)
    assert not press(app)
    assert press(app, fields=[("once", "r4nd0m"), ("points", "500")])
    assert press(app, path="/there")
    assert press(app, actor="person:2")


def test_press_meanwhile_waits_for_the_first_one(app):
    for refuses in (False, True):
        later: list[bool] = []
        fields = [("once", str(refuses))]
        second = Thread(target=lambda f=fields, seen=later: seen.append(press(app, fields=f)))
        try:
            with app.test_request_context("/here"), transaction():
                assert comes_first("person:1", fields)
                second.start()
                second.join(0.3)
                assert later == []
                if refuses:
                    raise RuntimeError("refused")
        except RuntimeError:
            assert refuses
        second.join(10)
        assert later == [refuses]

"""An import as the pages ask for it: a file is received, its columns chosen, checked, imported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.core.errors import Problem
from loyalty.imports import service
from loyalty.imports.files import Upload
from loyalty.imports.member_settings import ImportSettings
from tests.imports.people import people, person
from tests.tags.building import do_jobs

ROWS = [person(n, name=f"Lan {n}") for n in range(1, 8)]


def upload(text):
    return Upload(name="upload.csv", content=text.encode() if isinstance(text, str) else text)


def receive(app, rows=ROWS, *, file_name="list.csv"):
    with app.app_context():
        sent = upload(rows if isinstance(rows, (str, bytes)) else people(rows))
        return in_transaction(lambda: service.receive(sent, file_name=file_name))


def do(app, act, *arguments):
    """One of the service's verbs, in a transaction of its own."""
    with app.app_context():
        return in_transaction(lambda: act(*arguments))


def see(app, import_id):
    with app.app_context(), read():
        return service.get(import_id)


def chosen(app, received, **settings):
    with app.app_context():
        return ImportSettings.from_document({"columns": received["guessed"], **settings})


def checked(app, rows=ROWS, **settings):
    """The view of an import whose file was looked through."""
    received = receive(app, rows)
    view = do(app, service.choose, received["id"], chosen(app, received, **settings))
    assert view["state"] == "checking"
    do_jobs(app)
    return see(app, received["id"])


def imported(app, rows=ROWS, **settings):
    view = checked(app, rows, **settings)
    assert do(app, service.start, view["id"])["state"] == "importing"
    do_jobs(app)
    return see(app, view["id"])


def refusal(act):
    with pytest.raises(Problem) as why:
        act()
    return why.value


def days_ago(app, days):
    moment = clock.now() - timedelta(days=days)
    on_sqlite = app.extensions["settings"].is_sqlite
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f") if on_sqlite else moment


class Stopped(BaseException):
    """A worker that is there no more: nothing is written down."""

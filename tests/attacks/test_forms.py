"""Hostile input in every form that a page shows, as a browser sends it and as none would."""

from __future__ import annotations

import io

import pytest

from loyalty.core.db import db
from tests.attacks.forms import browser, forms_of, send
from tests.attacks.strings import EVALUATED, GREEDY, HOSTILE, SECRET
from tests.core.rows import column

FEW = (
    "SQL that closes a text",
    "a Jinja sum",
    "NUL",
    "line feeds",
    "directions",
    "very long",
    "markup",
)
DECIDED_ELSEWHERE = (
    "SELECT CAST(id AS TEXT) || role || CAST(is_owner AS TEXT) || CAST(active AS TEXT)"
    " FROM staff_users ORDER BY id",
    "SELECT CAST(id AS TEXT) || ' ' || CAST(points AS TEXT) || ' ' || CAST(debt AS TEXT)"
    " FROM members WHERE erased_at IS NULL AND closed_at IS NULL ORDER BY id",
)


def check(answer, *told):
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500, (told, text[-600:])
    assert EVALUATED not in text, told
    assert SECRET not in text, told
    assert "Set-Cookie: session=x" not in str(answer.headers), told


def hostile_forms(form):
    """One field of a filled form at a time."""
    for field in form.fields:
        if field.kind in ("file", "submit") or field.name == "csrf_token":
            continue
        for kind in FEW:
            yield field.name, kind, {**form.filled(), field.name: HOSTILE[kind]}


@pytest.mark.parametrize("name", ["cashier", "manager"])
def test_every_field_of_every_form(shop, name):
    forms = forms_of(shop, name)
    assert len(forms) >= 2
    for form in forms:
        # A form may end the session it is sent in.
        client = browser(shop, name)
        for field, kind, data in hostile_forms(form):
            check(send(client, form, data), form.action, field, kind)


def test_every_form_takes_any_order_number_and_none_of_its_fields(shop):
    for form in forms_of(shop, "manager"):
        client = browser(shop, "manager")
        twice = [(name, value) for name, value in form.filled().items() for _ in range(2)]
        check(send(client, form, {}), form.action, "empty")
        check(client.post(form.action, data=dict(twice)), form.action)
        check(client.post(form.action, json={"a": 1}), form.action, "JSON")
        check(client.post(form.action, data=b"%zz=%ff&&==&\x00=\x00"), form.action, "no form")
        many = "&".join(f"f{number}=1" for number in range(3_000))
        kind = "application/x-www-form-urlencoded"
        check(client.post(form.action, data=many, content_type=kind), form.action, "many")


FILE_NAMES = [
    "../../../../tmp/owned.csv",
    "/etc/passwd",
    "..\\..\\x.csv",
    "a\x00.csv",
    ".",
    "",
    "C:x",
]


OWN_NAMES = {"upload.csv", "about.json"}
"""Under which the service keeps a file of customers that was sent, in a folder by number."""


def test_names_of_uploads_lead_nowhere(shop):
    """Only what stands in a file is read: where it says it lies is nobody's business."""
    folder = shop.app.extensions["settings"].data_dir
    before = set(folder.rglob("*"))
    for form in forms_of(shop, "manager"):
        files = [field.name for field in form.fields if field.kind == "file"]
        for name in FILE_NAMES if files else ():
            data = {**form.filled(), files[0]: (io.BytesIO(b"phone\n0912345678\n"), name)}
            answer = browser(shop, "manager").post(
                form.action, data=data, content_type="multipart/form-data"
            )
            check(answer, form.action, name)
    kept = {path for path in set(folder.rglob("*")) - before if path.is_file()}
    assert {path.name for path in kept} <= OWN_NAMES
    assert all(path.parent.parent == folder / "imports" for path in kept)


@pytest.mark.parametrize("name", ["cashier", "manager"])
def test_no_form_takes_more_than_it_offers(shop, name):
    """Mass assignment: a role in a profile, an owner, points, another id."""
    before = [column(shop.app, statement) for statement in DECIDED_ELSEWHERE]
    for form in forms_of(shop, name):
        offered = {field.name for field in form.fields}
        greedy = {key: str(value) for key, value in GREEDY.items() if key not in offered}
        if "name" in offered or name == "cashier":
            if form.method.lower() == "get" or "role" in offered or "till/purchases" in form.action:
                continue
            check(
                browser(shop, name).post(form.action, data={**form.filled(), **greedy}), form.action
            )
    assert [column(shop.app, statement) for statement in DECIDED_ELSEWHERE] == before
    assert db.metadata.tables["staff_users"].columns["role"] is not None

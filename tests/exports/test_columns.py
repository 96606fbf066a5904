"""What can be a column of a file."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from loyalty.core.db import read
from loyalty.exports import columns
from loyalty.exports.columns import DEFAULT, FIXED, ColumnKind
from loyalty.members.rules import fold
from loyalty.tags.fields import FIELDS, KIND_OF_ATTRIBUTE, Kind


def declare(api, name, label, kind="text", **more):
    answer = api.post("/attributes", {"name": name, "label": label, "kind": kind, **more})
    assert answer.status_code == 201, answer.json


def all_columns(app):
    with app.app_context(), read():
        return columns.columns(), columns.default()


def test_columns_are_of_every_kind_that_fields_and_attributes_have():
    assert {str(kind) for kind in Kind} < {str(kind) for kind in ColumnKind}
    assert {str(kind) for kind in KIND_OF_ATTRIBUTE.values()} < {str(kind) for kind in ColumnKind}


def test_columns_that_rules_know_are_called_as_there():
    shared = set(FIXED) & set(FIELDS)
    assert len(shared) > 20
    for name in shared:
        assert FIXED[name].label is FIELDS[name].label
        assert FIXED[name].choices is FIELDS[name].choices


def test_default_is_what_an_import_takes_back():
    assert {"phone", "name", "email", "province", "joined_at", "tags", "points"} < set(DEFAULT)
    assert {f"consent_{each}" for each in ("sms", "email", "zalo", "call", "ads")} < set(DEFAULT)
    assert not {"id", "source", "lifetime_spend", "rfm_segment"} & set(DEFAULT)
    assert DEFAULT[0] == "phone"


def test_attributes_of_the_shop_are_columns_and_in_the_default(app, api):
    declare(api, "vehicle", "Xe", "choice", choices=["xe máy", "ô tô"])
    every, default = all_columns(app)
    assert every["attributes.vehicle"].label == "Xe"
    assert every["attributes.vehicle"].kind == ColumnKind.CHOICE
    assert default == (*DEFAULT, "attributes.vehicle")
    assert list(every) == [*default, *(name for name in FIXED if name not in DEFAULT)]


def test_attribute_called_like_another_column_has_its_name_above_it(app, api):
    declare(api, "mail", "E-mail")
    every, _ = all_columns(app)
    assert every["attributes.mail"].label == "attributes.mail"


@pytest.mark.parametrize("language", ["en", "vi", "th"])
def test_no_two_columns_have_one_label(app, language):
    with app.test_request_context(), force_locale(language):
        labels = [fold(str(column.label)) for column in FIXED.values()]
    assert len(set(labels)) == len(labels)

"""The public page of the programme's terms."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from loyalty.core import clock
from loyalty.core.db import transaction
from loyalty.programme import terms


def publish(app, texts, **more):
    with app.app_context(), transaction():
        return terms.publish(texts, **more)


def page(client, path="/terms", language="en"):
    client.set_cookie("language", language)
    return client.get(path)


def test_anyone_reads_what_the_programme_says_of_itself_before_terms_are_written(client, store):
    answer = page(client)
    assert answer.status_code == 200
    assert "10,000" in answer.text


def test_published_terms_are_shown_with_their_version_in_the_readers_language(app, client, store):
    publish(app, {"en": "Points are a gift.", "vi": "Điểm là quà."})
    assert "Points are a gift." in page(client).text
    assert "Version 1" in page(client).text
    assert "Điểm là quà." in page(client, language="vi").text


def test_an_earlier_version_can_be_read_again(app, client, store):
    publish(app, {"en": "As it was."})
    with time_machine.travel(clock.now() + timedelta(days=3)):
        publish(app, {"en": "As it is."})
        now = page(client)
    assert "As it is." in now.text
    assert 'href="/terms/1"' in now.text
    assert "As it was." in page(client, "/terms/1").text


def test_what_is_written_is_text_and_never_markup(app, client, store):
    publish(app, {"en": "<script>alert(1)</script>\n\nSecond"})
    answer = page(client).text
    assert "<script>alert" not in answer
    assert "&lt;script&gt;" in answer


def test_a_version_that_there_is_not_is_told(client, store):
    assert page(client, "/terms/7").status_code == 404


def test_terms_to_come_are_not_shown_yet(app, client, store):
    publish(app, {"en": "Now."})
    publish(app, {"en": "Later."}, valid_from=clock.now() + timedelta(days=3))
    answer = page(client).text
    assert "Now." in answer
    assert "/terms/2" not in answer

"""The page of one tag, with whichever of its forms came back."""

from __future__ import annotations

from flask import render_template, request

from loyalty.core import clock
from loyalty.pages.manage.forms import Sentences
from loyalty.pages.manage.tags import thresholds
from loyalty.pages.manage.tags.rule_form import form as rule_form
from loyalty.pages.manage.tags.shown import ShownTag, step
from loyalty.pages.manage.uploads import Told
from loyalty.tags import service

STEPS_SHOWN = 20


def show(slug: str, *, errors: Sentences, told: Told | None = None) -> str:
    view = service.get(slug)
    builds, _ = service.builds(slug)
    return render_template(
        "pages/manage/tags/tag.html",
        tag=ShownTag(view=view, now=clock.now()),
        leaves=thresholds.leaves_of(view, errors),
        has_form=rule_form.can_show(view),
        steps=[step(build) for build in builds[:STEPS_SHOWN]],
        given=view if told or "name" not in request.form else request.form,
        phones="" if told else request.form.get("phones", ""),
        told=told,
        errors=errors,
    )

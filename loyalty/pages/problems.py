"""Refusals as people see them: a page of their own, or the way to where it goes on."""

from __future__ import annotations

from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from loyalty.core.errors import Code, Problem


def is_fragment() -> bool:
    """Whether htmx asks: it wants a part of the page, or to be told where to go."""
    return request.headers.get("HX-Request") == "true"


def go_to(address: str) -> ResponseReturnValue:
    """Send the whole page elsewhere, also from within a fragment's request."""
    if not is_fragment():
        return redirect(address)
    return Response(status=204, headers={"HX-Redirect": address})


def problem_page(problem: Problem) -> ResponseReturnValue:
    if problem.code is Code.UNAUTHENTICATED:
        return go_to(url_for("pages.sign_in"))
    if problem.code is Code.PASSWORD_CHANGE_REQUIRED:
        return go_to(url_for("account.password"))
    # Who may not be there would only come back by way of the first page.
    leads_on = problem.code is not Code.FORBIDDEN
    page = render_template("pages/problem.html", problem=problem, leads_on=leads_on)
    return make_response(page, int(problem.status), dict(problem.headers))


def configure_problems(app: Flask) -> None:
    @app.errorhandler(CSRFError)
    def on_csrf(_: CSRFError) -> ResponseReturnValue:
        problem = Problem(Code.INVALID_CSRF)
        return reload_page() if is_fragment() else problem_page(problem)


def reload_page() -> ResponseReturnValue:
    """The page is older than the session: a fresh one has a token that counts."""
    return Response(status=204, headers={"HX-Refresh": "true"})

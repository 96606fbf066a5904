"""A browser, and a shop that is open: one server and its database for all journeys.

Each journey has a browser context of its own and its own phones and receipts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.databases import Databases, environment, running_app
from tests.journeys.shop import PASSWORD, Shop, furnish
from tests.journeys.till import Till
from tests.live import serving

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESK = ViewportSize(width=1280, height=800)
PATIENCE_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shop(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A furnished shop behind the real web server."""
    environ = environment(sqlite_databases.fresh(), tmp_path_factory.mktemp("shop"))
    with running_app(environ) as app:
        furnish(app)
    with serving(environ) as server:
        yield Shop(server.url, environ)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(width=360, height=740)`: a page in a context of its own; whatever the
    security policy refuses or a script trips over fails the journey."""
    contexts: list[BrowserContext] = []
    mishaps: list[str] = []

    def open_one(address: str, *, viewport: ViewportSize = DESK, **cookies: str) -> Page:
        context = browser.new_context(viewport=viewport, base_url=address, locale="vi-VN")
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: mishaps.append(str(error)))
        page.on("console", lambda message: _note(message, mishaps))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert mishaps == []


def _note(message: Any, mishaps: list[str]) -> None:
    if "Content Security Policy" in message.text or "preloaded" in message.text:
        mishaps.append(message.text)


@pytest.fixture(scope="package")
def session_of(browser: Browser, shop: Shop) -> Callable[[str], str]:
    """`session_of("han")`: the session cookie of a person who signed in, once for all."""

    @cache
    def sign_in(login: str) -> str:
        context = browser.new_context(base_url=shop.url)
        page = context.new_page()
        page.goto("/login")
        page.locator("#login").fill(login)
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        page.wait_for_url(lambda address: not address.endswith("/login"))
        [value] = [c["value"] for c in context.cookies() if c["name"] == "session"]
        context.close()
        return value

    return sign_in


@pytest.fixture
def open_till(
    shop: Shop, session_of: Callable[[str], str], open_page: Callable[..., Page]
) -> Callable[..., Till]:
    """`open_till("han", language="en")`: signed in, at the till."""

    def open_one(login: str = "han", **options: Any) -> Till:
        page = open_page(shop.url, session=session_of(login), **options)
        page.goto("/till")
        return Till(page)

    return open_one


@pytest.fixture
def till(open_till: Callable[..., Till]) -> Till:
    """A cashier of the store on Lê Văn Sỹ, at a desk, in Vietnamese."""
    return open_till()

"""A browser that sees loopback alone, and the pages to show it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # of milliseconds: machines may be busy

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_HERE = {"127.0.0.1", "localhost", None}

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(missing: Callable[[str], NoReturn]) -> Iterator[Browser]:
    """Debian's chromium, for one module: while it lives, this thread has an event loop."""
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} (Debian package chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Open an address in a window of its own; no window may ask elsewhere or meet an error.

    `address` is a fixture of the module: its server outlives the windows.
    """
    contexts, strangers, errors = [], [], []

    def opened(url: str, *, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        context.on(
            "request",
            lambda request: (
                strangers.append(request.url)
                if urlsplit(request.url).hostname not in _HERE
                else None
            ),
        )
        page = context.new_page()
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert strangers == []
    assert errors == []

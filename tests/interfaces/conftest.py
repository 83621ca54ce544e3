"""For the tests of pages: the sample mall, and Chromium, one for each worker, with windows that outlive a test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from browsing import CHROMIUM, Windows
from sample_mall import SampleMall


@pytest.fixture(scope="session")
def sample_mall() -> SampleMall:
    """Whoever needs it says `load()`."""
    return SampleMall()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium; without it the browser tests are skipped."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    # One process for all pages of a window: a process for each costs a second.
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--renderer-process-limit=1", "--disable-gpu"],
    }


@pytest.fixture(scope="session")
def _django_beside_a_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would take it for asynchronous code."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        yield


@pytest.fixture(scope="session")
def windows(browser: Browser, live_server: LiveServer, _django_beside_a_browser: None) -> Windows:
    """On the pages of the running server."""
    return Windows(live_server.url, browser)

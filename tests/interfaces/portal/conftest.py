"""The sample mall behind the pages, and customers of it who are signed in."""

import os
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from django.test import Client
from playwright.sync_api import Browser, BrowserContext
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from fenqi.interfaces.commands.demo import demo
from fenqi.records.models import Account
from fenqi.usecases.customers import find_customer_by_phone
from town import Town

PEOPLE = {
    "chen": "17000000417",  # a bill in its grace, one due soon
    "lin": "17000000418",  # the outcome of a repayment is not known
    "wang": "17000000419",  # overdue; a repayment failed
    "zhang": "17000000420",  # everything settled
    "ouyang": "17000000421",  # a down payment
    "emma": "17000000423",  # reads English
}


@pytest.fixture
def mall(db: None, town: Town) -> Callable[[str], UUID]:
    """The sample mall is loaded; gives a customer's id by the short name above."""
    CliRunner().invoke(demo, ["--quiet"], catch_exceptions=False)
    return lambda name: find_customer_by_phone(PEOPLE[name])


@pytest.fixture
def signed_in(mall: Callable[[str], UUID]) -> Callable[[str], Client]:
    """A browser without scripts in which somebody is signed in."""

    def sign_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(
            Account.objects.for_customer(mall(name)), backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    return sign_in


# In a browser -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium; without it the browser tests are skipped."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def _django_beside_a_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would take it for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass(frozen=True, slots=True)
class Site:
    """The mall's pages on a real port, and a way to open them as somebody."""

    url: str
    browser: Browser
    client: Callable[[str], Client]
    customer: Callable[[str], UUID]

    def open(self, *, language: str = "zh-CN", who: str | None = None, **options: Any) -> BrowserContext:
        """A fresh browser window; `who` is signed in."""
        context = self.browser.new_context(base_url=self.url, locale=language, **options)
        if who is not None:
            session = self.client(who).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])
        return context


@pytest.fixture
def site(
    browser: Browser,
    _django_beside_a_browser: None,
    live_server: LiveServer,
    signed_in: Callable[[str], Client],
    mall: Callable[[str], UUID],
    town: Town,
    settings: Settings,
) -> Site:
    """The sandbox's cashier is where forms may lead, and where the channel's answers come back from."""
    settings.FENQI_PUBLIC_URL = live_server.url
    settings.FENQI_SANDBOX_URL = town.url
    policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(town.url)
    policy["DIRECTIVES"]["upgrade-insecure-requests"] = False
    settings.CONTENT_SECURITY_POLICY = policy
    return Site(live_server.url, browser, signed_in, mall)

"""The mall's pages in a browser, as somebody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import Client
from playwright.sync_api import Browser, BrowserContext


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

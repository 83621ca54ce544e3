"""The mall's pages in a browser, as somebody."""

import json
import os
import re
import shutil
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

CHINESE = re.compile("[\u4e00-\u9fff]")
WINDOWS_KEPT = 4
PICTURES_ARE_WANTED = bool(os.environ.get("FENQI_TEST_PICTURES"))
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""Debian's Chromium, if it is installed: the one without a user interface, which else is drawn where nobody sees it."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Browser windows that outlive a test: starting one costs more than most of what is done in it.

    Each is found as if it were new, without pages and cookies. One page, which does nothing, stays open behind: the
    browser keeps the process of an address only as long as somebody is there.
    """

    url: str
    browser: Browser
    kept: dict[str, BrowserContext] = field(default_factory=dict)

    @contextmanager
    def open(self, **options: Any) -> Iterator[BrowserContext]:
        """A window with these options of Playwright; after a failure it is not used again."""
        kind = json.dumps(options, sort_keys=True)
        window = self.kept.pop(kind, None) or self._new(options)
        try:
            yield window
        except BaseException:
            window.close()
            raise
        for page in window.pages[1:]:
            page.close()
        window.clear_cookies()
        self._keep(kind, window)

    def _new(self, options: dict[str, Any]) -> BrowserContext:
        window = self.browser.new_context(base_url=self.url, **options)
        window.new_page().goto("/healthz")
        return window

    def _keep(self, kind: str, window: BrowserContext) -> None:
        if kind in self.kept:  # two were open at once
            self.kept.pop(kind).close()
        self.kept[kind] = window
        if len(self.kept) > WINDOWS_KEPT:
            self.kept.pop(next(iter(self.kept))).close()


@dataclass(frozen=True, slots=True)
class Site:
    """The mall's pages on a real port, and a way to open them as somebody."""

    url: str
    windows: Windows
    client: Callable[[str], Client]
    customer: Callable[[str], UUID]

    @contextmanager
    def open(self, *, language: str = "zh-CN", who: str | None = None, **options: Any) -> Iterator[BrowserContext]:
        """A browser window; `who` is signed in."""
        with self.windows.open(locale=language, **options) as context:
            self.sign_in(context, who)
            yield context

    def sign_in(self, context: BrowserContext, who: str | None) -> None:
        """From now on the window is theirs; nobody's: signed out."""
        context.clear_cookies()
        if who is not None:
            session = self.client(who).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])


def untranslated(page: Page) -> list[str]:
    """Texts on a Chinese page that hold English words which are no product, person or number."""
    words = page.locator("main, header, nav").all_inner_texts()
    lines = {line.strip() for text in words for line in text.splitlines()}
    allowed = re.compile(
        r"青屿|Pro|Pad|Buds|Air|GB|English|MM-|IRR|[FRT][0-9A-Z]{24}|[0-9a-f]{32}|Emma|R5|D10|Clarke|420L|AS[0-9]{6}|SF[0-9]+|o-c-|http://|Asia/Shanghai|PDF|SHA-256|([0-9A-Z]{5}-){3}|^[0-9a-f]{12}$"
    )
    return sorted(line for line in lines if re.search(r"[A-Za-z]{2,}", line) and not allowed.search(line))


def chinese_left(page: Page) -> list[str]:
    """Texts on an English page in Chinese that are no product, person, carrier or the switch to Chinese."""
    words = page.locator("main, header, nav").all_inner_texts()
    lines = {line.strip() for text in words for line in text.splitlines()}
    products = "青屿|手机|空气净化器|平板|耳机|扫地|电视|笔记本|洗衣机|冰箱|保温杯|年卡|顺丰|中文|[*]"
    return sorted(line for line in lines if CHINESE.search(line) and not re.search(products, line))


def picture(page: Page, width: int, file: Path) -> None:
    """The whole page in one screen, so that its bars are at its edges; kept where somebody asked for pictures."""
    page.set_viewport_size({"width": width, "height": 844})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(844, height)})
    if PICTURES_ARE_WANTED:
        _keep(page, file)


def _keep(page: Page, file: Path) -> None:
    """What is on the screen. Packed for speed, not for size, which Playwright's own way cannot be told."""
    chromium = page.context.new_cdp_session(page)
    taken = chromium.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    chromium.detach()
    file.write_bytes(b64decode(taken["data"]))


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds wrong. Nothing else is brought over from the browser, which would take longer than the finding."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
    return found


def amounts_below_their_names(page: Page) -> list[str]:
    """Amounts of rows that were pushed to a line of their own by what they are the amount of."""
    found: list[str] = page.locator(".row .between > .row-title + .amount").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().top"
        " >= one.previousElementSibling.getBoundingClientRect().bottom - 1).map(one => one.textContent)"
    )
    return found


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def faults(page: Page, language: str) -> Iterator[tuple[str, object]]:
    """What is wrong with the page: empty for each thing that is right."""
    yield "scrolls sideways", scrolls_sideways(page)
    yield "accessibility", [(one["id"], one["nodes"]) for one in violations(page)]
    yield "language", untranslated(page) if language == "zh-CN" else chinese_left(page)

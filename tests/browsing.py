"""The mall's pages in a browser, as somebody."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

CHINESE = re.compile("[\u4e00-\u9fff]")


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


def untranslated(page: Page) -> list[str]:
    """Texts on a Chinese page that hold English words which are no product, person or number."""
    words = page.locator("main, header, nav").all_inner_texts()
    lines = {line.strip() for text in words for line in text.splitlines()}
    allowed = re.compile(r"青屿|Pro|Pad|Buds|Air|GB|English|MM-|IRR|F[0-9A-Z]{24}|Emma|R5|D10|Clarke|420L")
    return sorted(line for line in lines if re.search(r"[A-Za-z]{2,}", line) and not allowed.search(line))


def chinese_left(page: Page) -> list[str]:
    """Texts on an English page in Chinese that are no product, person or the switch to Chinese."""
    words = page.locator("main, header, nav").all_inner_texts()
    lines = {line.strip() for text in words for line in text.splitlines()}
    products = "手机|空气净化器|平板|耳机|扫地|电视|笔记本|洗衣机|冰箱|保温杯|年卡|中文|[*]"
    return sorted(line for line in lines if CHINESE.search(line) and not re.search(products, line))


def picture(page: Page, width: int, file: Path) -> None:
    """The whole page in one screen, so that its bars are at its edges."""
    page.set_viewport_size({"width": width, "height": 844})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(844, height)})
    page.screenshot(path=file)


def faults(page: Page, language: str) -> Iterator[tuple[str, object]]:
    """What is wrong with the page: empty for each thing that is right."""
    yield "scrolls sideways", page.evaluate("document.documentElement.scrollWidth > innerWidth")
    yield "accessibility", [(one["id"], one["nodes"]) for one in Axe().run(page).response["violations"]]
    yield "language", untranslated(page) if language == "zh-CN" else chinese_left(page)

"""Who walks through the pages in a browser: customers with their language and screen, and the staff they wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import PICTURES_ARE_WANTED, Windows, faults, picture, scrolls_sideways
from fenqi.records.models import Account, Role
from returned import Case

ARTEFACTS = Path("test-artefacts") / "portal"
BACKEND = "django.contrib.auth.backends.ModelBackend"
PHONE_WIDTH, DESK_WIDTH = 390, 1280


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who reads the pages in a language on a screen of a width."""

    language: str
    width: int

    def reads(self, zh: str, en: str) -> str:
        return zh if self.language == "zh-CN" else en

    def looks_at(self, page: Page, name: str) -> None:
        """Whole on a phone and on a desk; accessible and in one language on the own screen. The pictures are kept."""
        folder = ARTEFACTS / self.language[:2]
        folder.mkdir(parents=True, exist_ok=True)
        other = PHONE_WIDTH if self.width == DESK_WIDTH else DESK_WIDTH
        picture(page, other, folder / f"{name}-{other}.png")
        assert not scrolls_sideways(page), f"{name} {other}"
        picture(page, self.width, folder / f"{name}-{self.width}.png")
        assert {what: found for what, found in faults(page, self.language) if found} == {}, f"{name} {self.width}"


ZH_PHONE, ZH_DESK = Visitor("zh-CN", PHONE_WIDTH), Visitor("zh-CN", DESK_WIDTH)
EN_PHONE, EN_DESK = Visitor("en-GB", PHONE_WIDTH), Visitor("en-GB", DESK_WIDTH)


EVERYBODY = (ZH_PHONE, ZH_DESK, EN_PHONE, EN_DESK)


def visited_by(*visitors: Visitor) -> pytest.MarkDecorator:
    names = [f"{one.language[:2]} at {one.width}" for one in visitors]
    return pytest.mark.parametrize("visitor", visitors, ids=names)


def walked_by(*visitors: Visitor) -> pytest.MarkDecorator:
    """These; everybody where pictures are wanted, in both languages and on both screens."""
    return visited_by(*(EVERYBODY if PICTURES_ARE_WANTED else visitors))


@dataclass(frozen=True, slots=True)
class Screen:
    """One window in which a visitor and staff take turns. A page is left only when it shows what was done on it."""

    window: BrowserContext
    address: str
    visitor: Visitor

    def of(self, account: Account, *, width: int | None = None) -> Page:
        """An empty page; from now on the window is theirs."""
        client = Client()
        client.force_login(account, backend=BACKEND)
        self.window.clear_cookies()
        self.window.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.address}]
        )
        page = self.window.new_page()
        page.set_viewport_size({"width": width or self.visitor.width, "height": 844})
        return page

    def of_staff(self, case: Case) -> Page:
        """The case in the console, as an agent finds it at the desk."""
        agent = Account.objects.filter(username="agent").first()
        agent = agent or Account.objects.create_staff(username="agent", password="x" * 16, role=Role.AGENT)
        desk = self.of(agent, width=DESK_WIDTH)
        desk.goto("/console/after-sales")
        desk.get_by_role("link", name=case.row.case_no, exact=True).click()
        expect(desk.get_by_role("heading", level=1)).to_contain_text(case.row.case_no)
        return desk

    def reviewed(self, case: Case) -> None:
        """An agent does what the case waits for: approves it, or takes the goods in."""
        desk = self.of_staff(case)
        desk.locator("#acts button.filled").click()
        expect(desk.get_by_role("status").first).to_be_visible()
        desk.close()


@contextmanager
def screen(windows: Windows, server: LiveServer, visitor: Visitor) -> Iterator[Screen]:
    size = {"width": visitor.width, "height": 844}
    with windows.open(locale=visitor.language, viewport=size) as window:
        yield Screen(window, server.url, visitor)

"""Every page in a real browser, in both languages: accessible, whole at phone and desk width, and looked at later.

The pictures are kept in test-artefacts/portal.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

from browsing import Site
from fenqi.records.models import Payment, Plan
from fenqi.usecases.orders.queries import list_orders

ARTEFACTS = Path("test-artefacts") / "portal"
CHINESE = re.compile("[\u4e00-\u9fff]")
MOST_HTML_BYTES = 30_000

pytestmark = pytest.mark.browser


def addresses(site: Site) -> Iterator[tuple[str, str | None, str]]:
    """Name, whose page, address."""
    yield "sign-in", None, "/sign-in"
    yield "not-found", "chen", f"/orders/{UUID(int=1)}"
    for who in ("chen", "wang", "zhang"):
        yield f"bills-{who}", who, "/bills"
    yield "orders", "chen", "/orders"
    yield "orders-settled", "chen", "/orders?show=settled"
    yield "me", "chen", "/me"
    for who, number in (("chen", 0), ("chen", -1), ("lin", 1), ("wang", 0), ("zhang", 0), ("ouyang", -1)):
        order = list_orders(site.customer(who)).items[number]
        yield f"order-{who}-{number}", who, f"/orders/{order.order_id}"
    chen = site.customer("chen")
    plan = Plan.objects.filter(customer_id=chen).order_by("opened_on")[0]
    yield "choose", "chen", f"/plans/{plan.id}/repay"
    yield "confirm", "chen", f"/plans/{plan.id}/repay/confirm?choice=5"
    yield "confirm-settle", "chen", f"/plans/{plan.id}/repay/confirm?choice=settle"
    yield "refusal", "chen", f"/plans/{plan.id}/repay/confirm?choice=7"
    for who, state in (("chen", "succeeded"), ("lin", "open"), ("wang", "closed")):
        payment = Payment.objects.filter(customer_id=site.customer(who), state=state).order_by("-created_at")[0]
        yield f"result-{who}-{state}", who, f"/repayments/{payment.id}"


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


def note(console: list[str], message: ConsoleMessage) -> None:
    console.append(message.text)


@pytest.mark.requirement("R008", "R184")
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible_whole_and_in_one_language(site: Site, language: str, width: int) -> None:
    folder = ARTEFACTS / language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    wrong: dict[str, object] = {}
    for name, who, address in addresses(site):
        with site.open(language=language, who=who) as context:
            page = context.new_page()
            console: list[str] = []
            page.on("console", partial(note, console))
            answer = page.goto(address)
            assert answer
            assert len(answer.body()) < MOST_HTML_BYTES
            picture(page, width, folder / f"{name}-{width}.png")
            wrong |= {f"{name}: {what}": found for what, found in faults(page, language) if found}
            wrong |= {f"{name}: console": told for told in console if not told.startswith("Failed to load resource")}
    assert wrong == {}


def faults(page: Page, language: str) -> Iterator[tuple[str, object]]:
    """What is wrong with the page: empty for each thing that is right."""
    yield "scrolls sideways", page.evaluate("document.documentElement.scrollWidth > innerWidth")
    yield "accessibility", [(one["id"], one["nodes"]) for one in Axe().run(page).response["violations"]]
    yield "language", untranslated(page) if language == "zh-CN" else chinese_left(page)

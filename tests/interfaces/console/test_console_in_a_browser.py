"""The console as staff see it, in Chromium: accessible, wide and narrow, in both languages. Pictures are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from bill_sources import bill_line, open_bills
from fenqi.config.environment import project_folder
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.records.models import Account, RefusedCallback
from fenqi.usecases import clock
from fenqi.usecases.conditions.edit import NewCondition, add_condition
from fenqi.usecases.reconciliation.run import reconcile
from fenqi.usecases.staff.permissions import staff_member
from fenqi.usecases.support.conversation import open_thread, say
from malls import noon

PASSWORD = "three-blue-teapots-1987"
Person = Callable[[str], UUID]
CHROMIUM = Path("/usr/bin/chromium")
PICTURES = project_folder() / "test-artefacts" / "console"
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="session", autouse=True)
def _django_beside_a_browser() -> Iterator[None]:
    """Playwright runs an event loop in the thread of the tests, where Django would refuse to ask the database."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": str(CHROMIUM), "args": ["--no-sandbox"]}


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Page]]:
    """A new browser window on the running server; nothing may be refused by the content policy or fail in a script."""
    complaints: list[str] = []
    windows = []

    def open_one(*, size: str = "wide", language: str = "zh-CN", scripts: bool = True) -> Page:
        width, height = SIZES[size]
        window = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale=language,
            java_script_enabled=scripts,
        )
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for window in windows:
        window.close()
    assert [said for said in complaints if "status of 4" not in said] == []


def sign_in(page: Page, role: str) -> None:
    page.goto("/console/")
    page.locator("#username").fill(role)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/console/")


def picture(page: Page, name: str) -> None:
    """Keep the whole page as a picture, and see that nothing of it is out of reach for anybody."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    reach = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert reach <= 0, f"{name} scrolls sideways by {reach} px"


@dataclass(frozen=True, slots=True)
class Cases:
    """Customers by what there is to see of them."""

    overdue: UUID
    paid_twice: UUID


@pytest.fixture
def cases(person: Person, paid_twice: UUID, refused_callback: RefusedCallback) -> Cases:
    return Cases(overdue=person("wang"), paid_twice=paid_twice)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_page_is_accessible_wide_and_narrow(
    open_page: Callable[..., Page], cases: Cases, make_staff: Callable[[str], Account], size: str, language: str
) -> None:
    make_staff("admin")
    short = language[:2]
    page = open_page(size=size, language=language)
    page.goto("/console/")
    picture(page, f"sign-in-{short}-{size}")
    sign_in(page, "admin")
    picture(page, f"home-{short}-{size}")
    page.locator("#q").fill("170 0000 0418")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/customers/**")
    picture(page, f"customer-unknown-{short}-{size}")
    page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")
    picture(page, f"customer-opened-{short}-{size}")
    page.goto(f"/console/customers/{cases.overdue}")
    picture(page, f"customer-overdue-{short}-{size}")
    page.goto(f"/console/customers/{cases.paid_twice}")
    picture(page, f"customer-paid-twice-{short}-{size}")
    page.goto(f"/console/customers/{cases.paid_twice}/audit")
    picture(page, f"customer-audit-{short}-{size}")
    page.goto("/console/refused-callbacks")
    picture(page, f"refused-{short}-{size}")
    page.goto("/console/audit")
    picture(page, f"audit-{short}-{size}")
    page.goto("/console/")
    picture(page, f"home-recent-{short}-{size}")
    page.locator("#q").fill("no such number")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search")
    picture(page, f"nothing-found-{short}-{size}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_queues_are_accessible_wide_and_narrow(
    open_page: Callable[..., Page], person: Person, make_staff: Callable[[str], Account], size: str, language: str
) -> None:
    admin = staff_member(make_staff("admin"))
    assert admin
    tonight = clock.now() + timedelta(hours=9)
    add_condition(
        admin,
        NewCondition(
            channel="alipay",
            kind=ConditionKind.MAINTENANCE,
            starts_at=tonight,
            ends_at=tonight + timedelta(hours=3),
            note_zh="系统升级",
            note_en="Systems are upgraded",
        ),
        now=clock.now(),
    )
    customer_id = person("wang")
    thread_id = open_thread(customer_id, language=language, now=clock.now())
    say(customer_id, thread_id, "这一期还不上，怎么办？", request_key="k1", now=clock.now())
    page = open_page(size=size, language=language)
    sign_in(page, "admin")
    for place in ("channels", "recovery", "support", "refunds"):
        page.goto(f"/console/{place}")
        picture(page, f"{place}-{language[:2]}-{size}")
        if place == "channels":
            expect(page.locator("form.condition .btn.filled")).to_be_visible()
    page.goto("/console/support")
    page.locator("main a[href*='/support/']").first.click()
    picture(page, f"support-thread-{language[:2]}-{size}")


def test_the_keyboard_alone_finds_a_customer_and_reveals_a_name(
    open_page: Callable[..., Page], person: Person, make_staff: Callable[[str], Account]
) -> None:
    make_staff("agent")
    person("chen")
    page = open_page()
    sign_in(page, "agent")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("")
    page.keyboard.type("MM-80417")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("陈*云")
    page.get_by_text("显示姓名和手机号").press("Enter")
    page.locator("#reason").fill("客户来电核对收货人")
    page.locator("#reason").press("Enter")
    expect(page.locator("h1")).to_have_text("陈小云")
    page.goto(page.url.removesuffix("/reveal"))
    expect(page.locator("h1")).to_have_text("陈*云")


def test_it_works_without_scripts(
    open_page: Callable[..., Page], person: Person, make_staff: Callable[[str], Account]
) -> None:
    make_staff("agent")
    person("lin")
    page = open_page(scripts=False)
    sign_in(page, "agent")
    page.locator("#q").fill("MM-80418")
    page.locator("#q").press("Enter")
    page.get_by_role("button", name="现在再查").first.click()
    expect(page.get_by_role("status")).to_contain_text("已向渠道查询")


@pytest.fixture
def reconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five days of two channels: most lines agree with nothing of ours, so that there is much to be explained."""
    bills = open_bills(monkeypatch)
    for n in range(1, 6):
        at = noon(f"2026-02-0{n}")
        named = [bill_line(f"NOBODYS{n}{m}", 9_900 * m, fee_minor=54 * n, at=at) for m in range(n % 3)]
        charges = [bill_line("", 100 + m, kind="fee", channel_no=f"F{m}", at=at) for m in range(20 * n)]
        bills.days[at.date()] = [line for line in named if line["amount_minor"]] + charges
        for channel in ("alipay", "wechat_pay"):
            reconcile(channel, at.date(), now=noon("2026-02-07"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_reconciliation_is_accessible_wide_and_narrow(
    open_page: Callable[..., Page], reconciled: None, make_staff: Callable[[str], Account], size: str, language: str
) -> None:
    make_staff("finance")
    short = language[:2]
    page = open_page(size=size, language=language)
    sign_in(page, "finance")
    page.goto("/console/reconciliation")
    picture(page, f"reconciliation-{short}-{size}")
    page.locator(".table a.btn").first.click()
    page.wait_for_url("**/reconciliation/alipay/**")
    picture(page, f"reconciliation-bill-{short}-{size}")
    page.locator(".finding input[type=radio]").first.check()
    page.locator(".finding .field input").first.fill("bank transfer 0042")
    page.locator(".finding .btn").first.click()
    page.wait_for_url("**/reconciliation/alipay/**")
    expect(page.locator("[role=status]")).to_be_visible()
    picture(page, f"reconciliation-explained-{short}-{size}")

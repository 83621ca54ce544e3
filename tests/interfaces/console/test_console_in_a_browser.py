"""The console as staff see it, in Chromium: accessible, wide and narrow, in both languages. Pictures are kept."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, ViewportSize, expect

import media_files
from bill_sources import bill_line, open_bills
from browsing import CHROMIUM, Windows, violations
from browsing import picture as picture_of
from fenqi.config.environment import project_folder
from fenqi.domain.aftersales.reasons import Reason
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.records.models import Account, RefusedCallback
from fenqi.usecases import clock
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.conditions.edit import NewCondition, add_condition
from fenqi.usecases.reconciliation.run import reconcile
from fenqi.usecases.staff.permissions import staff_member
from fenqi.usecases.support.conversation import open_thread, say
from malls import noon
from returned import a_return, delivered
from town import Town

PASSWORD = "three-blue-teapots-1987"
Person = Callable[[str], UUID]
PICTURES = project_folder() / "test-artefacts" / "console"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
WALKS = pytest.mark.parametrize(("language", "size"), [("zh-CN", "wide"), ("en-GB", "narrow")])
"""Each walks at its own size, and looks at every page at both: what is there for everybody, at its own."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def open_page(windows: Windows) -> Iterator[Callable[..., Page]]:
    """A page in a browser on the running server; nothing may be refused by the content policy or fail in a script."""
    complaints: list[str] = []
    opened = ExitStack()

    def open_one(*, size: str = "wide", language: str = "zh-CN", scripts: bool = True) -> Page:
        window = opened.enter_context(windows.open(locale=language, java_script_enabled=scripts))
        page = window.new_page()
        page.set_viewport_size(SIZES[size])
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    with opened:
        yield open_one
    assert [said for said in complaints if "status of 4" not in said] == []


def sign_in(page: Page, role: str) -> None:
    page.goto("/console/")
    page.locator("#username").fill(role)
    page.locator("#password").fill(PASSWORD)
    page.locator("form button").click()
    page.wait_for_url("**/console/")


def picture(page: Page, name: str, *, walked_once: bool = False) -> None:
    """Keep the whole page as pictures, wide and narrow, and see that nothing of it is out of reach for anybody.

    Accessible as it is walked: the other walk sees to the other size, unless there is none.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    walked_at = page.viewport_size
    assert walked_at
    for size, viewport in SIZES.items():
        picture_of(page, viewport["width"], PICTURES / f"{name}-{size}.png")
        if walked_once or viewport == walked_at:
            assert [(one["id"], one["nodes"]) for one in violations(page)] == [], f"{name} {size}"
        reach = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert reach <= 0, f"{name} {size} scrolls sideways by {reach} px"
    page.set_viewport_size(walked_at)


@dataclass(frozen=True, slots=True)
class Cases:
    """Customers by what there is to see of them."""

    overdue: UUID
    paid_twice: UUID


@pytest.fixture
def cases(person: Person, paid_twice: UUID, refused_callback: RefusedCallback) -> Cases:
    return Cases(overdue=person("wang"), paid_twice=paid_twice)


@WALKS
def test_every_page_is_accessible_wide_and_narrow(
    open_page: Callable[..., Page], cases: Cases, make_staff: Callable[[str], Account], size: str, language: str
) -> None:
    make_staff("admin")
    short = language[:2]
    page = open_page(size=size, language=language)
    page.goto("/console/")
    picture(page, f"sign-in-{short}")
    sign_in(page, "admin")
    picture(page, f"home-{short}")
    page.locator("#q").fill("170 0000 0418")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/customers/**")
    picture(page, f"customer-unknown-{short}")
    page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")
    picture(page, f"customer-opened-{short}")
    page.goto(f"/console/customers/{cases.overdue}")
    picture(page, f"customer-overdue-{short}")
    page.goto(f"/console/customers/{cases.paid_twice}")
    picture(page, f"customer-paid-twice-{short}")
    page.goto(f"/console/customers/{cases.paid_twice}/audit")
    picture(page, f"customer-audit-{short}")
    page.goto("/console/refused-callbacks")
    picture(page, f"refused-{short}")
    page.goto("/console/audit")
    picture(page, f"audit-{short}")
    page.goto("/console/")
    picture(page, f"home-recent-{short}")
    page.locator("#q").fill("no such number")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search")
    picture(page, f"nothing-found-{short}")


@WALKS
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
        picture(page, f"{place}-{language[:2]}")
        if place == "channels":
            expect(page.locator("form.condition .btn.filled")).to_be_visible()
    page.goto("/console/support")
    page.locator("main a[href*='/support/']").first.click()
    picture(page, f"support-thread-{language[:2]}")


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


@WALKS
def test_reconciliation_is_accessible_wide_and_narrow(
    open_page: Callable[..., Page], reconciled: None, make_staff: Callable[[str], Account], size: str, language: str
) -> None:
    make_staff("finance")
    short = language[:2]
    page = open_page(size=size, language=language)
    sign_in(page, "finance")
    page.goto("/console/reconciliation")
    picture(page, f"reconciliation-{short}")
    page.locator(".table a.btn").first.click()
    page.wait_for_url("**/reconciliation/alipay/**")
    picture(page, f"reconciliation-bill-{short}")
    page.locator(".finding input[type=radio]").first.check()
    page.locator(".finding .field input").first.fill("bank transfer 0042")
    page.locator(".finding .btn").first.click()
    page.wait_for_url("**/reconciliation/alipay/**")
    expect(page.locator("[role=status]")).to_be_visible()
    picture(page, f"reconciliation-explained-{short}")


def test_a_case_is_reviewed_to_the_deduction_and_another_is_rejected(
    open_page: Callable[..., Page], town: Town, make_staff: Callable[[str], Account]
) -> None:
    """Evidence is opened, a return approved and received with a deduction, a second one refused (R040-R045)."""
    make_staff("admin")
    cases = []
    for order in (delivered(), delivered()):
        photo = store_evidence(
            order.customer_id, order.order_id, content=media_files.photo(), uploaded_by="customer", now=order.now
        )
        cases.append(order.apply(a_return(reason=Reason.FAULTY), evidence_ids=[photo.evidence_id]))
    page = open_page()
    sign_in(page, "admin")
    page.get_by_role("link", name="售后").first.click()
    picture(page, "after-sales-desk-zh", walked_once=True)
    page.get_by_role("link", name=cases[0].view.case_no, exact=True).click()
    picture(page, "after-sales-case-zh", walked_once=True)
    with page.context.expect_page() as opened:
        page.locator(".evidence a").click()
    expect(opened.value.locator("img")).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="批准 ¥1,000.00").click()
    expect(page.get_by_role("status")).to_contain_text("会告诉客户寄到哪里")
    cases[0].send()
    page.reload()
    page.locator("#deduction-1").fill("80")
    page.get_by_role("button", name="商品已收到并验收").click()
    expect(page.get_by_role("alert")).to_be_visible()  # what was found is missing
    page.locator("#deduction-1").fill("80")
    page.locator("#finding-1").fill("背面有一道划痕")
    page.get_by_role("button", name="商品已收到并验收").click()
    expect(page.get_by_role("status")).to_contain_text("需要客户确认")

    page.goto(f"/console/after-sales/{cases[1].customer_id}/{cases[1].case_id}")
    page.get_by_text("拒绝", exact=True).first.click()
    page.get_by_role("button", name="用中文写").click()
    expect(page.locator("#reject-note")).to_have_value(re.compile("没有看到你说的问题"))
    picture(page, "after-sales-rejecting-zh", walked_once=True)
    page.locator("#reject").get_by_role("button", name="拒绝").click()
    expect(page.get_by_role("status")).to_contain_text("客户会看到原因")
    assert [case.state for case in cases] == ["goods_received", "rejected"]
    page.goto(f"/console/customers/{cases[1].customer_id}?lang=en")
    page.get_by_role("link", name=re.compile("Register after-sales")).first.click()
    picture(page, "after-sales-apply-en", walked_once=True)

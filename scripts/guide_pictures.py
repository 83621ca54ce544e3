"""Follows the five guides of docs/guides in the sample mall, step by step as they tell it, and takes their pictures.

Each customer and each member of staff acts in the browser, as people do; the sandbox answers for banks and channels.

`make run` with a fresh data folder, then `python scripts/guide_pictures.py --password <staff password>`.
"""

import io
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from shutil import which
from zoneinfo import ZoneInfo

import click
import httpx
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from picture_tools import PATIENCE_SECONDS, at_the_console, context, messages, signed_in, take

CHEN, LIN, ZHAO, EMMA = "17000000417", "17000000418", "17000000422", "17000000423"
CARD = "6214860000026621"
AIR = "4 Pro"
SHORT_OF_FUNDS = {"balance": "10.00"}
PLENTY = {"balance": "1000000.00"}
MALL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Town:
    """Where everything runs, and the browser that everybody uses."""

    browser: Browser
    web: str
    sandbox: str
    password: str

    def customer(self, phone: str, language: str = "zh-CN") -> Page:
        return signed_in(self.browser, self.web, self.sandbox, phone, language=language)

    def staff(self, name: str) -> Page:
        return at_the_console(self.browser, self.web, name, self.password)

    def card_is(self, **said: object) -> None:
        """What the bank answers for the sample card."""
        body = {"number": CARD, **said}
        httpx.post(f"{self.sandbox}/control/api/bank_card/cards", json=body, trust_env=False).raise_for_status()


@click.command()
@click.option("--web", default="http://127.0.0.1:8000")
@click.option("--sandbox", default="http://127.0.0.1:8100")
@click.option("--password", required=True)
@click.option("--chromium", default=which("chromium-headless-shell") or "/usr/bin/chromium")
def follow_the_guides(*, web: str, sandbox: str, password: str, chromium: str) -> None:
    """Take all pictures of docs/guides anew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        town = Town(browser, web, sandbox, password)
        unknown_outcome(town)
        repayment_and_failures(town)
        refund_and_reserve(town)
        refund(town)
        price_difference(town)
        repayment_entries(town)
        browser.close()


def open_order(page: Page, town: Town, goods: str) -> None:
    page.goto(f"{town.web}/orders")
    page.locator("a[href^='/orders/']").filter(has_text=goods).first.click()


def headline(page: Page, told: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(told), timeout=PATIENCE_SECONDS * 1000)


def scroll_to(page: Page, text: str) -> None:
    """The first heading or row that says so, a little below the bar."""
    page.get_by_text(text).first.evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 90)")


def unknown_outcome(town: Town) -> None:
    """The sample mall has one for the first quarter of an hour."""
    page = town.customer(LIN)
    open_order(page, town, "X2")
    page.locator("a[href^='/repayments/']").first.click()
    take(page, "guides/repay-unknown-zh")


def repayment_and_failures(town: Town) -> None:
    page = town.customer(CHEN)
    page.goto(f"{town.web}/orders")
    take(page, "guides/repay-orders-zh")
    open_order(page, town, AIR)
    scroll_to(page, "还款计划")
    take(page, "guides/repay-order-zh")
    page.locator(".bottom .btn.filled").click()
    town.card_is(**SHORT_OF_FUNDS)
    page.get_by_role("radio", name=re.compile("招商银行")).check(force=True)
    page.locator(".bottom .btn.filled").click()
    headline(page, "没还成")
    take(page, "guides/repay-failed-zh")
    page.locator("a[href*='/repay/confirm'][href*='alipay']").first.click()
    page.locator(".bottom .btn.filled").click()
    page.get_by_role("button", name=re.compile("^确认付款")).click()
    headline(page, "已还上")
    take(page, "guides/repay-done-zh")
    town.card_is(**PLENTY)
    page.locator("form.stuck button").click()
    page.wait_for_url(re.compile("/support/"))
    take(page, "guides/repay-support-zh")


def refund_and_reserve(town: Town) -> None:
    page = town.customer(CHEN)
    open_order(page, town, "平板电脑")
    scroll_to(page, "申请售后")
    take(page, "guides/reserve-order-zh")
    order = page.url
    apply(page, order, "屏幕左上角不亮。")
    take(page, "guides/reserve-quote-zh")
    case = hand_in(page)
    desk = decide(town, case, "lin.agent")
    if desk.get_by_text("第一位").count() or desk.get_by_text("第二位").count():
        decide(town, case, "chen.admin")
    page.goto(case)
    take(page, "guides/reserve-approved-zh")
    send_back(page)
    decide(town, case, "lin.agent")
    wait_for(page, case, "已解冻")
    take(page, "guides/reserve-done-zh")

    page = town.customer(ZHAO, "en-GB")
    open_order(page, town, "R5")
    apply(page, page.url)
    take(page, "guides/lender-quote-en")


def refund(town: Town) -> None:
    page = town.customer(CHEN)
    open_order(page, town, AIR)
    apply(page, page.url, "开机有异响。")
    take(page, "guides/refund-quote-zh")
    case = hand_in(page)
    take(page, "guides/refund-review-zh")
    desk = decide(town, case, "lin.agent", picture="guides/refund-desk-zh")
    desk.close()
    page.goto(case)
    send_back(page)
    decide(town, case, "lin.agent")
    wait_for(page, case, "已办好|在支付宝手里")
    take(page, "guides/refund-done-zh")


def price_difference(town: Town) -> None:
    page = town.customer(EMMA, "en-GB")
    page.goto(f"{town.web}/bills")
    scroll_to(page, "The price has fallen")
    take(page, "guides/price-offer-en")
    open_order(page, town, AIR)
    page.goto(f"{page.url}/price-difference")
    take(page, "guides/price-difference-en")
    page.get_by_role("checkbox").check(force=True)
    page.get_by_role("button", name=re.compile("^Take")).click()
    page.wait_for_url(re.compile("/after-sales/"))
    wait_for(page, page.url, "Done, ")
    take(page, "guides/price-done-en")


def repayment_entries(town: Town) -> None:
    desk = town.staff("zhao.finance")
    closing = close_mall_page(town, desk)
    page = town.customer(CHEN)
    page.goto(f"{town.web}/orders")
    page.locator("a[href^='/orders/']").filter(has_text="X2").first.click()
    page.goto(page.locator("a[href^='/plans/'][href$='/repay']").first.evaluate("e => e.href"))
    take(page, "guides/entry-closed-zh")
    repay_by_link(page, town)
    finance_app(town)
    desk.goto(closing)
    desk.locator("form[action$='/end'] button").click()


def apply(page: Page, order: str, fault: str = "") -> None:
    """The whole order goes back: because of a fault with its photo, or without a reason. Stops at the quote."""
    page.goto(f"{order}/after-sales")
    page.locator("input[type=checkbox]").first.check(force=True)
    page.locator("input[type=radio]").first.check(force=True)
    page.locator(".bottom .btn.filled").click()
    page.locator(f"input[type=radio][value={'faulty' if fault else 'no_reason'}]").check(force=True)
    if fault:
        page.fill("#description", fault)
        photo = FilePayload(name="screen.jpg", mimeType="image/jpeg", buffer=a_photo())
        page.locator("input[type=file]").first.set_input_files(photo)
        page.locator("button[name=add]").click()
    page.locator(".bottom .btn.filled").click()


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#3c3f45").save(out, "JPEG")
    return out.getvalue()


def hand_in(page: Page) -> str:
    """Where the case can be followed."""
    page.locator(".bottom .btn.filled").click()
    page.wait_for_url(re.compile("/after-sales/[0-9a-f-]{36}$"))
    return page.url


def send_back(page: Page) -> None:
    page.get_by_label("快递公司").fill("顺丰")
    page.get_by_label("快递单号").fill("SF1422770391")
    page.get_by_role("button", name="我已寄出").click()


def decide(town: Town, case: str, name: str, picture: str = "") -> Page:
    """The next step of the case by a member of staff, found at the desk by its number."""
    desk = town.staff(name)
    desk.goto(f"{town.web}/console/after-sales")
    desk.locator(f"a[href$='{case.rsplit('/', 1)[1]}']").first.click()
    if picture:
        take(desk, picture)
    desk.locator("#acts button.filled").first.click()
    desk.wait_for_load_state()
    return desk


def wait_for(page: Page, address: str, told: str) -> None:
    """Look again until the page says so, as jobs and channels take their time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        page.goto(address)
        if re.search(told, page.locator("main").inner_text()):
            return
        time.sleep(1)
    raise TimeoutError(f"{address} does not say {told}")


def close_mall_page(town: Town, desk: Page) -> str:
    """For an hour from the next minute; approved by a second person. Its address in the console."""
    begins = datetime.now(MALL).replace(second=0, microsecond=0) + timedelta(minutes=1)
    desk.goto(f"{town.web}/console/entries/closings/new")
    desk.select_option("[name=entry]", "mall_page")
    desk.select_option("[name=successor]", "finance_app")
    desk.fill("[name=starts_at]", f"{begins:%Y-%m-%dT%H:%M}")
    desk.fill("[name=ends_at]", f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    desk.fill("[name=notice_zh]", "还款系统正在升级。")
    desk.fill("[name=notice_en]", "The repayment system is being upgraded.")
    desk.locator("main button.filled").last.click()
    desk.locator("[name=confirmed]").last.click()
    desk.wait_for_url(re.compile("/closings/[0-9a-f-]{36}"))
    closing = desk.url
    colleague = town.staff("chen.admin")
    colleague.goto(closing)
    colleague.locator("form[action$='/approve'] button").first.click()
    time.sleep(max(0.0, (begins - datetime.now(MALL)).total_seconds() + 1))
    return closing


def repay_by_link(page: Page, town: Town) -> None:
    """An agent sends the link of the plan; its message leads to the bill, and it is repaid there."""
    desk = town.staff("lin.agent")
    desk.fill("#q", CHEN)
    desk.press("#q", "Enter")
    desk.wait_for_load_state()
    desk.locator("a[href$='/link']").first.click()
    desk.fill("[name=reason]", "找不到还款入口")
    desk.locator("main form button.filled").first.click()
    desk.wait_for_load_state()
    page.goto(f"{town.web}/support")
    page.locator("a[href^='/support/']").filter(has_text="X2").first.click()
    take(page, "guides/entry-link-zh")
    found = re.search(r"http\S+?/p/[\w-]+", page.locator("main").inner_text())
    if found is None:
        raise LookupError("the conversation has no link")
    page.goto(found[0])
    page.locator(".bottom .btn.filled").click()
    page.locator(".bottom .btn.filled").click()
    page.get_by_role("button", name=re.compile("^确认付款")).click()
    headline(page, "已还上")


def finance_app(town: Town) -> None:
    """Recognised by the telephone that is bound at the mall."""
    page = context(town.browser, "zh-CN", phone=True).new_page()
    page.goto(f"{town.sandbox}/finance_app")
    before = len(messages(town.sandbox, CHEN))
    page.locator("[name=phone]").fill(CHEN)
    page.locator("main button").first.click()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(messages(town.sandbox, CHEN)) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    page.locator("[name=code]").fill(messages(town.sandbox, CHEN)[0])
    page.locator("main button").first.click()
    page.locator("a[href*='/finance_app/plans/']").first.click()
    take(page, "guides/finance-app-plan-zh")


if __name__ == "__main__":
    follow_the_guides()

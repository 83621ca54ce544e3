"""Takes the README's pictures from a house that `make run` has just started with a fresh data folder.

`python scripts/pictures.py --web http://127.0.0.1:8000 --sandbox http://127.0.0.1:8100 --password <staff password>`
"""

import re
import time
from pathlib import Path

import click
import httpx
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=860)
CHEN, LIN, EMMA, ZHOU = "17000000417", "17000000418", "17000000423", "17000000424"
STAFF = "zhao.finance"
PATIENCE_SECONDS = 20


@click.command()
@click.option("--web", default="http://127.0.0.1:8000")
@click.option("--sandbox", default="http://127.0.0.1:8100")
@click.option("--password", required=True)
@click.option("--chromium", default="/usr/bin/chromium")
def main(*, web: str, sandbox: str, password: str, chromium: str) -> None:
    """Take all pictures anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = signed_in(browser, web, sandbox, CHEN, language="zh-CN")
        page.goto(f"{web}/bills")
        take(page, "bills-zh")
        page.get_by_role("link", name=re.compile("还款|提前还")).first.click()
        take(page, "confirm-zh")
        page = signed_in(browser, web, sandbox, LIN, language="zh-CN")
        page.goto(f"{web}/orders")
        page.locator("a[href^='/orders/']").filter(has_text="X2").first.click()
        page.locator("a[href^='/repayments/']").first.click()
        take(page, "unknown-zh")
        page = signed_in(browser, web, sandbox, EMMA, language="en-GB")
        page.goto(f"{web}/orders")
        page.locator("a[href^='/orders/']").filter(has_text="X2").first.click()
        take(page, "order-en")
        page.locator("a[href$='/money']").click()
        take(page, "money-en")
        after_sales(signed_in(browser, web, sandbox, CHEN, language="zh-CN"), web)
        page = signed_in(browser, web, sandbox, ZHOU, language="zh-CN")
        page.goto(f"{web}/after-sales")
        page.locator("a[href^='/after-sales/']").filter(has_text="洗衣机").first.click()
        take(page, "case-zh")
        page = at_the_console(browser, web, password)
        take(page, "console-zh")
        page.goto(f"{web}/console/after-sales")
        take(page, "desk-zh")
        browser.close()


def after_sales(page: Page, web: str) -> None:
    """The quote of a return, not handed in."""
    page.goto(f"{web}/orders")
    page.locator("a[href^='/orders/']").filter(has_text="空气净化器").first.click()
    page.goto(f"{page.url}/after-sales")
    page.locator("input[type=radio]").first.check(force=True)
    page.locator(".bottom .btn.filled").click()
    page.locator("input[type=radio][value=faulty]").check(force=True)
    page.locator(".bottom .btn.filled").click()
    take(page, "quote-zh")


def context(browser: Browser, language: str, *, phone: bool) -> BrowserContext:
    return browser.new_context(
        locale=language, viewport=PHONE if phone else DESK, device_scale_factor=2 if phone else 1
    )


def signed_in(browser: Browser, web: str, sandbox: str, phone: str, *, language: str) -> Page:
    """A page of the customer, who read the code from the sandbox's telephone."""
    page = context(browser, language, phone=True).new_page()
    page.goto(f"{web}/sign-in")
    before = len(messages(sandbox, phone))
    page.fill("#phone", phone)
    page.locator("form button.filled").click()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(messages(sandbox, phone)) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    page.fill("#code", messages(sandbox, phone)[0])
    page.locator("form button.filled").first.click()
    page.wait_for_url(re.compile("/(bills|orders|$)"))
    return page


def messages(sandbox: str, phone: str) -> list[str]:
    """The codes that the telephone received, newest first."""
    answer = httpx.get(f"{sandbox}/control/api/sms", params={"phone": phone}, trust_env=False)
    return [message["params"]["code"] for message in answer.json()["messages"] if "code" in message["params"]]


def at_the_console(browser: Browser, web: str, password: str) -> Page:
    page = context(browser, "zh-CN", phone=False).new_page()
    page.goto(f"{web}/console/")
    page.fill("#username", STAFF)
    page.fill("#password", password)
    page.locator("form button.filled").click()
    page.fill("#q", LIN)
    page.press("#q", "Enter")
    page.wait_for_load_state()
    return page


def take(page: Page, name: str) -> None:
    """What is seen before scrolling."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()

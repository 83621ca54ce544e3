"""Takes the pictures of the README and of the guides from a house that `make run` started with a fresh data folder.

`python scripts/pictures.py --web http://127.0.0.1:8000 --sandbox http://127.0.0.1:8100 --password <staff password>`
"""

import re

import click
from playwright.sync_api import Browser, Page, sync_playwright

from guide_pictures import follow_the_guides
from picture_tools import at_the_console, signed_in, take

CHEN, LIN, EMMA, ZHOU = "17000000417", "17000000418", "17000000423", "17000000424"
STAFF = "zhao.finance"


@click.command()
@click.option("--web", default="http://127.0.0.1:8000")
@click.option("--sandbox", default="http://127.0.0.1:8100")
@click.option("--password", required=True)
@click.option("--chromium", default="/usr/bin/chromium")
@click.option("--guides-only", is_flag=True, help="Leave the README's pictures as they are.")
def main(*, web: str, sandbox: str, password: str, chromium: str, guides_only: bool) -> None:
    """Take all pictures anew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        if not guides_only:
            of_the_readme(browser, web, sandbox, password)
        follow_the_guides(browser, web, sandbox, password)
        browser.close()


def of_the_readme(browser: Browser, web: str, sandbox: str, password: str) -> None:
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
    page = at_the_console(browser, web, STAFF, password)
    customer_page(page)
    take(page, "console-zh")
    page.goto(f"{web}/console/after-sales")
    take(page, "desk-zh")


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


def customer_page(page: Page) -> None:
    """From anywhere in the console to the customer with the telephone of Lin."""
    page.fill("#q", LIN)
    page.press("#q", "Enter")
    page.wait_for_load_state()


if __name__ == "__main__":
    main()

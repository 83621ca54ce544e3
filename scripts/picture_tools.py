"""What the scripts that take pictures share: who signs in where, and how a picture is kept small."""

import re
import time
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=860)
PATIENCE_SECONDS = 20
COLOURS = 192


def context(browser: Browser, language: str, *, phone: bool) -> BrowserContext:
    if not phone:
        return browser.new_context(locale=language, viewport=DESK)
    hints = {"Sec-CH-UA-Mobile": "?1"}
    return browser.new_context(
        locale=language, viewport=PHONE, device_scale_factor=2, is_mobile=True, extra_http_headers=hints
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


def at_the_console(browser: Browser, web: str, username: str, password: str) -> Page:
    page = context(browser, "zh-CN", phone=False).new_page()
    page.goto(f"{web}/console/")
    page.fill("#username", username)
    page.fill("#password", password)
    page.locator("form button.filled").click()
    page.wait_for_load_state()
    return page


def take(page: Page, name: str) -> None:
    """What is seen before scrolling, in few colours."""
    page.wait_for_load_state("networkidle")
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    with Image.open(path) as seen:
        few = seen.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)

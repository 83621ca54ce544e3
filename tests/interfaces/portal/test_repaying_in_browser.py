"""The whole way in a real browser: sign in, choose, confirm, pay at the sandbox's cashier, come back, see it booked."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from procrastinate.contrib.django.models import ProcrastinateJob

from browsing import Site
from fenqi.interfaces.jobs import tasks
from fenqi.records.models import Plan
from fenqi.usecases import rate_limits
from town import Town

PHONE = "17000000417"
PLAIN: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}

BEYOND_THE_EDGE = """() => [...document.querySelectorAll("main *, nav *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".months, .hidden-text"))
  .map((one) => one.outerHTML.slice(0, 200))"""

pytestmark = pytest.mark.browser


def sign_in(page: Page, town: Town) -> None:
    """As a person does: the phone, the code out of the text message."""
    rate_limits.forget()
    page.goto("/bills")
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_role("link", name="在这里查看短信")).to_be_visible()
    tasks.send_sign_in_code(**ProcrastinateJob.objects.order_by("-id")[0].args)
    page.get_by_label("验证码", exact=True).fill(town.ask("sms", phone=PHONE)["messages"][0]["params"]["code"])
    page.get_by_role("button", name="登录").click()


@pytest.mark.requirement("R001", "R008", "R106", "R109", "R115", "R116")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_bill_is_repaid_from_sign_in_to_booked(site: Site, town: Town, *, scripts: bool) -> None:
    with site.open(java_script_enabled=scripts, **PLAIN) as context:
        page = context.new_page()
        sign_in(page, town)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("¥583.04"))

        page.get_by_role("link", name="还款 空气净化器 4 Pro 第 3 期").click()
        page.get_by_role("button", name="确认还款 ¥199.00").click()
        page.get_by_role("button", name="确认付款 ¥199.00").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("¥199.00 已还上，剩余应还 ¥597.00")
        assert "/repayments/" in page.url
        assert "out_trade_no=" not in page.url
        page.get_by_role("link", name="返回账单").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("¥384.04"))


def test_a_payer_who_walked_away_closes_the_payment_and_chooses_again(site: Site) -> None:
    with site.open(who="chen", **PLAIN) as context:
        page = context.new_page()
        page.goto("/bills")
        page.get_by_role("link", name="还款 空气净化器 4 Pro 第 3 期").click()
        page.get_by_role("button", name="确认还款 ¥199.00").click()
        page.get_by_role("button", name="不付了，返回商家").click()
        page.goto("/bills")
        page.get_by_role("link", name="还款 空气净化器 4 Pro 第 3 期").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("¥199.00 等你在支付宝付款")
        page.get_by_role("button", name="没付：关掉这笔，重新选").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("这次想还多少？")
        page.get_by_role("radio", name=re.compile("第 3–4 期")).check()
        page.get_by_role("button", name="下一步：核对金额").click()
        expect(page.get_by_role("button", name="确认还款 ¥398.00")).to_be_visible()


def test_a_waiting_page_changes_by_itself_when_the_money_has_come(site: Site, town: Town) -> None:
    with site.open(who="chen", **PLAIN) as context:
        page = context.new_page()
        page.goto("/bills")
        page.get_by_role("link", name="还款 空气净化器 4 Pro 第 3 期").click()
        page.get_by_role("button", name="确认还款 ¥199.00").click()
        cashier = page.url
        other = context.new_page()
        other.goto("/bills")
        other.get_by_role("link", name="还款 空气净化器 4 Pro 第 3 期").click()
        expect(other.get_by_role("heading", level=1)).to_have_text("¥199.00 等你在支付宝付款")
        assert "/alipay/cashier/" in cashier

        page.get_by_role("button", name="确认付款 ¥199.00").click()

        expect(other.get_by_role("heading", level=1)).to_have_text(re.compile("已还上"), timeout=15_000)
        expect(other.get_by_role("link", name="返回账单")).to_be_visible()
        expect(other.locator("[hx-trigger]")).to_have_count(0)


def test_text_of_twice_the_size_fits(site: Site) -> None:
    """At 200 % of text nothing is cut off sideways on a phone."""
    with site.open(who="chen", **PLAIN) as context:
        page = context.new_page()
        plan = Plan.objects.filter(customer_id=site.customer("chen")).order_by("opened_on")[0]
        pages = (f"/orders/{plan.order_id}", f"/plans/{plan.id}/repay", f"/plans/{plan.id}/repay/confirm?choice=5")
        for address in ("/bills", "/orders", "/me", *pages):
            page.goto(address)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(BEYOND_THE_EDGE) == [], address

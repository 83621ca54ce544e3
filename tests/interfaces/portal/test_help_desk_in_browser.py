"""A chat with an agent that ends in a solved failure: the customer in Chinese on a phone, the agent at a desk."""

import re

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from browsing import Site, picture, scrolls_sideways, violations
from fenqi.records.models import Account, Payment, Role
from fenqi.usecases import rate_limits
from fenqi.usecases.support import conversation
from visitors import ARTEFACTS, BACKEND, DESK_WIDTH, PHONE_WIDTH, Visitor

pytestmark = pytest.mark.browser

PHONE = Visitor("zh-CN", PHONE_WIDTH)


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    rate_limits.forget()


def agent_in(context: BrowserContext, site: Site) -> Page:
    account = Account.objects.create_staff(username="陶然", password="x" * 16, role=Role.AGENT)
    client = Client()
    client.force_login(account, backend=BACKEND)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}])
    return context.new_page()


def glanced_at(page: Page, name: str) -> None:
    """Whole and accessible at a desk; channels' own codes stand on it in Latin letters."""
    ARTEFACTS.joinpath("zh").mkdir(parents=True, exist_ok=True)
    picture(page, DESK_WIDTH, ARTEFACTS / "zh" / f"{name}-{DESK_WIDTH}.png")
    assert not scrolls_sideways(page), name
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations(page)] == [], name


@pytest.mark.requirement("R131", "R132", "R134", "R135", "R168", "R170", "R171", "R175")
def test_a_chat_ends_in_a_solved_failure(site: Site) -> None:
    wang = site.customer("wang")
    failed = Payment.objects.filter(customer_id=wang, state="closed").order_by("-created_at")[0]
    with (
        site.open(language="zh-CN", who="wang", viewport={"width": PHONE_WIDTH, "height": 844}) as hers,
        site.windows.open(locale="zh-CN", viewport={"width": DESK_WIDTH, "height": 844}) as his,
    ):
        customer, agent = hers.new_page(), agent_in(his, site)
        customer.goto(f"/repayments/{failed.id}")
        customer.locator("form.stuck button").click()
        expect(customer.get_by_text("我们已经知道")).to_be_visible()
        customer.locator("#text").fill("为什么没还成？")
        customer.get_by_role("button", name="发送").click()
        expect(customer.locator(".talk .mine")).to_contain_text("为什么没还成？")
        PHONE.looks_at(customer, "chat-asked")

        agent.goto("/console/support")
        glanced_at(agent, "desk")
        agent.get_by_role("link", name="打开").first.click()
        agent.get_by_role("button", name="由我负责").click()
        agent.get_by_text("常用回复").click()
        agent.get_by_role("link", name="余额不足，没扣成").click()
        glanced_at(agent, "ticket")
        agent.get_by_role("button", name="发送答复").click()
        expect(customer.locator(".talk .theirs")).to_contain_text("支付账户余额不足", timeout=15_000)  # by itself

        hers.set_offline(True)
        customer.locator("#text").fill("好，我再试一次")
        hers.set_offline(False)
        assert customer.locator("#text").input_value() == "好，我再试一次"
        customer.get_by_role("button", name="发送").click()
        expect(customer.locator(".talk .mine")).to_have_count(2)

        customer.goto("/bills")
        customer.get_by_role("link", name=re.compile("^还款 ")).first.click()
        customer.get_by_role("button", name=re.compile("^确认还款")).click()
        customer.get_by_role("button", name=re.compile("^确认付款")).click()
        expect(customer.get_by_role("heading", level=1)).to_have_text(re.compile("已还上"))

        agent.get_by_text("结束工单").first.click()
        agent.get_by_role("button", name="结束工单").click()
        expect(agent.get_by_role("heading", level=1)).to_be_visible()
        (ticket,) = conversation.list_threads(wang)
        customer.goto(f"/support/{ticket.thread_id}")
        customer.get_by_role("button", name="已解决").click()
        expect(customer.get_by_text("谢谢你的评价。")).to_be_visible()
        PHONE.looks_at(customer, "chat-solved")
        agent.goto(f"/console/customers/{wang}?show=tickets")
        expect(agent.get_by_text("客户评价: 已解决")).to_be_visible()
        glanced_at(agent, "customer-story")
        agent.goto(f"/console/customers/{wang}/sees")
        glanced_at(agent, "customer-sees")
        for name, address in (("guide", "/help/repaying"), ("help", "/support"), ("contacts", "/contacts")):
            customer.goto(address)
            PHONE.looks_at(customer, name)

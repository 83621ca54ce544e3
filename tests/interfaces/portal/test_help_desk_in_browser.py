"""A chat with an agent that ends in a solved failure: a customer in Chinese on a phone, one in English at a desk."""

import re

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from browsing import Site, picture, scrolls_sideways, violations
from fenqi.records.models import Account, Payment, Role
from fenqi.usecases import rate_limits
from fenqi.usecases.support import conversation
from visitors import ARTEFACTS, BACKEND, DESK_WIDTH, EN_DESK, ZH_PHONE, Visitor, walked_by

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    rate_limits.forget()


def agent_in(context: BrowserContext, site: Site) -> Page:
    account = Account.objects.create_staff(username="陶然", password="x" * 16, role=Role.AGENT)
    client = Client()
    client.force_login(account, backend=BACKEND)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}])
    return context.new_page()


def glanced_at(page: Page, name: str, language: str) -> None:
    """Whole and accessible at a desk; channels' own codes stand on it in Latin letters."""
    folder = ARTEFACTS / language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    picture(page, DESK_WIDTH, folder / f"{name}-{DESK_WIDTH}.png")
    assert not scrolls_sideways(page), name
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations(page)] == [], name


@pytest.mark.requirement("R131", "R132", "R134", "R135", "R168", "R170", "R171", "R175")
@walked_by(ZH_PHONE, EN_DESK)
def test_a_chat_ends_in_a_solved_failure(site: Site, visitor: Visitor) -> None:
    reads, language = visitor.reads, visitor.language
    wang = site.customer("wang")
    failed = Payment.objects.filter(customer_id=wang, state="closed").order_by("-created_at")[0]
    with (
        site.open(language=language, who="wang", viewport={"width": visitor.width, "height": 844}) as hers,
        site.windows.open(locale=language, viewport={"width": DESK_WIDTH, "height": 844}) as his,
    ):
        customer, agent = hers.new_page(), agent_in(his, site)
        customer.goto(f"/repayments/{failed.id}")
        customer.locator("form.stuck button").click()
        expect(customer.get_by_text(reads("我们已经知道", "We already know"))).to_be_visible()
        customer.locator("#text").fill(reads("为什么没还成？", "Why did it fail?"))
        customer.get_by_role("button", name=reads("发送", "Send")).click()
        expect(customer.locator(".talk .mine")).to_contain_text(reads("为什么没还成？", "Why did it fail?"))
        visitor.looks_at(customer, "chat-asked")

        agent.goto("/console/support")
        glanced_at(agent, "desk", language)
        agent.locator("table").get_by_role("link", name=reads("打开", "Open")).first.click()
        agent.get_by_role("button", name=reads("由我负责", "Take this ticket")).click()
        agent.get_by_text(reads("常用回复", "Saved answers")).click()
        agent.get_by_role("link", name=reads("余额不足，没扣成", "Short of funds")).click()
        glanced_at(agent, "ticket", language)
        agent.get_by_role("button", name=reads("发送答复", "Send the answer")).click()
        expect(customer.locator(".talk .theirs")).to_contain_text(
            reads("支付账户余额不足", "short of funds"), timeout=15_000
        )  # by itself

        hers.set_offline(True)
        customer.locator("#text").fill(reads("好，我再试一次", "I will try again"))
        hers.set_offline(False)
        assert customer.locator("#text").input_value() == reads("好，我再试一次", "I will try again")
        customer.get_by_role("button", name=reads("发送", "Send")).click()
        expect(customer.locator(".talk .mine")).to_have_count(2)

        customer.goto("/bills")
        customer.get_by_role("link", name=re.compile(reads("^还款 ", "^Pay "))).first.click()
        customer.get_by_role("button", name=re.compile(reads("^确认还款", "^Confirm repayment"))).click()
        customer.get_by_role("button", name=re.compile("^确认付款")).click()
        expect(customer.get_by_role("heading", level=1)).to_have_text(re.compile(reads("已还上", "is paid")))

        agent.get_by_text(reads("结束工单", "Close the ticket")).first.click()
        agent.get_by_role("button", name=reads("结束工单", "Close the ticket")).click()
        expect(agent.get_by_role("heading", level=1)).to_be_visible()
        (ticket,) = conversation.list_threads(wang)
        customer.goto(f"/support/{ticket.thread_id}")
        customer.get_by_role("button", name=reads("已解决", "Solved"), exact=True).click()
        expect(customer.get_by_text(reads("谢谢你的评价。", "Thank you for telling us how it went."))).to_be_visible()
        visitor.looks_at(customer, "chat-solved")
        agent.goto(f"/console/customers/{wang}?show=tickets")
        expect(agent.get_by_text(reads("客户评价: 已解决", "Rated: Solved"))).to_be_visible()
        glanced_at(agent, "customer-story", language)
        agent.goto(f"/console/customers/{wang}/sees")
        glanced_at(agent, "customer-sees", language)
        for name, address in (("guide", "/help/repaying"), ("help", "/support"), ("contacts", "/contacts")):
            customer.goto(address)
            visitor.looks_at(customer, name)

"""The inbox, its settings and the console's pages of notices, in a browser: read, wished, drafted and published."""

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows, picture, scrolls_sideways, violations
from fenqi.records.models import Account, Role
from fenqi.usecases import clock
from fenqi.usecases.notices.on_day import on_day
from fenqi.usecases.notices.preferences import preferences_of
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import Message
from malls import a_customer, bought
from town import Town
from visitors import ARTEFACTS, DESK_WIDTH, ZH_PHONE, Visitor, screen, visited_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = "17000001301"
WORDS = {"amount": "384.04 元", "title": "青屿 X2 手机", "left": "1,920.20 元"}


def has_changed(page: Page, text: str) -> None:
    expect(page.get_by_role("status").first).to_contain_text(text)


def looks_well(desk: Page, name: str) -> None:
    """Whole and accessible at the desk; staff read names of messages and services as they are."""
    picture(desk, DESK_WIDTH, ARTEFACTS / "zh" / f"{name}-{DESK_WIDTH}.png")
    assert not scrolls_sideways(desk), name
    assert violations(desk) == [], name


@pytest.mark.requirement("R162")
@visited_by(ZH_PHONE)
def test_a_customer_reads_and_chooses_and_staff_see_it(
    windows: Windows, mall_server: LiveServer, town: Town, visitor: Visitor
) -> None:
    plan = bought("inbox")
    a_customer("inbox", phone=PHONE, name="陈小云")
    now = clock.now()
    for payment in (plan.plan_id, plan.order_id):
        send_once(
            plan.customer_id, Message.REPAYMENT_SUCCEEDED, subject=f"payment:{payment}", params=lambda _: WORDS, now=now
        )
    on_day(clock.business_date(now), first=plan.customer_id, last=plan.customer_id, now=now)
    with screen(windows, mall_server, visitor) as here:
        page = here.of(Account.objects.for_customer(plan.customer_id))
        page.goto("/inbox")
        expect(page.get_by_role("link", name=re.compile("通知 2"))).to_be_visible()
        visitor.looks_at(page, "inbox")
        page.get_by_role("link", name=re.compile("还款成功")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("还款成功")
        expect(page.locator("a.btn.filled")).to_have_attribute("href", re.compile("^/repayments/"))
        visitor.looks_at(page, "notice")
        page.goto("/me/notices")
        visitor.looks_at(page, "notice-settings")
        page.get_by_role("radio", name=re.compile("少一点")).check()
        page.get_by_role("checkbox", name="短信").uncheck()
        page.get_by_role("button", name="保存").click()
        has_changed(page, "已保存")
        wishes = preferences_of(plan.customer_id)
        assert (wishes.by_sms, wishes.pace) == (False, "fewer")
        page.goto("/me/email")
        page.get_by_label("邮箱").fill("chen@example.com")
        page.get_by_role("button", name="发送验证码").click()
        expect(page.get_by_label("邮件里的验证码")).to_be_visible()
        visitor.looks_at(page, "email")
        mail = town.ask("mail", to="chen@example.com")["mails"][0]["text"]
        page.get_by_label("邮件里的验证码").fill(mail.partition("验证码是 ")[2][:6])
        page.get_by_role("button", name="确认", exact=True).click()
        has_changed(page, "邮箱已验证")
        expect(page.get_by_text("c***n@example.com")).to_be_visible()

        boss = Account.objects.create_staff(username="boss", password="x" * 16, role=Role.ADMIN)
        desk = here.of(boss, width=DESK_WIDTH)
        desk.goto("/console/notices")
        looks_well(desk, "console-notices")
        desk.goto(f"/console/customers/{plan.customer_id}/notices")
        expect(desk.get_by_text("剩余应还 1,920.20 元").first).to_be_visible()
        looks_well(desk, "console-customer-notices")
        desk.goto("/console/notices/messages")
        looks_well(desk, "console-messages")
        desk.goto("/console/notices/messages/repayment_succeeded")
        desk.get_by_label("正文").fill("您已还款 ${amount}。")
        desk.get_by_role("button", name="存为草稿").click()
        expect(desk.get_by_text("您已还款 384.04 元。")).to_be_visible()
        looks_well(desk, "console-words")


@pytest.mark.parametrize("path", ["/inbox", "/me/notices", "/me/email"])
def test_visitors_sign_in_first(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", ["/console/notices", "/console/notices/messages"])
def test_the_pages_of_staff_are_not_for_customers(client: Client, path: str) -> None:
    customer = a_customer("inbox-2", phone="17000001302")
    client.force_login(Account.objects.for_customer(customer), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(path).status_code == 302
    assert client.get("/console/notices?day=never").status_code == 302

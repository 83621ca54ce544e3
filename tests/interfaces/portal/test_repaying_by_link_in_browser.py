"""A message's link to a completed repayment while the usual entry is closed, on a phone in Chinese, at a desk in
English; looked at in both."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from closings import closed
from fenqi.records.models import Account
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.links import repayment_link
from fenqi.usecases.entries.safe_word import choose_safe_word
from malls import bought
from town import Town
from visitors import EN_DESK, ZH_PHONE, Visitor, screen, visited_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.requirement("R149", "R155", "R157", "R161")
@visited_by(ZH_PHONE, EN_DESK)
def test_a_bill_is_repaid_by_its_link_while_the_malls_page_is_closed(
    windows: Windows, mall_server: LiveServer, town: Town, visitor: Visitor
) -> None:
    rate_limits.forget()
    plan = bought()
    closed(clock.now(), hours=6)
    choose_safe_word(plan.customer_id, visitor.reads("青山", "Hill"), now=clock.now())
    link = urlsplit(repayment_link(plan.customer_id, plan.plan_id, now=clock.now())).path
    reads = visitor.reads
    with screen(windows, mall_server, visitor) as window:
        page = window.of(Account.objects.for_customer(plan.customer_id))
        page.goto(f"/plans/{plan.plan_id}/repay")
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            reads("「商城还款页」现在不能还款", "The mall's repayment page takes no repayment right now")
        )
        visitor.looks_at(page, "entry-closed")
        page.goto(f"/orders/{plan.order_id}")
        visitor.looks_at(page, "order-entry-closed")
        page.goto("/official")
        visitor.looks_at(page, "official")

        page.goto(link)
        expect(page).to_have_url(f"{mall_server.url}/plans/{plan.plan_id}/repay")
        page.get_by_role("button", name=reads("下一步：核对金额", "Next: check the amount")).click()
        page.get_by_role("button", name=re.compile(reads("^确认还款 ¥", "^Confirm repayment ¥"))).click()
        page.get_by_role("button", name="确认付款").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reads("已还上", "paid"))
    assert plan.state().totals.outstanding.total < 120_000

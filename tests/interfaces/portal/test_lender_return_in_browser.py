"""A return of goods that a platform financed, in a real browser: quoted, confirmed, reviewed, there at the lender."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from fenqi.records.models import Account, AftersalesCase, PartnerRefund, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.permissions import staff_member
from lenders import PLATFORM, buy_financed, repaid_there
from malls import Bought
from returned import Case
from town import Town
from visitors import EN_DESK, ZH_PHONE, Visitor, screen, visited_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def financed(town: Town) -> Bought:
    """A telephone on twelve installments of Qingrong's, three of them repaid there."""
    rate_limits.forget()
    admin = staff_member(Account.objects.create_staff(username="admin", password="x" * 16, role=Role.ADMIN))
    assert admin
    edit_provider(admin, PLATFORM, now=clock.now())
    plan = buy_financed(opened_on=clock.business_date(clock.now()) - timedelta(days=5))
    repaid_there(town, plan, 3)
    return plan


@pytest.mark.requirement("R050", "R051", "R052", "R056")
@visited_by(ZH_PHONE, EN_DESK)
def test_a_platforms_order_goes_back_and_the_money_to_the_platform(
    windows: Windows, mall_server: LiveServer, financed: Bought, visitor: Visitor
) -> None:
    reads = visitor.reads
    customer = Account.objects.for_customer(financed.customer_id)
    with screen(windows, mall_server, visitor) as here:
        page = here.of(customer)
        heading = page.get_by_role("heading", level=1)
        page.goto(f"/orders/{financed.order_id}/after-sales")
        page.get_by_role("checkbox", name="青屿 X2 手机").check()
        page.get_by_role("radio", name=reads("退货退款", "Return and refund")).check()
        page.get_by_role("button", name=reads("下一步：选原因", "Next: the reason")).click()
        page.get_by_role("radio", name=reads("商品有质量问题", "It does not work properly")).check()
        page.get_by_role("button", name=reads("下一步：看能退多少", "Next: what you get back")).click()
        expect(heading).to_have_text(re.compile(reads("不会直接收到现金", "no cash comes to you directly")))
        visitor.looks_at(page, "lender-return-quote")
        page.get_by_role("button", name=reads("按这个报价提交退货", "Apply for the return by this quote")).click()
        expect(heading).to_have_text(re.compile(reads("申请已收到", "We have your application")))

        row = AftersalesCase.objects.get(customer_id=financed.customer_id)
        case = Case(financed.customer_id, row.id, clock.now())
        here.reviewed(case)
        case.send()
        here.reviewed(case)
        case.execute()
        page = here.of(customer)
        page.goto(f"/after-sales/{case.case_id}")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text(re.compile(reads("退到 轻融分期", "goes to Qingrong")))
        visitor.looks_at(page, "lender-return-on-its-way")
        refund = PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id)
        refunding.send(case.customer_id, refund.id, now=clock.now())
        case.follow()
        page.reload()
        expect(heading).to_have_text(re.compile(reads("已退到 轻融分期", "has arrived at Qingrong")))
        visitor.looks_at(page, "lender-return-arrived")
    assert case.state == "completed"

"""Somebody cannot pay: a promise, a later date, a new schedule with an agent, an objection to a credit mark."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from fenqi.records.models import Account, PlanChange, Role
from fenqi.usecases import clock
from fenqi.usecases.hardship.credit_marks import marks_of, note_warned
from fenqi.usecases.hardship.on_day import on_day
from malls import Bought, bought
from visitors import DESK_WIDTH, EN_DESK, Screen, Visitor, screen, visited_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def late(days: int, today: date) -> Bought:
    """Overdue by so many days, with three of grace and a late fee by the day."""
    first = (today - timedelta(days=days)).isoformat()
    return bought(
        grace_days=3,
        late_fee={"daily_rate": "0.05", "base": "overdue_principal"},
        method="flat_fee",
        fee_rate="0.6",
        first_due_on=first,
        placed=(today - timedelta(days=days + 31)).isoformat(),
    )


def of_staff(window: Screen, username: str, role: Role) -> Page:
    account = Account.objects.filter(username=username).first()
    account = account or Account.objects.create_staff(username=username, password="x" * 16, role=role)
    return window.of(account, width=DESK_WIDTH)


def customer(customer_id: UUID) -> Account:
    return Account.objects.for_customer(customer_id)


def offered_by_an_agent(window: Screen, old: Bought, today: date) -> None:
    """From the desk to a new schedule that waits for the customer."""
    visitor, reads = window.visitor, window.visitor.reads
    desk = of_staff(window, reads("小林", "agent"), Role.AGENT)
    looks = visitor.looks_at
    desk.goto("/console/collections")
    looks(desk, "collections")
    desk.goto(f"/console/collections/{old.customer_id}/{old.plan_id}")
    looks(desk, "collections-plan")
    desk.get_by_text(reads("重新分期", "Lay out anew"), exact=True).click()
    desk.get_by_label(reads("期数", "How many installments")).fill("6")
    desk.get_by_label(reads("首个还款日", "First due date")).fill((today + timedelta(days=20)).isoformat())
    desk.get_by_role("button", name=reads("预览", "Preview"), exact=True).click()
    looks(desk, "collections-preview")
    desk.locator("#reason").fill(reads("客户失业", "lost the job"))
    desk.locator("main button.filled").click()
    expect(desk.get_by_role("status").first).to_be_visible()
    change = PlanChange.objects.get(customer_id=old.customer_id)
    desk.goto(f"/console/plan-changes/{old.customer_id}/{change.id}")
    looks(desk, "collections-change")
    desk.close()


@visited_by(EN_DESK)
def test_from_the_bill_to_a_way_that_fits(windows: Windows, mall_server: LiveServer, visitor: Visitor) -> None:
    reads, now = visitor.reads, clock.now()
    today = clock.business_date(now)
    plan, old = late(2, today), late(36, today)
    on_day(today, first=old.customer_id, last=old.customer_id, now=now)
    (mark, *_) = marks_of(old.customer_id)
    note_warned(old.customer_id, mark.mark_id, now=now)
    with screen(windows, mall_server, visitor) as window:
        page = window.of(customer(plan.customer_id))
        page.goto("/bills")
        visitor.looks_at(page, "help-bills")
        page.get_by_role("link", name=reads("还不上？我们可以谈", "Can't pay in time? We can talk")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reads("我们可以谈", "We can talk"))
        visitor.looks_at(page, "help")
        page.get_by_text(reads("约个日子还", "Promise a day"), exact=True).click()
        page.get_by_role("button", name=reads("下一步：看看费用", "Next: see what it costs")).click()
        visitor.looks_at(page, "help-promise")
        page.locator(".bottom button.filled").click()
        expect(page.get_by_text(reads("到期前不再提醒", "No reminders until then"))).to_be_visible()
        page.get_by_text(reads("延后还款日", "Move the due date"), exact=True).click()
        page.get_by_role("button", name=reads("下一步：看看新的日期", "Next: see the new dates")).click()
        visitor.looks_at(page, "help-extension")
        page.locator(".bottom button.filled").click()
        expect(page.get_by_text(reads("12 个月内最多延期", "may be extended"))).to_be_visible()
        visitor.looks_at(page, "help-after")
        page.close()

        offered_by_an_agent(window, old, today)

        page = window.of(customer(old.customer_id))
        page.goto("/me/credit-record")
        page.get_by_text(reads("记录有误，提出异议", "This is wrong: object")).first.click()
        page.locator("textarea").first.fill(reads("这期我已经在柜台还了。", "I paid this one at the counter."))
        visitor.looks_at(page, "credit-record")
        page.get_by_role("button", name=reads("提交异议", "Send the objection")).first.click()
        expect(page.get_by_text(reads("这期间不会报送", "nothing is reported meanwhile"))).to_be_visible()
        page.goto(f"/plans/{old.plan_id}/help")
        page.get_by_role("link", name=reads("看一看", "Look at it")).click()
        visitor.looks_at(page, "help-schedule")
        page.get_by_role("button", name=reads("同意新的安排", "Agree to the new schedule")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reads("我们可以谈", "We can talk"))
    change = PlanChange.objects.get(customer_id=old.customer_id)
    assert (change.state, change.consent["how"]) == ("done", "portal")

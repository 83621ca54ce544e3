"""From a reminder to a repayment while the usual entry is closed, as days pass: the close of a day queues it, the phone
shows it, its link leads on, and the closing costs its customer nothing.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, expect
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from browsing import Windows
from fenqi.interfaces.commands.daily_close import daily_close
from fenqi.interfaces.jobs import tasks
from fenqi.records.models import Account, CreditMark, Notice, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.guard_days import guard_closings
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.relay import relay_outbox
from late_plans import charges, late
from malls import Bought, a_customer
from town import Town
from visitors import DESK_WIDTH, EN_DESK, EN_PHONE, ZH_DESK, ZH_PHONE, Screen, Visitor, screen, walked_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINK = re.compile(r"https?://[^\s/]+(/p/[\w-]{34})", re.ASCII)
PHONES = {ZH_PHONE: "17000001801", EN_DESK: "17000001802", ZH_DESK: "17000001803", EN_PHONE: "17000001804"}
"""Each has one of their own: the sandbox's telephone keeps what it was sent."""

LASTS = timedelta(days=6)
"""The closing: it begins two days before the due date and ends after it."""


class Calendar:
    """The mall's clock, put to an hour of a day that begins with the next morning."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.first = clock.business_date(datetime.now(UTC)) + timedelta(days=1)

    def put(self, days: int, hour: int) -> None:
        at = datetime.combine(self.day(days), time(hour), tzinfo=clock.mall_zone())
        self.settings.FENQI_CLOCK_AHEAD = at - datetime.now(UTC)

    def day(self, days: int) -> date:
        return self.first + timedelta(days=days)


def close_of_the_day() -> str:
    done = CliRunner().invoke(daily_close, [], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def work() -> None:
    """What the worker does with all that waits now; each job twice, as after a worker that died."""
    relay_outbox(relay="tests", now=clock.now(), limit=100)
    for job in ProcrastinateJob.objects.filter(status="todo").order_by("id"):
        if job.scheduled_at is None or job.scheduled_at <= clock.now():
            for _ in range(2):
                app.tasks[job.task_name].func(**job.args)
            ProcrastinateJob.objects.filter(id=job.id)._raw_delete("default")


def close_the_malls_page(here: Screen, calendar: Calendar) -> None:
    """Two members of staff, at their desks: one plans it, the other approves."""
    staff = {
        name: Account.objects.create_staff(username=name, password="x" * 16, role=Role.FINANCE)
        for name in ("planner", "approver")
    }
    desk = here.of(staff["planner"], width=DESK_WIDTH)
    desk.goto("/console/entries/closings/new")
    desk.locator("[name=entry]").select_option("mall_page")
    desk.locator("[name=successor]").select_option("message_link")
    desk.locator("[name=starts_at]").fill(f"{calendar.day(0)}T12:00")
    desk.locator("[name=ends_at]").fill(f"{calendar.day(0) + LASTS}T12:00")
    desk.locator("[name=notice_zh]").fill("系统升级")
    desk.locator("[name=notice_en]").fill("An upgrade")
    desk.locator("main form button.filled").click()
    desk.locator("button[name=confirmed]").click()
    expect(desk).to_have_url(re.compile(r"/console/entries/closings/[0-9a-f-]{36}$"))
    address = desk.url
    desk.close()
    desk = here.of(staff["approver"], width=DESK_WIDTH)
    desk.goto(address)
    desk.locator("form[action$='/approve'] button").click()
    expect(desk.locator("form[action$='/approve']")).to_have_count(0)
    desk.close()
    here.window.clear_cookies()


def on_the_phone(page: Page, town: Town, phone: str) -> str:
    """The newest message, read in the sandbox's telephone."""
    page.goto(f"{town.url}/sms?phone={phone}")
    return page.locator("section").first.inner_text()


def sign_in(page: Page, town: Town, phone: str) -> None:
    """Asked for by the page that the link led to: the phone, the code out of the newest message."""
    page.locator("[name=phone]").fill(phone)
    page.locator("main form button.filled, form button.filled").first.click()
    expect(page.locator("[name=code]")).to_be_visible()
    tasks.send_sign_in_code(**ProcrastinateJob.objects.order_by("-id")[0].args)
    ProcrastinateJob.objects.filter(task_name="send_sign_in_code")._raw_delete("default")
    page.locator("[name=code]").fill(town.messages(phone)[0]["params"]["code"])
    page.locator("form:has([name=code]) button.filled, button.filled").first.click()


def assert_it_cost_nothing(plan: Bought) -> None:
    """Reminders waited, nothing was charged or marked, and 100.00 is paid."""
    held = Notice.objects.filter(customer_id=plan.customer_id, state="held")
    assert sorted(held.values_list("remind_offset", "reason")) == [(-1, "entry_closed"), (0, "entry_closed")]
    assert plan.state().totals.paid.total == 10_000
    assert plan.state().totals.outstanding.total == 110_000
    assert charges(plan) == []
    assert not CreditMark.objects.filter(customer_id=plan.customer_id).exists()
    assert list(check_books()) == []


@pytest.fixture
def calendar(settings: Settings) -> Calendar:
    rate_limits.forget()
    return Calendar(settings)


def due_on_the_third_day(calendar: Calendar, phone: str, language: str) -> Bought:
    """Its first installment, of 100.00, without grace; a customer of its phone."""
    terms: dict[str, Any] = {"first_due_on": calendar.day(3).isoformat(), "grace_days": 0}
    opened = (calendar.first - timedelta(days=27)).isoformat()
    plan = late(ref=f"w-{phone}", placed=opened, **terms)
    a_customer(f"w-{phone}", phone=phone, language=language)
    return plan


@pytest.mark.requirement("R117", "R149", "R155", "R156", "R158", "R160", "R161", "R162")
@walked_by(ZH_PHONE, EN_DESK)
def test_a_reminder_leads_to_a_repayment_while_the_usual_entry_is_closed(
    windows: Windows, mall_server: LiveServer, town: Town, calendar: Calendar, visitor: Visitor
) -> None:
    reads, phone = visitor.reads, PHONES[visitor]
    calendar.put(0, 10)
    plan = due_on_the_third_day(calendar, phone, reads("zh-hans", "en"))
    close_of_the_day()
    work()
    with screen(windows, mall_server, visitor) as here:
        person = here.window.new_page()
        text = on_the_phone(person, town, phone)
        assert reads("应还 100.00 元", "CNY 100.00") in text
        found = LINK.search(text)
        assert found, text
        person.close()
        close_the_malls_page(here, calendar)
        work()

        for days in (3, 4, 5):  # due, and late: the closing holds reminders, charges and marks
            calendar.put(days, 10)
            guard_closings(now=clock.now())
            close_of_the_day()
            work()
        sent = [message["text"] for message in town.messages(phone) if "/p/" in message["text"]]
        assert sent == [text.split("】")[1].strip()]

        page = here.window.new_page()
        page.set_viewport_size({"width": visitor.width, "height": 844})
        page.goto(found[1])
        expect(page).to_have_url(re.compile("/sign-in"))
        sign_in(page, town, phone)
        expect(page).to_have_url(f"{mall_server.url}/plans/{plan.plan_id}/repay")
        visitor.looks_at(page, "repay-by-reminder")
        page.get_by_role("button", name=reads("下一步：核对金额", "Next: check the amount")).click()
        page.get_by_role("button", name=re.compile(reads("^确认还款 ¥100.00", "^Confirm repayment ¥100.00"))).click()
        page.get_by_role("button", name="确认付款").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reads("¥100.00 已还上", "¥100.00 is paid"))
        work()
        text = on_the_phone(person := here.window.new_page(), town, phone)
        assert reads("您已还款 100.00 元", "CNY 100.00") in text
        assert "1,100.00" in text
        person.close()

        calendar.put(6, 10)
        close_of_the_day()
        work()
        assert len([one for one in town.messages(phone) if "/p/" in one["text"]]) == 1
        page.goto("/inbox")
        told = reads("还款成功 还款入口暂停 还款提醒", "Repayment received,A repayment entry closes,Repayment reminder")
        expect(page.locator("main a.row .row-title")).to_have_text(told.split(reads(" ", ",")))
        visitor.looks_at(page, "inbox-after-closing")
    assert_it_cost_nothing(plan)

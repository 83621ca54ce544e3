"""Input that cannot be, on the pages: told in the reader's language, nothing kept, nothing lost, nothing sent twice."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import escape

from closings import closed
from fenqi.domain.entries import EntryKind
from fenqi.records.models import Account, EntryWindow, Notice, SupportMessage
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.change_closing import end_closing_early
from fenqi.usecases.entries.routing import route
from fenqi.usecases.notices import providers
from fenqi.usecases.notices.delivering import NoticeUnanswered
from fenqi.usecases.notices.on_day import on_day
from fenqi.usecases.notices.reminding import send_notice
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.support.conversation import open_thread
from malls import Bought, a_customer, bought, noon
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/console/entries/closings/new"
WORDS = {"title": "手机", "amount": "100.00 元", "route": "退回支付宝", "number": "AS1"}


def reader(plan: Bought, language: str) -> Client:
    """The plan's customer, signed in."""
    client = Client(headers={"accept-language": language})
    account = Account.objects.for_customer(plan.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(("language", "at"), [("zh-hans", 0), ("en", 1)])
def test_closings_that_cannot_be_are_told_in_the_readers_language(
    desk: Callable[..., Client], language: str, at: int
) -> None:
    planner = desk("finance", language)
    for starts, ends, told in (
        ("2020-01-01T10:00", "2020-01-02T10:00", ("已经过去", "in the past")),
        ("2099-01-02T10:00", "2099-01-01T10:00", ("结束时间须晚于开始时间", "it ends before it begins")),
        ("2099-01-01T10:00", "2099-12-31T10:00", ("一次最多暂停 60 天", "60 days at most")),
    ):
        said = {"entry": "mall_page", "successor": "message_link", "notice_zh": "系统升级", "notice_en": "An upgrade"}
        page = planner.post(NEW, {**said, "starts_at": starts, "ends_at": ends, "confirmed": "yes"})
        assert page.status_code == 422
        assert told[at] in page.content.decode()
    assert not EntryWindow.objects.exists()


def test_of_two_closings_that_overlap_the_entry_is_closed_until_the_later_is_over() -> None:
    plan = bought()
    now = noon("2026-01-20")
    first = closed(now, hours=24)
    closed(now, hours=48)
    mall = route(plan.customer_id, plan.plan_id, now=now + timedelta(hours=1)).of_kind(EntryKind.MALL_PAGE)
    assert mall is not None
    assert mall.until == now + timedelta(hours=48)
    end_closing_early(finance("planner"), first, reason="done", now=now + timedelta(hours=2))
    for hours, works in ((3, False), (30, False), (49, True)):
        found = route(plan.customer_id, plan.plan_id, now=now + timedelta(hours=hours))
        assert found.works(EntryKind.MALL_PAGE) is works, hours


@pytest.mark.parametrize(("language", "at"), [("zh-hans", 0), ("en", 1)])
def test_a_message_of_100000_characters_comes_back_whole_from_both_sides(
    desk: Callable[..., Client], language: str, at: int
) -> None:
    rate_limits.forget()
    plan, long = bought(), "长" * 100_000
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language=language, now=clock.now())
    customer, agent = Client(headers={"accept-language": language}), desk("agent", language)
    customer.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    address = f"/console/support/{plan.customer_id}/{thread_id}"
    assert agent.post(f"{address}/take").status_code == 302
    for client, where in ((customer, f"/support/{thread_id}"), (agent, address)):
        page = client.post(where, {"text": long, "request_key": str(uuid4())})
        text = page.content.decode()
        assert page.status_code == 422
        assert long in text
        assert "100000" in text.replace(",", "")
        assert ("最多", "at most")[at] in text
    assert not SupportMessage.objects.filter(customer_id=plan.customer_id).exists()
    assert customer.post(f"/support/{thread_id}", {"text": "短", "request_key": str(uuid4())}).status_code == 302


@pytest.mark.requirement("R182")
@pytest.mark.parametrize(
    ("language", "told", "leads"),
    [("zh-hans", "这段对话已结束", "去正在进行的对话"), ("en", "is closed and another", "To the open conversation")],
)
def test_words_to_a_closed_conversation_come_back_and_lead_to_the_open_one(
    desk: Callable[..., Client], language: str, told: str, leads: str
) -> None:
    rate_limits.forget()
    plan = bought()
    old = open_thread(plan.customer_id, plan_id=plan.plan_id, language=language, now=clock.now())
    agent, typed = desk("agent", language), "为什么还没到？ <b>R5</b>"
    assert agent.post(f"/console/support/{plan.customer_id}/{old}/take").status_code == 302
    assert agent.post(f"/console/support/{plan.customer_id}/{old}/close").status_code == 302
    new = open_thread(plan.customer_id, plan_id=plan.plan_id, language=language, now=clock.now())
    customer = reader(plan, language)
    for _ in range(2):
        page = customer.post(f"/support/{old}", {"text": typed, "request_key": str(uuid4())})
        shown = page.content.decode()
        assert (page.status_code, told in shown, leads in shown) == (409, True, True)
        assert f">{escape(typed)}</textarea>" in shown
        assert f'href="/support/{new}"' in shown
    assert not SupportMessage.objects.filter(customer_id=plan.customer_id).exists()


@pytest.mark.requirement("R135", "R172", "R182")
@pytest.mark.parametrize(
    ("language", "told"), [("zh-hans", "这张工单现在由 agent 负责，没有发出"), ("en", "agent has this ticket now")]
)
def test_two_agents_on_one_ticket_send_one_answer(desk: Callable[..., Client], language: str, told: str) -> None:
    plan = bought()
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language=language, now=clock.now())
    address = f"/console/support/{plan.customer_id}/{thread_id}"
    first, second, key = desk("agent", language), desk("admin", language), str(uuid4())
    for _ in range(2):
        assert first.post(address, {"text": "It is on its way", "request_key": key}).status_code == 302
    page = second.post(address, {"text": "I answer too", "request_key": str(uuid4())})
    shown = page.content.decode()
    assert (page.status_code, told in shown, ">I answer too</textarea>" in shown) == (409, True, True)
    said = SupportMessage.objects.filter(customer_id=plan.customer_id)
    assert list(said.values_list("text", flat=True)) == ["It is on its way"]


@pytest.mark.requirement("R182")
@pytest.mark.parametrize(("language", "told"), [("zh-hans", "账户已注销"), ("en", "the account is closed")])
def test_a_reminder_that_a_deleted_customer_did_not_get_is_explained(
    desk: Callable[..., Client], language: str, told: str
) -> None:
    plan, due = bought(), date(2026, 2, 1)
    morning = noon("2026-02-01").replace(hour=1)
    on_day(due, first=plan.customer_id, last=plan.customer_id, now=morning)
    notice = Notice.objects.get(customer_id=plan.customer_id)
    account = Account.objects.for_customer(plan.customer_id)
    account.is_active = False
    account.save()
    for _ in range(2):
        assert not send_notice(plan.customer_id, notice.id, now=morning)
    staff = desk("admin", language)
    for address in (f"/console/customers/{plan.customer_id}/notices", "/console/notices?day=2026-02-01"):
        page = staff.get(address)
        assert (page.status_code, told in page.content.decode()) == (200, True), address


@pytest.mark.requirement("R182")
@pytest.mark.parametrize(("language", "told"), [("zh-hans", "异常"), ("en", "In trouble")])
def test_a_failing_provider_is_seen_and_its_message_is_sent_once(
    town: Town, desk: Callable[..., Client], language: str, told: str
) -> None:
    phone = f"1700000177{len(language)}"
    customer, now = a_customer(f"failing-{language}", phone=phone), clock.now()
    for service in ("sms", "sms2"):
        town.order("sms", "down", channel=service, times=50)

    def tell(after: timedelta) -> bool:
        return send_once(customer, Message.CASE_ARRIVED, subject="case:1", params=lambda _: WORDS, now=now + after)

    with pytest.raises(NoticeUnanswered):
        tell(timedelta())
    page = desk("admin", language).get("/console/notices")
    assert (page.status_code, told in page.content.decode()) == (200, True)
    town.tell("faults/forget")
    providers.forget()
    for minutes in (20, 30, 40):
        with suppress(NoticeUnanswered):
            tell(timedelta(minutes=minutes))
    assert len(town.messages(phone)) == 1

"""Closings and tickets with input that cannot be: told in the reader's language, nothing kept, nothing lost."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from closings import closed
from fenqi.domain.entries import EntryKind
from fenqi.records.models import Account, EntryWindow, SupportMessage
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.change_closing import end_closing_early
from fenqi.usecases.entries.routing import route
from fenqi.usecases.support.conversation import open_thread
from malls import bought, noon
from staff_members import finance

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/console/entries/closings/new"


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

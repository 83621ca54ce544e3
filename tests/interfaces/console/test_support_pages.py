"""Agents answer customers in the console, with the story before their eyes."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.test import Client

from fenqi.records.models import Payment, SupportMessage
from fenqi.usecases import clock
from fenqi.usecases.support.conversation import open_thread, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread(person: Callable[[str], UUID]) -> tuple[UUID, UUID]:
    customer_id = person("wang")
    failed = Payment.objects.filter(customer_id=customer_id, state="closed").order_by("-created_at")[0]
    thread_id = open_thread(customer_id, payment_id=failed.id, language="zh-hans", now=clock.now())
    say(customer_id, thread_id, "为什么 <没扣成>？", request_key="m1", now=clock.now())
    return customer_id, thread_id


@pytest.mark.requirement("R134", "R135")
def test_an_agent_sees_the_story_answers_and_closes(desk: Callable[..., Client], thread: tuple[UUID, UUID]) -> None:
    agent, address = desk("agent"), f"/console/support/{thread[0]}/{thread[1]}"
    queue = agent.get("/console/support").content.decode()
    assert address in queue
    assert "为什么 &lt;没扣成&gt;？" in queue
    page = agent.get(address).content.decode()
    assert "客户看到的话" in page
    assert f"/console/customers/{thread[0]}" in page
    answered = agent.post(address, {"text": "余额不足，存好再试。", "request_key": str(uuid4())})
    assert answered.headers["Location"] == address
    assert address not in agent.get("/console/support").content.decode()
    assert agent.post(f"{address}/close").headers["Location"] == "/console/support"
    assert "已结束" in agent.get(address).content.decode()


def test_an_empty_answer_is_not_sent(desk: Callable[..., Client], thread: tuple[UUID, UUID]) -> None:
    answer = desk("agent").post(f"/console/support/{thread[0]}/{thread[1]}", {"text": " ", "request_key": "a"})
    assert answer.status_code == 422
    assert SupportMessage.objects.filter(customer_id=thread[0]).count() == 1


def test_finance_has_no_part_in_it(desk: Callable[..., Client], thread: tuple[UUID, UUID]) -> None:
    finance = desk("finance")
    assert finance.get("/console/support").status_code == 403
    assert finance.post(f"/console/support/{thread[0]}/{thread[1]}/take").status_code == 403

"""What a console page is sent outside its forms: characters no database takes, days that no calendar has."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from fenqi.records.models import AuditRecord
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.notices.templates import Message, title_of, weight_of
from fenqi.usecases.support.conversation import open_thread
from malls import bought

pytestmark = pytest.mark.django_db(transaction=True)
BAD = "a\x00b"


def test_bad_characters_and_days_are_refused_or_left_out(desk: Callable[..., Client]) -> None:
    rate_limits.forget()
    plan = bought()
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language="en", now=clock.now())
    admin = desk("admin")
    ticket = f"/console/support/{plan.customer_id}/{thread_id}"
    link = f"/console/customers/{plan.customer_id}/plans/{plan.plan_id}/link"
    admin.post(f"{ticket}/take")
    for address, said in (
        (ticket, {"text": "ok", "request_key": BAD}),
        (ticket, {"text": BAD, "request_key": str(uuid4())}),
        (f"{ticket}/note", {"note": BAD, "request_key": BAD}),
        (link, {"reason": BAD, "request_key": BAD}),
        ("/console/saved-answers/withdraw", {"code": BAD}),
    ):
        assert admin.post(address, said).status_code < 500, (address, said)
    for address in (
        "/console/saved-answers?code=%00",
        f"{ticket}?use=%00",
        "/console/repayments?from=0001-01-01&to=9999-12-31",
        "/console/repayments?from=9999-12-31&to=0001-01-01",
        "/console/refunds/all?to=0001-01-02",
        "/console/repayments?page=99999999999999999999",
    ):
        assert admin.get(address).status_code < 500, address


def test_reading_a_conversation_by_its_news_is_written_down(desk: Callable[..., Client]) -> None:
    plan = bought()
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language="en", now=clock.now())
    agent = desk("agent")
    assert agent.get(f"/console/support/{plan.customer_id}/{thread_id}/news").status_code == 200
    seen = AuditRecord.objects.filter(customer_id=plan.customer_id, action="conversation_seen")
    assert seen.count() == 1


@pytest.mark.parametrize("message", ["phone_change_announced", "phone_changed", "closing_asked", "credit_warning"])
def test_nobody_loses_an_account_in_silence(message: str) -> None:
    """Whatever a thief with an open session has switched off."""
    assert weight_of(message) == "critical"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_has_a_title_of_its_own(language: str) -> None:
    assert [message for message in Message if title_of(message, language) in ("通知", "A notice")] == []

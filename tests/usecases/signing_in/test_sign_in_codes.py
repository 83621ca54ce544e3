"""A consumer signs in by a code that really goes over the message service, and nobody learns whose phone is known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from fenqi.channels.sms import SmsOutcome
from fenqi.interfaces.jobs import tasks
from fenqi.records.models import Account, AuditRecord, SmsDevice
from fenqi.usecases import rate_limits
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.signing_in import (
    CodeRefused,
    CodeSent,
    InvalidPhone,
    TooManyRequests,
    check_code,
    request_code,
)
from fenqi.usecases.signing_in.request import SEND_CODE
from fenqi.usecases.signing_in.send import send_code
from malls import a_customer
from town import Town

PHONE, STRANGER = "17000000901", "17000000999"
ADDRESS = "203.0.113.9"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def customer(town: Town) -> UUID:
    return a_customer("s-1", phone=PHONE)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def queued() -> list[dict[str, Any]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name=SEND_CODE).order_by("id")]


def do_the_queued_work() -> None:
    """What the worker does with the newest request."""
    tasks.send_sign_in_code(**queued()[-1])


def last_code(town: Town) -> str:
    messages = town.ask("sms", phone=PHONE)["messages"]
    assert messages[0]["template_code"] == "SMS_SIGN_IN_CODE_ZH"
    code: str = messages[0]["params"]["code"]
    return code


def ask_and_receive(town: Town, now: datetime) -> str:
    request_code(PHONE, remote_address=ADDRESS, now=now)
    do_the_queued_work()
    return last_code(town)


@pytest.mark.requirement("R006")
def test_the_code_of_the_message_signs_the_customer_in_once(customer: UUID, town: Town, now: datetime) -> None:
    code = ask_and_receive(town, now)
    assert len(code) == 6

    signed_in = check_code("+86 170-0000-0901", f" {code} ", remote_address=ADDRESS, now=now)
    assert signed_in.customer_id == customer
    assert signed_in.account == Account.objects.get(customer_id=customer)
    assert AuditRecord.objects.filter(customer_id=customer, action="signed_in").count() == 1

    with pytest.raises(CodeRefused):
        check_code(PHONE, code, remote_address=ADDRESS, now=now)


def test_a_known_and_an_unknown_phone_get_the_same_answer_for_the_same_work(customer: UUID, now: datetime) -> None:
    with CaptureQueriesContext(
        connection,
    ) as for_known:
        known = request_code(PHONE, remote_address=ADDRESS, now=now)
    with CaptureQueriesContext(connection) as for_stranger:
        stranger = request_code(STRANGER, remote_address=ADDRESS, now=now)
    assert known == stranger == CodeSent(resend_after=60, expires_in=300)
    assert len(for_known) == len(for_stranger)


def test_a_wrong_code_and_an_unknown_phone_are_refused_in_the_same_words(
    customer: UUID, town: Town, now: datetime
) -> None:
    code = ask_and_receive(town, now)
    wrong = "000000" if code != "000000" else "111111"
    with pytest.raises(CodeRefused) as for_known:
        check_code(PHONE, wrong, remote_address=ADDRESS, now=now)
    with pytest.raises(CodeRefused) as for_stranger:
        check_code(STRANGER, wrong, remote_address=ADDRESS, now=now)
    assert str(for_known.value) == str(for_stranger.value)


def test_the_queue_holds_neither_the_phone_nor_the_code(customer: UUID, town: Town, now: datetime) -> None:
    code = ask_and_receive(town, now)
    assert PHONE not in str(queued())
    assert code not in str(queued())


def test_after_a_wrong_code_even_the_right_one_has_to_wait(customer: UUID, town: Town, now: datetime) -> None:
    code = ask_and_receive(town, now)
    with pytest.raises(CodeRefused):
        check_code(PHONE, "12345", remote_address=ADDRESS, now=now)
    with pytest.raises(CodeRefused):
        check_code(PHONE, code, remote_address=ADDRESS, now=now)
    SmsDevice.objects.update(throttling_failure_timestamp=now - timedelta(seconds=5))
    assert check_code(PHONE, code, remote_address=ADDRESS, now=now).customer_id == customer


def test_an_old_code_is_worth_nothing(customer: UUID, town: Town, now: datetime) -> None:
    code = ask_and_receive(town, now)
    SmsDevice.objects.update(valid_until=now - timedelta(seconds=1))
    with pytest.raises(CodeRefused):
        check_code(PHONE, code, remote_address=ADDRESS, now=now)


def test_a_second_request_within_the_minute_sends_nothing_and_keeps_the_first_code(
    customer: UUID, town: Town, now: datetime
) -> None:
    code = ask_and_receive(town, now)
    sent = len(town.ask("sms", phone=PHONE)["messages"])
    assert ask_and_receive(town, now) == code
    assert len(town.ask("sms", phone=PHONE)["messages"]) == sent


def test_nothing_is_sent_to_strangers_nor_for_a_request_nobody_waits_for_any_more(
    customer: UUID, now: datetime
) -> None:
    request_code(STRANGER, remote_address=ADDRESS, now=now)
    assert send_code(queued()[-1]["phone_index"], asked_at=now, now=now) is None
    request_code(PHONE, remote_address=ADDRESS, now=now)
    assert send_code(queued()[-1]["phone_index"], asked_at=now - timedelta(minutes=6), now=now) is None


def test_a_message_that_was_refused_does_not_make_the_customer_wait(customer: UUID, town: Town, now: datetime) -> None:
    town.tell("faults", operation="sms", kind="code", value="isv.BUSINESS_LIMIT_CONTROL", times=1)
    request_code(PHONE, remote_address=ADDRESS, now=now)
    assert send_code(queued()[-1]["phone_index"], asked_at=now, now=now) is SmsOutcome.REFUSED
    assert ask_and_receive(town, now)


def test_a_closed_account_gets_no_code_and_cannot_use_one(customer: UUID, town: Town, now: datetime) -> None:
    code = ask_and_receive(town, now)
    Account.objects.filter(customer_id=customer).update(is_active=False)
    with pytest.raises(CodeRefused):
        check_code(PHONE, code, remote_address=ADDRESS, now=now)


@pytest.mark.parametrize("text", ["", "abc", "12", "170000009011234567", "1700000\x000901"])
def test_what_is_no_phone_number_is_said_to_be_none(text: str, now: datetime) -> None:
    with pytest.raises(InvalidPhone):
        request_code(text, remote_address=ADDRESS, now=now)


@pytest.mark.parametrize("rate", [Rate.REQUEST_CODE, Rate.CHECK_CODE])
def test_one_address_may_not_ask_without_end_and_others_do_not_suffer(rate: Rate) -> None:
    for _ in range(rate.limit.amount):
        rate_limits.count(rate, ADDRESS)
    with pytest.raises(TooManyRequests):
        rate_limits.count(rate, ADDRESS)
    rate_limits.count(rate, "203.0.113.10")

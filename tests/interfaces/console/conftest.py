"""The sample mall behind the console, and staff of each role who are signed in."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from fenqi.channels.interface import ChannelReply
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.records import personal
from fenqi.records.models import Account, Customer, PaymentAttempt, RefusedCallback
from fenqi.usecases import clock
from fenqi.usecases.customers import find_customer_by_phone
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.staff.create import create_staff
from malls import bought
from sample_mall import SampleMall
from town import Town

PASSWORD = "three-blue-teapots-1987"
PHONES = {
    "chen": "17000000417",
    "lin": "17000000418",  # the outcome of a repayment is not known
    "wang": "17000000419",
    "zhang": "17000000420",  # everything settled
}
Person = Callable[[str], UUID]
Desk = Callable[..., Client]


@pytest.fixture
def person(db: None, town: Town, sample_mall: SampleMall) -> Person:
    """The sample mall is loaded; gives a customer's id by the short name above."""
    sample_mall.load()
    return lambda name: find_customer_by_phone(PHONES[name])


@pytest.fixture
def make_staff(db: None) -> Callable[[str], Account]:
    """One member of staff for each role; the name is the role's."""

    def make(role: str) -> Account:
        found = Account.objects.filter(username=role).first()
        return found or create_staff(username=role, password=PASSWORD, role=role, actor="system", now=clock.now())

    return make


@pytest.fixture
def desk(make_staff: Callable[[str], Account]) -> Desk:
    """A browser without scripts in which staff of the role have signed in by the form."""

    def sign_in(role: str, language: str = "zh-hans") -> Client:
        make_staff(role)
        client = Client(headers={"accept-language": language})
        answer = client.post("/console/sign-in", {"username": role, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return sign_in


@pytest.fixture
def paid_twice(db: None, town: Town) -> UUID:
    """A customer whose installment was paid at the counter while the same was being paid at Alipay."""
    bill = bought("MM-90001", opened_on="2026-01-01")
    Customer.objects.filter(id=bill.customer_id).update(name_encrypted=personal.encrypt("许知远"))
    now = clock.now()
    started = bill.start(1, now=now)
    bill.record(10_000, on=clock.business_date(now), now=now, key="counter")
    attempt = PaymentAttempt.objects.get(customer_id=bill.customer_id, id=started.attempt_id)
    reply = ChannelReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=attempt.out_trade_no,
        trade_no="2026112222001400000000000001",
        amount=Money(attempt.amount_minor, attempt.currency),
        paid_at=now,
        raw={"trade_status": "TRADE_SUCCESS", "total_amount": "100.00"},
    )
    settle_attempt(bill.customer_id, started.attempt_id, reply, actor="channel:alipay", now=now)
    return bill.customer_id


@pytest.fixture
def refused_callback(db: None) -> RefusedCallback:
    return RefusedCallback.objects.create(
        channel="alipay",
        reason="bad_signature",
        remote_address="203.0.113.7",
        body="{'out_trade_no': 'F1', '<script>': 'alert(1)'}",
        received_at=clock.now(),
    )

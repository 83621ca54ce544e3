"""Another phone: by codes to both numbers, or by two members of staff when the old one is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client

from fenqi.domain.errors import NotFound
from fenqi.interfaces.jobs import accounts as jobs
from fenqi.records import directory, personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, AccountCode, Customer, DirectoryKind, Notice, OutboxMessage, PhoneChange
from fenqi.usecases import outbox, rate_limits
from fenqi.usecases.accounts import lost_phone, phone
from fenqi.usecases.accounts.codes import MOST_TRIES, AccountCodeRefused
from fenqi.usecases.accounts.lost_phone import CheckMissing, PhoneChangeOpen, SecondPersonNeeded
from fenqi.usecases.accounts.phone import PhoneNotFree, SamePhone
from fenqi.usecases.customers import find_customer_by_phone
from fenqi.usecases.entries.app_recognition import holders_of
from fenqi.usecases.entries.shared_phone import share_phone
from fenqi.usecases.notices.reminding import send_notice
from fenqi.usecases.signing_in import InvalidPhone
from fenqi.usecases.staff.permissions import NotPermitted
from malls import a_customer
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW, OTHER = "17000000921", "17000000922", "17000000923"
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CHECKED = "核对了最近两笔还款和订单"


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def customer(town: Town) -> UUID:
    return a_customer("c-phone", name="陈小云", phone=OLD)


def deliver(customer_id: UUID) -> None:
    """What the relay and the worker would do about codes and news."""
    topics = [outbox.SEND_ACCOUNT_CODE, outbox.ACCOUNT_NEWS]
    for message in OutboxMessage.objects.filter(customer_id=customer_id, done_at=None, topic__in=topics):
        body = dict(message.body)
        if message.topic == outbox.SEND_ACCOUNT_CODE:
            from fenqi.usecases.accounts.codes import send_account_code

            send_account_code(customer_id, UUID(body["code_id"]), now=NOW)
        else:
            jobs.account_news(customer_id=str(customer_id), **body)
        OutboxMessage.objects.filter(customer_id=customer_id, id=message.id).update(done_at=NOW)


def code_on(town: Town, number: str) -> str:
    return str(town.messages(number)[0]["params"]["code"])


def signed_in(customer_id: UUID) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.requirement("R006", "R007")
def test_both_codes_bind_the_new_number_and_end_every_session(town: Town, customer: UUID) -> None:
    elsewhere = signed_in(customer)
    assert elsewhere.get("/me").status_code == 200
    phone.ask_codes(customer, NEW, now=NOW)
    deliver(customer)
    codes = code_on(town, OLD), code_on(town, NEW)
    phone.change_phone(customer, NEW, old_code=codes[0], new_code=codes[1], now=NOW)
    assert find_customer_by_phone(NEW) == customer
    assert directory.find(DirectoryKind.PHONE, personal.phone_index(OLD)) is None
    assert elsewhere.get("/me").headers["Location"].startswith("/sign-in")
    deliver(customer)
    assert "PHONE_CHANGED" in town.messages(NEW)[0]["template_code"]
    with pytest.raises(AccountCodeRefused):
        phone.change_phone(customer, OLD, old_code=codes[0], new_code=codes[1], now=NOW)


@pytest.mark.requirement("R005", "R007")
def test_what_waits_goes_to_the_new_number_alone_and_a_shared_one_is_used_no_longer(town: Town, customer: UUID) -> None:
    share_phone(customer, OTHER, actor="tests", now=NOW)
    retry = {"subject": "payment:x", "weight": "reminder", "language": "zh", "state": "told", "told_at": NOW}
    notice = Notice.objects.create(
        customer_id=customer, id=new_id(), message="retry_reminder", due_at=NOW, created_at=NOW, **retry
    )
    with transaction.atomic():
        phone.bind_phone(customer, NEW, actor="tests", now=NOW)
    before = len(town.messages(OLD)), len(town.messages(NEW))
    assert send_notice(customer, notice.id, now=NOW)
    assert (len(town.messages(OLD)), len(town.messages(NEW))) == (before[0], before[1] + 1)
    assert holders_of(personal.phone_index(OTHER)) == ()


@pytest.mark.requirement("R007")
def test_wrong_codes_bind_nothing_and_run_out(town: Town, customer: UUID) -> None:
    phone.ask_codes(customer, NEW, now=NOW)
    deliver(customer)
    old_code, new_code = code_on(town, OLD), code_on(town, NEW)
    wrong = f"{(int(new_code) + 1) % 1_000_000:06}"
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(AccountCodeRefused):
            phone.change_phone(customer, NEW, old_code=old_code, new_code=wrong, now=NOW)
    with pytest.raises(AccountCodeRefused):
        phone.change_phone(customer, OTHER, old_code=old_code, new_code=new_code, now=NOW)
    with pytest.raises(AccountCodeRefused):
        phone.change_phone(customer, NEW, old_code=old_code, new_code=new_code, now=NOW)
    assert find_customer_by_phone(OLD) == customer
    assert not AccountCode.objects.filter(customer_id=customer, used_at__isnull=False).exists()


def test_an_old_code_is_none(town: Town, customer: UUID) -> None:
    phone.ask_codes(customer, NEW, now=NOW)
    deliver(customer)
    codes = code_on(town, OLD), code_on(town, NEW)
    with pytest.raises(AccountCodeRefused):
        phone.change_phone(customer, NEW, old_code=codes[0], new_code=codes[1], now=NOW + timedelta(minutes=10))


@pytest.mark.requirement("R007")
def test_a_number_of_another_account_is_told_only_to_who_has_it_in_hand(town: Town, customer: UUID) -> None:
    a_customer("c-other", name="王五", phone=OTHER)
    phone.ask_codes(customer, OTHER, now=NOW)
    deliver(customer)
    with pytest.raises(PhoneNotFree) as refused:
        phone.change_phone(customer, OTHER, old_code=code_on(town, OLD), new_code=code_on(town, OTHER), now=NOW)
    assert "王" not in refused.value.zh
    assert "c-other" not in refused.value.en
    assert find_customer_by_phone(OLD) == customer
    for number, refusal in ((OLD, SamePhone), ("12", InvalidPhone)):
        with pytest.raises(refusal):
            phone.ask_codes(customer, number, now=NOW)


def proposed(town: Town, customer: UUID) -> UUID:
    lost_phone.ask_new_phone(agent(), customer, NEW, now=NOW)
    deliver(customer)
    return lost_phone.propose(agent(), customer, NEW, code=code_on(town, NEW), checked=CHECKED, now=NOW)


@pytest.mark.requirement("R007")
def test_a_lost_number_takes_two_people_a_waiting_time_and_word_to_the_old_number(town: Town, customer: UUID) -> None:
    change = proposed(town, customer)
    admin = finance("second")
    at = lost_phone.approve(admin, customer, change, now=NOW)
    assert at == NOW + timedelta(hours=72)
    deliver(customer)
    told = town.messages(OLD)[0]
    assert "PHONE_CHANGE_ANNOUNCED" in told["template_code"]
    assert NEW not in str(told["params"])
    lost_phone.carry_out_due(now=at - timedelta(seconds=1))
    assert find_customer_by_phone(OLD) == customer
    assert lost_phone.carry_out_due(now=at) == 1
    assert lost_phone.carry_out_due(now=at) == 0
    assert find_customer_by_phone(NEW) == customer
    with pytest.raises(NotFound):
        find_customer_by_phone(OLD)


def test_nobody_changes_a_phone_alone(town: Town, customer: UUID) -> None:
    with pytest.raises(CheckMissing):
        lost_phone.propose(agent(), customer, NEW, code="000000", checked="ok", now=NOW)
    with pytest.raises(NotPermitted):
        lost_phone.ask_new_phone(finance("x"), customer, NEW, now=NOW)
    change = proposed(town, customer)
    with pytest.raises(PhoneChangeOpen):
        lost_phone.propose(agent("b"), customer, NEW, code="000000", checked=CHECKED, now=NOW)
    with pytest.raises(NotPermitted):
        lost_phone.approve(agent("b"), customer, change, now=NOW)
    from dataclasses import replace

    from fenqi.usecases.staff.permissions import Permission

    both = replace(agent(), permissions=frozenset(Permission))
    with pytest.raises(SecondPersonNeeded):
        lost_phone.approve(both, customer, change, now=NOW)
    assert PhoneChange.objects.get(customer_id=customer).state == "proposed"


@pytest.mark.requirement("R007")
def test_whoever_has_the_old_number_stops_it(town: Town, customer: UUID) -> None:
    change = proposed(town, customer)
    at = lost_phone.approve(finance("second"), customer, change, now=NOW)
    client = signed_in(customer)
    page = client.get("/me").content.decode()
    assert f"/me/phone/{change}/stop" in page
    assert client.post(f"/me/phone/{change}/stop").status_code == 302
    lost_phone.carry_out_due(now=at)
    assert find_customer_by_phone(OLD) == customer
    stranger = signed_in(a_customer("c-stranger", phone=OTHER))
    assert stranger.post(f"/me/phone/{change}/stop").status_code == 404


def test_a_number_that_was_taken_meanwhile_is_not_bound(town: Town, customer: UUID) -> None:
    change = proposed(town, customer)
    at = lost_phone.approve(finance("second"), customer, change, now=NOW)
    a_customer("c-quick", phone=NEW)
    lost_phone.carry_out_due(now=at)
    row = PhoneChange.objects.get(customer_id=customer)
    assert (row.state, row.stopped_why) == ("stopped", "phone_not_free")
    assert Customer.objects.get(id=customer).phone_index == personal.phone_index(OLD)

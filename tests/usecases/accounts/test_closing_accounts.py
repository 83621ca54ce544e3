"""An account is closed when nothing is open: its person goes, its books stay."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Account,
    AccountClosing,
    AppRecognition,
    AuditRecord,
    Customer,
    JournalEntry,
    Notice,
    NoticePreference,
    OutboxMessage,
    PaymentAttempt,
    PlanEvent,
    SafeWord,
)
from fenqi.usecases import audit, outbox, rate_limits
from fenqi.usecases.accounts import closing
from fenqi.usecases.accounts.closing import AccountNotClosable, HindranceKind
from fenqi.usecases.accounts.codes import AccountCodeRefused, send_account_code
from fenqi.usecases.customers import customer_view, find_customer_by_phone
from fenqi.usecases.entries.app_recognition import holders_of
from fenqi.usecases.entries.safe_word import choose_safe_word
from fenqi.usecases.entries.shared_phone import share_phone
from fenqi.usecases.hardship.promises import Promised, make_promise
from fenqi.usecases.notices.reminding import send_notice
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.signing_in.send import send_code
from fenqi.usecases.support.conversation import open_thread
from held import asked_for, bound_card
from malls import Bought, a_customer, an_order, bought, noon
from returned import a_return, delivered
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, SHARED = "17000000931", "17000000932"
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


def settled(ref: str = "c-closing") -> Bought:
    """Bought, and repaid in full."""
    a_customer(ref, name="陈小云", phone=PHONE)
    taken = register_order(an_order(f"o-{ref}", ref=ref), now=noon("2026-01-01"))
    assert taken.plan_id is not None
    plan = Bought(taken.customer_id, taken.order_id, taken.plan_id)
    plan.record(120_000, on=date(2026, 1, 5), now=NOW, key="all")
    return plan


def asked(town: Town, customer_id: UUID) -> closing.ClosingView:
    closing.ask_closing_code(customer_id, now=NOW)
    for message in OutboxMessage.objects.filter(customer_id=customer_id, topic=outbox.SEND_ACCOUNT_CODE):
        send_account_code(customer_id, UUID(message.body["code_id"]), now=NOW)
    code = town.messages(PHONE)[0]["params"]["code"]
    return closing.ask_closing(
        customer_id, code, consent="I want it closed.", language="en", remote_address="203.0.113.9", now=NOW
    )


@pytest.mark.requirement("R178")
def test_what_is_open_holds_an_account_open_and_is_listed_with_its_way_out(town: Town) -> None:
    order = delivered(phone=PHONE)
    case = order.apply(a_return((1, 1)))
    open_thread(order.customer_id, case_id=case.case_id, language="en", now=order.now)
    asked_for(order.plan, now=order.now)
    found = {one.kind for one in closing.hindrances(order.customer_id)}
    assert found == {HindranceKind.PLAN, HindranceKind.CASE, HindranceKind.CONVERSATION, HindranceKind.RESERVE}
    with pytest.raises(AccountNotClosable):
        closing.ask_closing_code(order.customer_id, now=order.now)
    client = Client(headers={"accept-language": "en"})
    account = Account.objects.for_customer(order.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/me/close").content.decode()
    for link in (f"/orders/{order.order_id}", f"/after-sales/{case.case_id}", "/support/", "/reserves/"):
        assert f'href="{link}' in page
    assert all(client.get(part.split('"')[0]).status_code == 200 for part in page.split('class="row" href="')[1:])


@pytest.mark.requirement("R178")
def test_a_closed_account_names_nobody_and_keeps_its_books(town: Town) -> None:
    plan = settled()
    bound_card(town, plan.customer_id, now=datetime.now(UTC))
    entries = JournalEntry.objects.filter(customer_id=plan.customer_id).count()
    view = asked(town, plan.customer_id)
    audit.record("customer", audit.Action.SIGNED_IN, customer_id=plan.customer_id, details={"address": "x"}, now=NOW)
    session = Client()
    session.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert closing.close_due(now=view.takes_effect_at - timedelta(seconds=1)) == 0
    assert closing.close_due(now=view.takes_effect_at) == 1
    seen = customer_view(plan.customer_id)
    assert (seen.name, seen.phone) == ("", "")
    assert seen.ref.startswith("erased-")
    assert Customer.objects.get(id=plan.customer_id).erased_at == view.takes_effect_at
    assert JournalEntry.objects.filter(customer_id=plan.customer_id).count() == entries
    assert PlanEvent.objects.filter(customer_id=plan.customer_id).exists()
    assert not AuditRecord.objects.filter(customer_id=plan.customer_id, details__has_key="address").filter(
        action=audit.Action.SIGNED_IN.value
    )
    assert not PaymentAttempt.objects.filter(customer_id=plan.customer_id, cashier__has_key="payer_ip").exists()
    assert session.get("/me").headers["Location"].startswith("/sign-in")
    assert list(check_books()) == []
    again = a_customer("c-closing", name="陈小云", phone=PHONE)
    assert again != plan.customer_id
    assert find_customer_by_phone(PHONE) == again


@pytest.mark.requirement("R178")
def test_a_closed_account_gets_no_message_and_no_code(town: Town) -> None:
    plan = settled()
    view = asked(town, plan.customer_id)
    closing.close_due(now=view.takes_effect_at)
    before = len(town.messages(PHONE))
    sent = send_once(
        plan.customer_id, Message.RETRY_REMINDER, subject="payment:x", params=lambda _language: {}, now=NOW
    )
    assert sent is False
    assert send_code(personal.phone_index(PHONE), asked_at=NOW, now=NOW) is None
    assert len(town.messages(PHONE)) == before


def ways_of_old(plan: Bought) -> None:
    """All by which a customer can be reached or recognised, and a reminder that waits."""
    keep_email(plan.customer_id, "old@example.com")
    choose_safe_word(plan.customer_id, "青山绿水", now=NOW)
    share_phone(plan.customer_id, SHARED, actor="tests", now=NOW)
    AppRecognition.objects.create(
        id=new_id(), client="app", phone_index=personal.phone_index(PHONE), code_hash="x", customer_id=plan.customer_id,
        asked_at=NOW, expires_at=NOW,
    )  # fmt: skip
    Notice.objects.create(
        customer_id=plan.customer_id, id=new_id(), message=Message.RETRY_REMINDER, subject="due:2026-04-01:3",
        weight="reminder", language="zh", state="waiting", remind_offset=3, due_at=NOW, created_at=NOW,
    )  # fmt: skip


def keep_email(customer_id: UUID, address: str) -> None:
    NoticePreference.objects.create(
        customer_id=customer_id,
        id=new_id(),
        email_encrypted=personal.encrypt(address),
        email_verified_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.requirement("R158", "R178")
def test_a_reminder_that_waits_is_not_sent_to_a_closed_account(town: Town) -> None:
    plan = settled()
    ways_of_old(plan)
    view = asked(town, plan.customer_id)
    before = len(town.messages(PHONE))
    closing.close_due(now=view.takes_effect_at)
    notice = Notice.objects.get(customer_id=plan.customer_id, message=Message.RETRY_REMINDER)
    assert (notice.state, notice.reason) == ("held", "account_closed")
    assert send_notice(plan.customer_id, notice.id, now=view.takes_effect_at) is False
    assert len(town.messages(PHONE)) == before
    assert not NoticePreference.objects.filter(customer_id=plan.customer_id).exists()
    assert not SafeWord.objects.filter(customer_id=plan.customer_id).exists()
    assert holders_of(personal.phone_index(SHARED)) == ()
    Account.objects.filter(customer_id=plan.customer_id).delete()  # who never signed in has none
    said = send_once(plan.customer_id, Message.PHONE_CHANGED, subject="customer:x", params=lambda _: {}, now=NOW)
    assert said is False
    assert not Notice.objects.filter(customer_id=plan.customer_id, subject="customer:x", state="told").exists()
    assert list(check_books()) == []


@pytest.mark.requirement("R178")
def test_what_was_agreed_about_a_plan_is_ended_first() -> None:
    plan = bought()
    promised = Promised(amount_minor=10_000, pay_by=date(2026, 3, 5))
    make_promise(plan.customer_id, plan.plan_id, promised, request_key="p", via="portal", now=NOW)
    client = Client(headers={"accept-language": "en"})
    account = Account.objects.for_customer(plan.customer_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    assert f'href="/plans/{plan.plan_id}/help' in client.get("/me/close").content.decode()
    assert client.get(f"/plans/{plan.plan_id}/help").status_code == 200


def test_it_may_be_taken_back_and_what_opened_meanwhile_stops_it(town: Town) -> None:
    plan = settled()
    view = asked(town, plan.customer_id)
    closing.take_back(plan.customer_id, now=NOW)
    closing.close_due(now=view.takes_effect_at)
    assert customer_view(plan.customer_id).phone == PHONE
    rate_limits.forget()
    asked(town, plan.customer_id)
    open_thread(plan.customer_id, plan_id=plan.plan_id, language="en", now=NOW)
    closing.close_due(now=view.takes_effect_at)
    assert customer_view(plan.customer_id).phone == PHONE
    states = AccountClosing.objects.filter(customer_id=plan.customer_id).values_list("state", flat=True)
    assert list(states) == ["withdrawn", "withdrawn"]
    with pytest.raises(AccountCodeRefused):
        closing.ask_closing(
            plan.customer_id, "000000", consent="", language="en", remote_address="", now=NOW + timedelta(hours=1)
        )


BREAKS = {
    "a name": "UPDATE customer SET name_encrypted = 'x' WHERE erased_at IS NOT NULL",
    "a number": "UPDATE customer SET phone_index = 'x' WHERE erased_at IS NOT NULL",
    "a card": "UPDATE bound_card SET holder_masked = '陈*'",
    "an address": "UPDATE notice_preference SET customer_id = (SELECT id FROM customer WHERE erased_at IS NOT NULL)",
    "a reminder": "UPDATE notice SET state = 'waiting', reason = '' WHERE state = 'held'",
    "money": "UPDATE plan SET balance_minor = 1",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=list(BREAKS))
def test_check_finds_what_is_left_of_an_erased_person(town: Town, statement: str) -> None:
    from fenqi.records.scope import across_customers

    plan = settled()
    bound_card(town, plan.customer_id, now=datetime.now(UTC))
    ways_of_old(plan)
    view = asked(town, plan.customer_id)
    closing.close_due(now=view.takes_effect_at)
    keep_email(a_customer("c-other"), "other@example.com")
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert "erased_stays_erased" in {finding.law for finding in check_books()}


def test_check_finds_a_paper_whose_entry_is_not_there(town: Town) -> None:
    from fenqi.records.models import IssuedPaper
    from fenqi.usecases.vouchers.papers import issue, said_of
    from fenqi.usecases.vouchers.queries import vouchers_of

    plan = bought()
    plan.record(10_000, on=date(2026, 2, 1), now=NOW, key="one")
    (voucher,) = vouchers_of(plan.customer_id, plan.order_id)
    issue(plan.customer_id, said_of(voucher), now=NOW)
    assert list(check_books()) == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE issued_paper DISABLE TRIGGER USER")
        cursor.execute("UPDATE issued_paper SET entry_seq = 99 WHERE customer_id = %s", [plan.customer_id])
        cursor.execute("ALTER TABLE issued_paper ENABLE TRIGGER USER")
    assert IssuedPaper.objects.get(customer_id=plan.customer_id).entry_seq == 99
    assert {finding.law for finding in check_books()} == {"papers_name_their_entry"}

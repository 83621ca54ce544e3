"""Reminders before and after a due date: queued once, looked at again when sent, and never sent twice."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from fenqi.domain.errors import NotFound
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Account,
    AccountClosing,
    AgreementStatus,
    DebitAgreement,
    NoFaultCause,
    NoFaultPeriod,
    Notice,
    NoticeDelivery,
    NoticePreference,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    SupportThread,
)
from fenqi.usecases.accounts.closing import close
from fenqi.usecases.entries.links import LinkState, read_link
from fenqi.usecases.hardship.contacts import How, Outcome, Said, contact_standing, log_contact
from fenqi.usecases.hardship.promises import Promised, make_promise
from fenqi.usecases.notices import providers, reminding
from fenqi.usecases.notices.delivering import NoticeUnanswered
from fenqi.usecases.notices.inbox import inbox
from fenqi.usecases.notices.on_day import on_day
from fenqi.usecases.notices.reminding import send_notice
from fenqi.usecases.orders.register import register_order
from malls import Bought, a_customer, an_order, bought, noon
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
DUE = date(2026, 2, 1)
"""The first installment of a plan that was opened on the first of January."""


def morning(on: date) -> datetime:
    return noon(on).replace(hour=1)  # 09:00 in Shanghai


def queued(plan: Bought, on: date, *, now: datetime | None = None) -> list[Notice]:
    on_day(on, first=plan.customer_id, last=plan.customer_id, now=now or morning(on))
    return list(Notice.objects.filter(customer_id=plan.customer_id, state="waiting").order_by("created_at", "id"))


def reminded(plan: Bought, on: date, *, now: datetime | None = None) -> Notice:
    """Queued and sent on the day; the notice as it stands then."""
    (notice,) = queued(plan, on, now=now)
    send_notice(plan.customer_id, notice.id, now=now or morning(on))
    return Notice.objects.get(customer_id=plan.customer_id, id=notice.id)


def owing(phone: str, *, language: str = "zh-hans") -> Bought:
    plan = bought(f"r-{phone}")
    a_customer(f"r-{phone}", phone=phone, language=language)
    return plan


def texts(town: Town, phone: str) -> list[str]:
    return [message["text"] for message in town.messages(phone)]


@pytest.mark.requirement("R158", "R159", "R160", "R161")
@pytest.mark.parametrize(
    ("phone", "language", "words"),
    [
        ("17000001101", "zh-hans", "还款提醒：青屿 X2 手机应还 100.00 元，2026-02-01 到期。"),
        ("17000001102", "en", "A reminder: CNY 100.00 (青屿 X2 手机) is due on 2026-02-01."),
    ],
)
def test_three_days_before_the_customer_hears_what_is_due_and_where_to_repay(
    town: Town, phone: str, language: str, words: str
) -> None:
    plan = owing(phone, language=language)
    on = DUE - timedelta(days=3)
    notice = reminded(plan, on)
    (text,) = texts(town, phone)
    assert text.startswith(words)
    code = text.partition(f"{settings.FENQI_PUBLIC_URL}/p/")[2].rstrip("。").partition(".")[0].partition("。")[0]
    link = read_link(code, now=morning(on))
    assert (link.state, link.plan_id) == (LinkState.GOOD, plan.plan_id)
    assert "://" not in "".join(town.messages(phone)[0]["params"].values()), "a variable holds no address (P1102)"
    assert (notice.state, notice.remind_offset, notice.bills) == ("told", 3, [f"{plan.plan_id}:1"])


@pytest.mark.requirement("R158")
def test_each_offset_of_the_setting_is_queued_once_and_the_days_between_are_not() -> None:
    plan = bought()
    days = [DUE + timedelta(days=days) for days in range(-8, 32)]
    for day in [*days, *days]:
        on_day(day, first=plan.customer_id, last=plan.customer_id, now=morning(day))
    mine = Notice.objects.filter(customer_id=plan.customer_id, subject__startswith=f"due:{DUE}:")
    assert sorted(str(offset) for offset in mine.values_list("remind_offset", flat=True)) == sorted(
        str(offset) for offset in (-30, -14, -7, -3, -1, 0, 1, 3, 7)
    )
    queue = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="send_notice")
    assert queue.count() == Notice.objects.filter(customer_id=plan.customer_id).count()
    assert on_day(DUE, first=plan.customer_id, last=plan.customer_id, now=morning(DUE + timedelta(days=1))) == 0


def test_a_range_leaves_other_customers_alone() -> None:
    plan, other = bought(), bought()
    assert on_day(DUE, first=plan.customer_id, last=plan.customer_id, now=morning(DUE)) == 1
    assert not Notice.objects.filter(customer_id=other.customer_id).exists()


def test_several_plans_due_on_one_day_are_one_message(town: Town) -> None:
    plan = owing("17000001103")
    register_order(an_order("o-second", ref="r-17000001103"), now=noon("2026-01-01"))
    notice = reminded(plan, DUE)
    (text,) = texts(town, "17000001103")
    assert text.startswith("还款提醒：青屿 X2 手机等 2 笔应还 200.00 元，今天到期。")
    assert len(notice.bills) == 2


@pytest.mark.requirement("R158")
def test_what_was_paid_meanwhile_is_not_reminded_of(town: Town) -> None:
    plan = owing("17000001104")
    (notice,) = queued(plan, DUE)
    plan.record(10_000, on=DUE, now=morning(DUE), key="k")
    assert not send_notice(plan.customer_id, notice.id, now=morning(DUE))
    assert texts(town, "17000001104") == []
    kept = Notice.objects.get(customer_id=plan.customer_id, id=notice.id)
    assert (kept.state, kept.reason) == ("held", "paid")


def agree(plan: Bought, *, at: datetime, limit: int = 10_000) -> None:
    DebitAgreement.objects.create(
        customer_id=plan.customer_id, id=new_id(), plan_id=plan.plan_id, channel="alipay", number="A123456789",
        status=AgreementStatus.ACTIVE, limit_minor=limit, currency="CNY", next_try_at=at, created_at=at, updated_at=at,
    )  # fmt: skip


def test_what_auto_debit_will_take_is_said_so_and_what_is_above_its_limit_is_not(town: Town) -> None:
    plan, dear = owing("17000001105"), owing("17000001106")
    at = noon(DUE).replace(hour=0)
    agree(plan, at=at)
    agree(dear, at=at, limit=9_999)
    on = DUE - timedelta(days=1)
    assert reminded(plan, on).message == "due_will_be_debited"
    assert "2月1日 08:00 自动扣款，您无需操作" in texts(town, "17000001105")[0]
    assert reminded(dear, on).message == "due_soon"
    queued(plan, on)
    assert Notice.objects.filter(customer_id=plan.customer_id).count() == 1, "the message it became is the same notice"


def unknown_outcome(plan: Bought, now: datetime) -> None:
    plan.start(1, now=now)
    Payment.objects.filter(customer_id=plan.customer_id).update(state="open")
    PaymentAttempt.objects.filter(customer_id=plan.customer_id).update(state="unknown")


def return_is_open(plan: Bought, now: datetime, cause: str = NoFaultCause.RETURN_OPEN) -> None:
    NoFaultPeriod.objects.create(
        customer_id=plan.customer_id, id=new_id(), plan_id=plan.plan_id, cause=cause, starts_at=now, recorded_at=now
    )


def entry_is_closed(plan: Bought, now: datetime) -> None:
    return_is_open(plan, now, NoFaultCause.ENTRY_CLOSED)


def disputed(plan: Bought, now: datetime) -> None:
    SupportThread.objects.create(
        customer_id=plan.customer_id, id=new_id(), topic="dispute", plan_id=plan.plan_id, state="waiting",
        opened_at=now, updated_at=now, due_at=now, customer_read_no=0, staff_read_no=0,
    )  # fmt: skip


def account_is_closed(plan: Bought, _now: datetime) -> None:
    account = Account.objects.for_customer(plan.customer_id)
    account.is_active = False
    account.save()


@pytest.mark.parametrize(
    ("phone", "happens", "reason"),
    [
        ("17000001111", unknown_outcome, "outcome_unknown"),
        ("17000001112", return_is_open, "return_open"),
        ("17000001113", entry_is_closed, "entry_closed"),
        ("17000001114", disputed, "disputed"),
        ("17000001115", account_is_closed, "account_closed"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_reminder_waits_for_its_reason_and_the_reason_is_kept(
    town: Town, phone: str, happens: object, reason: str
) -> None:
    plan = owing(phone)
    (notice,) = queued(plan, DUE)
    happens(plan, morning(DUE))  # type: ignore[operator]  # each of them is called so
    assert not send_notice(plan.customer_id, notice.id, now=morning(DUE))
    assert texts(town, phone) == []
    assert Notice.objects.get(customer_id=plan.customer_id, id=notice.id).reason == reason


def test_a_promise_holds_reminders(town: Town) -> None:
    plan = owing("17000001116")
    promised = Promised(amount_minor=10_000, pay_by=DUE + timedelta(days=2))
    make_promise(
        plan.customer_id, plan.plan_id, promised, request_key="p", via="portal", now=morning(DUE - timedelta(days=1))
    )
    assert reminded(plan, DUE).reason == "promised"
    assert texts(town, "17000001116") == []


def test_nothing_is_sent_at_night_and_it_goes_out_in_the_morning(town: Town) -> None:
    plan = owing("17000001117")
    night = noon(DUE).replace(hour=14)  # 22:00 in Shanghai
    (notice,) = queued(plan, DUE, now=noon(DUE).replace(hour=12, minute=59))
    assert not send_notice(plan.customer_id, notice.id, now=night)
    notice = Notice.objects.get(customer_id=plan.customer_id, id=notice.id)
    assert notice.due_at == noon(DUE + timedelta(days=1)).replace(hour=0)
    assert not send_notice(plan.customer_id, notice.id, now=notice.due_at), "by then it would say the wrong day"
    assert Notice.objects.get(customer_id=plan.customer_id, id=notice.id).reason == "too_late"
    assert texts(town, "17000001117") == []


def test_a_bill_is_told_of_at_most_three_times_in_seven_days(town: Town) -> None:
    plan = owing("17000001118")
    told = []
    for days in (-7, -3, -1, 0, 1):
        notice = reminded(plan, DUE + timedelta(days=days))
        told.append((days, notice.state, notice.reason))
    assert told == [(-7, "told", ""), (-3, "told", ""), (-1, "told", ""), (0, "told", ""), (1, "held", "told_enough")]
    assert len(texts(town, "17000001118")) == 4


@pytest.mark.requirement("R158")
def test_calls_and_messages_about_a_plan_keep_one_cap(town: Town) -> None:
    plan, called = owing("17000001126"), owing("17000001127")
    assert reminded(plan, DUE).state == "told"
    assert contact_standing(plan.customer_id, plan.plan_id, at=morning(DUE)).today == 1
    said = Said(how=How.CALL, outcome=Outcome.REACHED)
    log_contact(agent(), called.customer_id, called.plan_id, said, request_key="c", now=morning(DUE))
    assert reminded(called, DUE, now=morning(DUE) + timedelta(hours=1)).reason == "told_enough"
    assert texts(town, "17000001127") == []


def test_two_workers_at_once_send_one_message(town: Town) -> None:
    plan = owing("17000001119")
    (notice,) = queued(plan, DUE)
    seen: list[str] = []
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        try:
            seen.append(str(send_notice(plan.customer_id, notice.id, now=morning(DUE))))
        except NoticeUnanswered:
            seen.append("later")
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen.count("True") == 1
    assert len(texts(town, "17000001119")) == 1
    assert NoticeDelivery.objects.filter(customer_id=plan.customer_id).count() == 1


@pytest.fixture
def no_faults(town: Town) -> Iterator[Town]:
    yield town
    town.tell("faults/forget")


def delivery(plan: Bought) -> list[tuple[str, str, str]]:
    rows = NoticeDelivery.objects.filter(customer_id=plan.customer_id).order_by("provider")
    return [(row.provider, row.state, row.code) for row in rows]


def test_a_service_that_refuses_us_hands_over_to_the_next(no_faults: Town) -> None:
    plan = owing("17000001121")
    no_faults.order("sms", "code", "isv.AMOUNT_NOT_ENOUGH", channel="sms")
    assert reminded(plan, DUE).state == "told"
    assert delivery(plan) == [("sms", "unreached", "isv.AMOUNT_NOT_ENOUGH"), ("sms2", "accepted", "OK")]
    assert len(texts(no_faults, "17000001121")) == 1


def test_a_service_that_took_it_and_did_not_say_so_is_asked_and_nobody_sends_again(no_faults: Town) -> None:
    plan = owing("17000001122")
    (notice,) = queued(plan, DUE)
    no_faults.order("sms", "reset", channel="sms")
    with pytest.raises(NoticeUnanswered):
        send_notice(plan.customer_id, notice.id, now=morning(DUE))
    assert delivery(plan)[0][:2] == ("sms", "unknown")
    no_faults.order("query", "http_500", channel="sms")
    with pytest.raises(NoticeUnanswered):
        send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(minutes=10))
    assert send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(minutes=11))
    assert [row[:2] for row in delivery(plan)] == [("sms", "delivered")]
    assert len(texts(no_faults, "17000001122")) == 1


def test_a_service_that_is_down_is_asked_first_and_then_hands_over(no_faults: Town) -> None:
    plan = owing("17000001123")
    (notice,) = queued(plan, DUE)
    no_faults.order("sms", "down", channel="sms", times=5)
    with pytest.raises(NoticeUnanswered):
        send_notice(plan.customer_id, notice.id, now=morning(DUE))
    with pytest.raises(NoticeUnanswered):
        send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(seconds=100))
    assert send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(minutes=2))
    assert [row[:2] for row in delivery(plan)] == [("sms", "unreached"), ("sms2", "accepted")]
    assert len(texts(no_faults, "17000001123")) == 1


class KilledError(BaseException):
    """What a kill looks like from inside."""


@pytest.mark.parametrize(("phone", "has_left"), [("17000001124", True), ("17000001125", False)])
def test_a_worker_that_dies_while_sending_leaves_its_number_behind(
    town: Town, monkeypatch: pytest.MonkeyPatch, phone: str, *, has_left: bool
) -> None:
    from fenqi.channels.sms import AliyunSms

    plan = owing(phone)
    (notice,) = queued(plan, DUE)
    send = AliyunSms.send

    def killed(gateway: AliyunSms, **message: object) -> None:
        if has_left:
            send(gateway, **message)  # type: ignore[arg-type]  # handed on as it came
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(AliyunSms, "send", killed)
        with pytest.raises(KilledError):
            send_notice(plan.customer_id, notice.id, now=morning(DUE))
    with pytest.raises(NoticeUnanswered):
        send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(seconds=30))
    assert send_notice(plan.customer_id, notice.id, now=morning(DUE) + timedelta(minutes=3))
    assert len(texts(town, phone)) == 1
    assert len({row.number for row in NoticeDelivery.objects.filter(customer_id=plan.customer_id)}) == len(
        delivery(plan)
    )


def test_the_question_is_asked_of_every_bill_and_only_the_open_ones_are_told(town: Town) -> None:
    plan = owing("17000001126")
    second = register_order(an_order("o-other", ref="r-17000001126"), now=noon("2026-01-01"))
    (notice,) = queued(plan, DUE)
    plan.record(10_000, on=DUE, now=morning(DUE), key="k")
    assert send_notice(plan.customer_id, notice.id, now=morning(DUE))
    assert "应还 100.00 元" in texts(town, "17000001126")[0]
    bills = reminding.open_bills(plan.customer_id, notice.bills)
    assert [bill.plan_id for bill in bills] == [second.plan_id]


def test_every_way_is_down_and_nothing_is_lost_or_sent_twice(no_faults: Town) -> None:
    """Both message services and the mail server: the inbox has it at once, phone and mailbox when they are back."""
    plan = owing("17000001127")
    address, at = "all-down@example.com", morning(DUE)
    NoticePreference.objects.update_or_create(
        customer_id=plan.customer_id,
        defaults={"email_encrypted": personal.encrypt(address), "email_verified_at": at, "updated_at": at},
    )
    for service, operation in (("sms", "sms"), ("sms2", "sms"), ("email", "email")):
        no_faults.order(operation, "down", channel=service, times=50)
    (notice,) = queued(plan, DUE)
    for minutes in (0, 2, 4, 6, 8):
        with suppress(NoticeUnanswered):
            send_notice(plan.customer_id, notice.id, now=at + timedelta(minutes=minutes))
    assert texts(no_faults, "17000001127") == []
    assert [one.title for one in inbox(plan.customer_id).items] == ["还款提醒"]
    no_faults.tell("faults/forget")
    providers.forget()
    for minutes in (20, 30, 40, 50):
        with suppress(NoticeUnanswered):
            send_notice(plan.customer_id, notice.id, now=at + timedelta(minutes=minutes))
    assert len(texts(no_faults, "17000001127")) == 1
    assert len(no_faults.ask("mail", to=address)["mails"]) == 1
    assert len(inbox(plan.customer_id).items) == 1


@pytest.mark.parametrize("is_erased", [False, True], ids=["closing", "erased"])
def test_a_reminder_for_a_deleted_customer_goes_nowhere(town: Town, *, is_erased: bool) -> None:
    """Repaid and closed between the morning on which it was queued and the sending of it."""
    phone = f"1700000113{int(is_erased)}"
    plan = owing(phone)
    (notice,) = queued(plan, DUE)
    account_is_closed(plan, morning(DUE))
    if is_erased:
        plan.record(120_000, on=DUE, now=morning(DUE), key="all")
        AccountClosing.objects.create(
            customer_id=plan.customer_id, id=new_id(), state="waiting", consent={}, asked_at=noon("2026-01-02"),
            takes_effect_at=noon("2026-01-20"),
        )  # fmt: skip
        close(plan.customer_id, now=noon("2026-01-21"))
    for _ in range(2):
        assert not send_notice(plan.customer_id, notice.id, now=morning(DUE))
    assert texts(town, phone) == []
    kept = Notice.objects.get(customer_id=plan.customer_id, id=notice.id)
    assert (kept.state, kept.reason, kept.params) == ("held", "account_closed", {})
    with pytest.raises(NotFound) as refusal:
        send_notice(new_id(), notice.id, now=morning(DUE))
    assert refusal.value.text("zh-hans") != refusal.value.text("en")

"""Auto-debit on a rail of the tests' own: signed, debited once when it is due, tried again by the reason, stopped."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections

from another_rail import AnnouncingRail, DebitingRail, open_rail
from fenqi.channels.interface import AgreementReply, AgreementState
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.payments.auto_debit import BEIJING
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    BoundCard,
    ChannelCondition,
    DebitAgreement,
    DebitNotice,
    OutboxMessage,
    Payment,
    PaymentAttempt,
)
from fenqi.usecases import plan_file
from fenqi.usecases.agreements.announce import AnnouncementUnanswered, announce_debit
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.agreements.debit import debit_due
from fenqi.usecases.agreements.end import end_agreement, end_at_channel
from fenqi.usecases.agreements.errors import AutoDebitNotOffered, ConsentChanged, PlanNotOpen
from fenqi.usecases.agreements.follow import plan_debit
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.queries import agreement_view
from fenqi.usecases.agreements.queue import queue_debits, queue_endings, queue_questions
from fenqi.usecases.agreements.settle import ask_agreement, settle_agreement
from fenqi.usecases.agreements.sign import sign
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.start import start_repayment
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


COMMON = "bank_card"
"""A name that has an account in the ledger, and the common rules."""
SIGNED_AT = at(1, 10, 15)
DUE = at(2, 1, 8)
"""The plan's first installment of 100.00 falls due on 1 February 2026."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A plan, and an agreement for it at a rail."""

    plan: Bought
    agreement_id: UUID

    @property
    def row(self) -> DebitAgreement:
        return DebitAgreement.objects.get(customer_id=self.plan.customer_id, id=self.agreement_id)

    def debit(self, now: datetime) -> AttemptState | None:
        """The debit, and what its end leaves to do."""
        state = debit_due(self.plan.customer_id, self.agreement_id, now=now)
        plan_debit(self.plan.customer_id, self.agreement_id, now=now)
        return state

    @property
    def attempts(self) -> list[PaymentAttempt]:
        return list(PaymentAttempt.objects.filter(customer_id=self.plan.customer_id).order_by("created_at"))

    def paid(self) -> int:
        return self.plan.state().totals.paid.total


def agree(plan: Bought, channel: str, *, now: datetime = SIGNED_AT, key: str = "sign") -> UUID:
    """The customer reads and agrees on our page."""
    way = Way(channel=channel)
    file = plan_file.read(plan.customer_id, plan.plan_id)
    text = words_of(find_offer(file, way, now=now), file, language="zh")
    consent = Consent(digest=text.digest, language="zh", ip="203.0.113.9")
    return sign(
        customer_id=plan.customer_id, plan_id=plan.plan_id, way=way, consent=consent, request_key=key, now=now
    ).agreement_id


@pytest.fixture
def rail(town: Town, monkeypatch: pytest.MonkeyPatch) -> DebitingRail:
    opened = DebitingRail(COMMON)
    open_rail(opened, monkeypatch)
    return opened


@pytest.fixture
def announcing(town: Town, monkeypatch: pytest.MonkeyPatch) -> AnnouncingRail:
    opened = AnnouncingRail("wechat_pay")
    open_rail(opened, monkeypatch)
    return opened


def signed(rail: DebitingRail, plan: Bought | None = None, *, now: datetime = SIGNED_AT) -> Agreed:
    agreed = plan or bought()
    agreement_id = agree(agreed, rail.name, now=now)
    made = Agreed(agreed, agreement_id)
    rail.sign_at_channel(made.row.number)
    ask_agreement(agreed.customer_id, agreement_id, now=now)
    return made


# Signing ------------------------------------------------------------------------------------------------------------


def test_signing_keeps_the_words_and_plans_the_first_debit(rail: DebitingRail) -> None:
    agreed = signed(rail)
    row = agreed.row
    assert (row.status, row.limit_minor, row.next_try_at) == ("active", 10_000, DUE)
    assert row.consent["version"] == "2026-11"
    assert row.consent["ip"] == "203.0.113.9"
    assert any("100.00 元" in paragraph for paragraph in row.consent["text"])
    assert f"at-{row.number}" not in row.agreement_no_encrypted


def test_the_number_is_stored_before_the_channel_is_asked_and_the_same_key_gets_the_same(rail: DebitingRail) -> None:
    plan = bought()
    first, second = agree(plan, COMMON), agree(plan, COMMON)
    assert first == second
    row = Agreed(plan, first).row
    assert row.status == "signing"
    assert list(rail.agreements) == [row.number]


def test_what_was_not_shown_is_not_agreed_to(rail: DebitingRail) -> None:
    plan = bought()
    consent = Consent(digest="of other words", language="zh", ip="")
    with pytest.raises(ConsentChanged):
        sign(
            customer_id=plan.customer_id, plan_id=plan.plan_id, way=Way(channel=COMMON), consent=consent,
            request_key="k", now=SIGNED_AT,
        )  # fmt: skip
    assert not DebitAgreement.objects.filter(customer_id=plan.customer_id).exists()


def test_due_days_that_the_channel_does_not_take_are_not_offered(rail: DebitingRail) -> None:
    plan = bought(placed="2026-01-31")
    file = plan_file.read(plan.customer_id, plan.plan_id)
    with pytest.raises(AutoDebitNotOffered):
        find_offer(file, Way(channel="alipay"), now=at(1, 31, 12))
    assert find_offer(file, Way(channel=COMMON), now=at(1, 31, 12)).available


def test_a_signing_that_nobody_finishes_comes_to_nothing_and_a_late_one_still_begins(rail: DebitingRail) -> None:
    plan = bought()
    agreed = Agreed(plan, agree(plan, COMMON))
    for minutes in (1, 5, 15, 61):
        ask_agreement(plan.customer_id, agreed.agreement_id, now=SIGNED_AT + timedelta(minutes=minutes))
    assert (agreed.row.status, agreed.row.end_reason) == ("failed", "not_signed")

    told = AgreementReply(
        outcome=Outcome.SUCCEEDED, number=agreed.row.number, agreement_no="n", state=AgreementState.ACTIVE
    )
    settle_agreement(plan.customer_id, agreed.agreement_id, told, actor="channel:tests", now=SIGNED_AT)
    assert (agreed.row.status, agreed.row.ended_at) == ("active", None)


def test_of_two_agreements_the_newer_consent_holds(rail: DebitingRail) -> None:
    older = signed(rail)
    newer = Agreed(older.plan, agree(older.plan, COMMON, key="again"))
    assert older.row.status == "active"  # until the newer one is signed
    rail.sign_at_channel(newer.row.number)
    ask_agreement(newer.plan.customer_id, newer.agreement_id, now=SIGNED_AT)
    assert (older.row.status, older.row.end_reason, newer.row.status) == ("ended", "replaced", "active")


# Debiting -----------------------------------------------------------------------------------------------------------


def test_what_is_due_is_debited_on_its_day_and_booked(rail: DebitingRail) -> None:
    agreed = signed(rail)
    assert agreed.debit(DUE - timedelta(minutes=1)) is None
    assert agreed.debit(DUE) is AttemptState.SUCCEEDED
    assert agreed.paid() == 10_000
    (request,) = rail.debits
    (attempt,) = agreed.attempts
    assert (request.out_trade_no, request.amount) == (attempt.out_trade_no, Money(10_000, "CNY"))
    assert request.authority == f"at-{agreed.row.number}"
    assert (attempt.method, attempt.agreement_id) == ("auto_debit", agreed.agreement_id)
    assert agreed.row.next_try_at == at(3, 1, 8)
    payment = Payment.objects.get(customer_id=agreed.plan.customer_id)
    assert payment.request_key == f"auto_debit:{agreed.agreement_id}:2026-02-01:1"


def test_a_repeated_job_debits_once(rail: DebitingRail) -> None:
    agreed = signed(rail)
    assert debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE) is AttemptState.SUCCEEDED
    for minutes in range(3):
        assert debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE + timedelta(minutes=minutes)) is None
    assert len(rail.debits) == 1


def test_two_workers_at_once_debit_once(rail: DebitingRail) -> None:
    agreed = signed(rail)

    def work(_: int) -> AttemptState | None:
        try:
            return debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(work, range(4)))
    assert sorted(filter(None, states)) == [AttemptState.SUCCEEDED]
    assert len(rail.debits) == 1
    assert agreed.paid() == 10_000


def test_insufficient_balance_waits_for_the_next_hours_but_never_too_often(rail: DebitingRail) -> None:
    agreed = signed(rail)
    rail.will_answer(Outcome.FAILED, "insufficient_balance")
    rail.will_answer(Outcome.FAILED, "insufficient_balance")
    assert agreed.debit(DUE) is AttemptState.FAILED
    assert agreed.row.next_try_at == at(2, 1, 12)
    assert agreed.debit(at(2, 1, 12)) is AttemptState.FAILED
    assert agreed.row.next_try_at == at(2, 2, 8)  # two tries a day were agreed to
    assert agreed.debit(at(2, 1, 18)) is None
    assert agreed.debit(at(2, 2, 8)) is AttemptState.SUCCEEDED
    assert len({request.out_trade_no for request in rail.debits}) == 3


def test_a_limit_waits_for_the_next_day(rail: DebitingRail) -> None:
    agreed = signed(rail)
    rail.will_answer(Outcome.FAILED, "limit_exceeded")
    agreed.debit(DUE)
    assert agreed.row.next_try_at == at(2, 2, 8)


@pytest.mark.parametrize("category", ["wrong_account_info", "method_unavailable"])
def test_what_the_customer_must_put_right_is_not_tried_again(rail: DebitingRail, category: str) -> None:
    agreed = signed(rail)
    rail.will_answer(Outcome.FAILED, category)
    agreed.debit(DUE)
    assert agreed.row.next_try_at is None
    assert agreed.debit(at(2, 2, 8)) is None
    assert agreed.debit(at(3, 1, 8)) is None
    assert len(rail.debits) == 1


def test_while_the_outcome_is_unknown_nothing_is_tried_until_it_is_known(rail: DebitingRail) -> None:
    agreed = signed(rail)
    rail.will_answer(Outcome.UNKNOWN, "outcome_unknown")
    assert agreed.debit(DUE) is AttemptState.UNKNOWN
    assert agreed.row.next_try_at is None
    for hour in (12, 18):
        assert agreed.debit(at(2, 1, hour)) is None
    (attempt,) = agreed.attempts
    rail.paid.add(attempt.out_trade_no)  # it had been taken after all
    assert resolve.ask_channel(agreed.plan.customer_id, attempt.id, now=at(2, 1, 19)) is AttemptState.SUCCEEDED
    plan_debit(agreed.plan.customer_id, agreed.agreement_id, now=at(2, 1, 19))
    assert (agreed.paid(), len(rail.debits)) == (10_000, 1)
    assert agreed.row.next_try_at == at(3, 1, 8)


def test_a_worker_killed_before_sending_has_its_number_asked_about_and_debits_later(rail: DebitingRail) -> None:
    agreed = signed(rail)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    rail.while_debiting.append(die)
    with pytest.raises(Killed):
        debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE)
    rail.while_debiting.clear()
    (attempt,) = agreed.attempts
    assert attempt.state == "submitted"
    messages = OutboxMessage.objects.filter(customer_id=agreed.plan.customer_id, topic="ask_channel")
    assert [message.body["attempt_id"] for message in messages] == [str(attempt.id)]
    assert agreed.debit(DUE + timedelta(minutes=5)) is None

    state = resolve.ask_channel(agreed.plan.customer_id, attempt.id, now=DUE + timedelta(minutes=16))
    assert state is AttemptState.CLOSED
    plan_debit(agreed.plan.customer_id, agreed.agreement_id, now=DUE + timedelta(minutes=16))
    assert agreed.debit(at(2, 1, 12)) is AttemptState.SUCCEEDED
    assert agreed.paid() == 10_000


def test_an_installment_that_was_missed_is_debited_first_and_never_above_the_limit(rail: DebitingRail) -> None:
    agreed = signed(rail)
    assert agreed.debit(at(3, 1, 8)) is AttemptState.SUCCEEDED  # nothing ran in February
    assert [request.amount.minor for request in rail.debits] == [10_000]
    assert agreed.row.next_try_at == at(3, 1, 12)
    assert agreed.debit(at(3, 1, 12)) is AttemptState.SUCCEEDED
    assert agreed.paid() == 20_000


def test_outside_the_hours_nothing_is_debited(rail: DebitingRail) -> None:
    agreed = signed(rail)
    assert agreed.debit(at(2, 1, 22)) is None
    assert agreed.row.next_try_at == at(2, 2, 8)


# Stopping -----------------------------------------------------------------------------------------------------------


def test_a_repayment_by_hand_stops_the_debit(rail: DebitingRail) -> None:
    agreed = signed(rail)
    agreed.plan.record(10_000, on=date(2026, 1, 20), now=at(1, 20, 12), key="by hand")
    assert agreed.debit(DUE) is None
    assert agreed.row.next_try_at == at(3, 1, 8)
    assert not rail.debits


def test_a_payment_under_way_makes_the_debit_wait(rail: DebitingRail) -> None:
    agreed = signed(rail)
    before = DUE - timedelta(minutes=1)
    started = start_repayment(
        customer_id=agreed.plan.customer_id,
        plan_id=agreed.plan.plan_id,
        quote_token=agreed.plan.quote_token(1, now=before),
        method=rail.name,
        request_key="by hand",
        now=before,
    )
    assert debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE) is None
    assert not rail.debits
    attempt = PaymentAttempt.objects.get(customer_id=agreed.plan.customer_id, id=started.attempt_id)
    assert attempt.state == "submitted"
    assert agreed.row.next_try_at == DUE + timedelta(minutes=20)


def test_a_plan_that_is_paid_off_ends_its_agreement(rail: DebitingRail) -> None:
    agreed = signed(rail)
    agreed.plan.record(120_000, on=date(2026, 1, 20), now=at(1, 20, 12), key="all")
    assert agreed.debit(DUE) is None
    assert (agreed.row.status, agreed.row.end_reason) == ("ended", "plan_closed")
    end_at_channel(agreed.plan.customer_id, agreed.agreement_id, now=DUE)
    assert rail.agreements[agreed.row.number] is AgreementState.ENDED
    with pytest.raises(PlanNotOpen):
        agree(agreed.plan, COMMON, key="again")


def test_after_the_customers_word_nothing_is_debited_whatever_the_channel_says(rail: DebitingRail) -> None:
    agreed = signed(rail)
    end_agreement(agreed.plan.customer_id, agreed.agreement_id, by="customer", reason="by_customer", now=SIGNED_AT)
    assert agreed.row.status == "ended"
    assert rail.agreements[agreed.row.number] is AgreementState.ACTIVE  # not told yet
    assert agreed.debit(DUE) is None
    assert queue_endings(now=DUE) == 1
    end_at_channel(agreed.plan.customer_id, agreed.agreement_id, now=DUE)
    assert rail.agreements[agreed.row.number] is AgreementState.ENDED
    assert queue_endings(now=DUE) == 0


def test_one_that_is_ended_at_the_channel_is_noticed(rail: DebitingRail) -> None:
    agreed = signed(rail)
    rail.agreements[agreed.row.number] = AgreementState.ENDED
    rail.will_answer(Outcome.FAILED, "method_unavailable")
    agreed.debit(DUE)
    topics = OutboxMessage.objects.filter(customer_id=agreed.plan.customer_id, created_at=DUE)
    assert {"ask_agreement", "debit_failed"} <= set(topics.values_list("topic", flat=True))
    ask_agreement(agreed.plan.customer_id, agreed.agreement_id, now=DUE)
    assert (agreed.row.status, agreed.row.ended_by) == ("ended", "channel")


def test_one_that_was_given_up_while_signing_is_ended_when_it_is_signed_after_all(rail: DebitingRail) -> None:
    plan = bought()
    agreed = Agreed(plan, agree(plan, COMMON))
    end_agreement(plan.customer_id, agreed.agreement_id, by="customer", reason="by_customer", now=SIGNED_AT)
    rail.sign_at_channel(agreed.row.number)
    told = rail.query_agreement(agreed.row.number)
    settle_agreement(plan.customer_id, agreed.agreement_id, told, actor="channel:tests", now=SIGNED_AT)
    assert agreed.row.status == "ended"
    end_at_channel(plan.customer_id, agreed.agreement_id, now=SIGNED_AT)
    assert rail.agreements[agreed.row.number] is AgreementState.ENDED


# Notices and the queue ----------------------------------------------------------------------------------------------


def announce(agreed: Agreed, on: date, now: datetime) -> DebitNotice | None:
    return announce_debit(agreed.plan.customer_id, agreed.agreement_id, on, now=now)


def test_without_a_notice_there_is_no_debit(announcing: AnnouncingRail) -> None:
    agreed = signed(announcing)
    planned = OutboxMessage.objects.get(customer_id=agreed.plan.customer_id, topic="announce_debit")
    assert (planned.not_before, planned.body["debit_on"]) == (at(1, 30, 8), "2026-02-01")
    assert agreed.debit(DUE) is None
    assert not announcing.debits
    assert agreed.row.next_try_at == at(2, 3, 8)  # the first day for which it can still be told


def test_a_debit_is_announced_once_and_never_above_what_was_told(announcing: AnnouncingRail) -> None:
    agreed = signed(announcing)
    for _ in range(2):
        announce(agreed, date(2026, 2, 1), at(1, 30, 8))
    assert announcing.notices == [(f"at-{agreed.row.number}", Money(10_000, "CNY"), date(2026, 2, 1))]
    assert agreed.debit(DUE) is AttemptState.SUCCEEDED


def test_a_notice_that_was_not_answered_is_given_again_and_a_refused_one_moves_the_debit(
    announcing: AnnouncingRail,
) -> None:
    agreed = signed(announcing)
    announcing.refusals.extend([Outcome.UNKNOWN, Outcome.NOT_EXECUTED])
    with pytest.raises(AnnouncementUnanswered):
        announce(agreed, date(2026, 2, 1), at(1, 30, 8))
    notice = announce(agreed, date(2026, 2, 1), at(1, 30, 8, 1))
    assert notice is not None
    assert notice.state == "failed"
    assert agreed.debit(DUE) is None
    assert agreed.row.next_try_at == at(2, 3, 8)


def test_the_sweep_finds_what_is_late_and_queues_it_without_debiting_twice(rail: DebitingRail) -> None:
    agreed = signed(rail)
    assert queue_debits(now=DUE) == 0  # its own message comes first
    assert queue_debits(now=DUE + timedelta(minutes=6)) == 1
    agreed.debit(DUE + timedelta(minutes=6))
    assert queue_debits(now=DUE + timedelta(minutes=12)) == 0


def test_what_staff_know_of_the_channel_is_waited_out(rail: DebitingRail) -> None:
    agreed = signed(rail)
    ChannelCondition.objects.create(
        channel=rail.name,
        kind="maintenance",
        starts_at=at(2, 1, 7),
        ends_at=at(2, 1, 13),
        created_at=SIGNED_AT,
        created_by="tests",
    )
    assert debit_due(agreed.plan.customer_id, agreed.agreement_id, now=DUE) is None
    assert not rail.debits
    assert agreed.row.next_try_at == at(2, 1, 18)
    assert agreed.debit(at(2, 1, 18)) is AttemptState.SUCCEEDED


def test_a_card_that_was_removed_ends_its_agreement(rail: DebitingRail) -> None:
    agreed = signed(rail)
    card = BoundCard.objects.create(
        customer_id=agreed.plan.customer_id, id=new_id(), channel=rail.name, number="B1", token_encrypted="",
        kind="debit", last4="6621", holder_masked="", phone_masked="", state="ended", bound_at=SIGNED_AT,
    )  # fmt: skip
    DebitAgreement.objects.filter(customer_id=card.customer_id, id=agreed.agreement_id).update(card_id=card.id)
    assert agreed.debit(DUE) is None
    assert (agreed.row.status, agreed.row.end_reason) == ("ended", "card_unusable")
    assert not rail.debits


def test_an_end_at_the_channel_whose_notification_was_lost_is_noticed_within_a_day(rail: DebitingRail) -> None:
    agreed, other = signed(rail), signed(rail)
    assert queue_questions(now=SIGNED_AT + timedelta(hours=23)) == 0
    rail.agreements[agreed.row.number] = AgreementState.ENDED
    later = SIGNED_AT + timedelta(hours=25)
    assert queue_questions(now=later, limit=1) == 1
    assert queue_questions(now=later) == 1
    assert queue_questions(now=later) == 0
    for one in (agreed, other):
        assert later + timedelta(days=1) <= (one.row.next_query_at or later) <= later + timedelta(hours=26)
        ask_agreement(one.plan.customer_id, one.agreement_id, now=later)
    assert (agreed.row.status, agreed.row.ended_by, agreed.row.next_query_at) == ("ended", "channel", None)
    assert other.row.status == "active"
    assert queue_questions(now=later + timedelta(hours=27)) == 1


def test_what_is_due_above_the_limit_is_told_and_not_debited(rail: DebitingRail) -> None:
    agreed = signed(rail)
    DebitAgreement.objects.filter(customer_id=agreed.plan.customer_id).update(limit_minor=9_999)
    view = agreement_view(agreed.plan.customer_id, agreed.agreement_id, now=SIGNED_AT)
    assert (view.next_try_at, view.next_amount_minor, view.above_limit_minor) == (None, 0, 10_000)
    assert agreed.debit(DUE) is None
    assert not rail.debits
    news = OutboxMessage.objects.filter(customer_id=agreed.plan.customer_id, topic="agreement_news", created_at=DUE)
    assert [message.body["news"] for message in news] == ["above_limit"]

    agreed.plan.record(10_000, on=date(2026, 2, 1), now=at(2, 1, 9), key="by hand")
    DebitAgreement.objects.filter(customer_id=agreed.plan.customer_id).update(limit_minor=10_000)
    plan_debit(agreed.plan.customer_id, agreed.agreement_id, now=at(2, 1, 9))
    view = agreement_view(agreed.plan.customer_id, agreed.agreement_id, now=at(2, 1, 9))
    assert (view.next_try_at, view.next_amount_minor, view.above_limit_minor) == (at(3, 1, 8), 10_000, 0)

"""Auto-debit over the real protocols of every rail: signed, debited, refused, unknown, ended at the channel."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.auto_debit import BEIJING
from fenqi.records.models import DebitAgreement, PaymentAttempt
from fenqi.usecases import plan_file, rails, rate_limits
from fenqi.usecases.agreements.announce import announce_debit
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.agreements.debit import debit_due
from fenqi.usecases.agreements.end import end_agreement, end_at_channel
from fenqi.usecases.agreements.follow import plan_debit
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.settle import ask_agreement
from fenqi.usecases.agreements.sign import SigningStarted, sign
from fenqi.usecases.cards import bind as cards
from fenqi.usecases.repayment import resolve
from malls import Bought, bought
from sandbox_town import until
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
SHORT_OF_MONEY = {"alipay": "ACQ.BUYER_BALANCE_NOT_ENOUGH", "wechat_pay": "NOT_ENOUGH", "bank_card": "64"}
CARD = cards.TypedCard(number="6222021000112233449", holder="张三", phone="13800000006")


@dataclass(slots=True)
class Calendar:
    """The town's day and ours: noon in Beijing, on a day of the month that every rail takes."""

    town: Town
    monkeypatch: pytest.MonkeyPatch
    now: datetime

    def go_to(self, day: datetime) -> None:
        self.now = day
        ahead = int((day - datetime.now(UTC)).total_seconds())
        self.town.tell("clock", offset_seconds=ahead)
        self.monkeypatch.setenv("FENQI_CLOCK_AHEAD_SECONDS", str(ahead))
        rails.forget_rails()


@pytest.fixture
def calendar(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    noon = datetime.now(BEIJING).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while noon.day > 25:
        noon += timedelta(days=1)
    made = Calendar(town, monkeypatch, noon)
    made.go_to(noon)
    yield made
    town.tell("faults/forget")
    town.tell("clock", offset_seconds=0)
    monkeypatch.undo()
    rails.forget_rails()


@dataclass(frozen=True, slots=True)
class Signed:
    """An agreement at a rail of the town, at noon of the day its first debit is due."""

    calendar: Calendar
    plan: Bought
    agreement_id: UUID

    @property
    def row(self) -> DebitAgreement:
        return DebitAgreement.objects.get(customer_id=self.plan.customer_id, id=self.agreement_id)

    def debit(self, *, asks: int = 20) -> AttemptState | None:
        """The debit, asked about until its outcome is known: some are only accepted at first."""
        state = debit_due(self.plan.customer_id, self.agreement_id, now=self.calendar.now)
        for _ in range(asks):
            if state not in (AttemptState.SUBMITTED, AttemptState.UNKNOWN):
                break
            time.sleep(0.1)
            state = self.ask()
        plan_debit(self.plan.customer_id, self.agreement_id, now=self.calendar.now)
        return state

    def ask(self) -> AttemptState:
        newest = PaymentAttempt.objects.filter(customer_id=self.plan.customer_id).order_by("-created_at")[0]
        return resolve.ask_channel(self.plan.customer_id, newest.id, now=self.calendar.now)

    def tries(self) -> list[str]:
        attempts = PaymentAttempt.objects.filter(customer_id=self.plan.customer_id).order_by("created_at", "id")
        return [attempt.state for attempt in attempts]


Sign = Callable[[str], Signed]


@pytest.fixture
def signed(calendar: Calendar, town: Town) -> Sign:
    def agree(channel: str) -> Signed:
        first_due_on = (calendar.now + timedelta(days=2)).date()
        placed = first_due_on - timedelta(days=20)
        plan = bought(placed=placed.isoformat(), first_due_on=first_due_on.isoformat())
        card_id = bound_card(plan.customer_id, calendar, town) if channel == "bank_card" else None
        made = Signed(calendar, plan, started(plan, Way(channel=channel, card_id=card_id), calendar.now).agreement_id)
        if channel != "bank_card":
            town.tell(f"trades/{made.row.number}/confirm")
            ask_agreement(plan.customer_id, made.agreement_id, now=calendar.now)
        assert made.row.status == "active"
        due = made.row.next_try_at
        assert due is not None
        announce_debit(plan.customer_id, made.agreement_id, due.astimezone(BEIJING).date(), now=calendar.now)
        calendar.go_to(due.astimezone(BEIJING).replace(hour=12))
        return made

    return agree


def started(plan: Bought, way: Way, now: datetime) -> SigningStarted:
    file = plan_file.read(plan.customer_id, plan.plan_id)
    text = words_of(find_offer(file, way, now=now), file, language="en")
    begun = sign(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        way=way,
        consent=Consent(digest=text.digest, language="en", ip="203.0.113.9"),
        request_key=f"k:{plan.plan_id}",
        now=now,
    )
    if begun.redirect_url:
        httpx.get(begun.redirect_url, follow_redirects=True, trust_env=False, timeout=30).raise_for_status()
    return begun


def bound_card(customer_id: UUID, calendar: Calendar, town: Town) -> UUID:
    rate_limits.forget()
    binding = cards.ask_code(customer_id, CARD, now=calendar.now)
    code = town.ask("sms", phone=CARD.phone)["messages"][0]["params"]["code"]
    consent = cards.Consent(text="", language="zh", remote_address="")
    return cards.bind(customer_id, CARD, code, binding=binding, consent=consent, now=calendar.now).card_id


CHANNELS = pytest.mark.parametrize("channel", ["alipay", "wechat_pay", "bank_card"])


@CHANNELS
def test_what_is_due_is_debited_once_and_booked(signed: Sign, channel: str) -> None:
    agreed = signed(channel)
    assert agreed.debit() is AttemptState.SUCCEEDED
    assert agreed.debit() is None
    assert agreed.plan.state().totals.paid.total == 10_000
    assert agreed.tries() == ["succeeded"]


@CHANNELS
def test_a_debit_that_met_no_balance_is_tried_again_at_the_next_hour(signed: Sign, town: Town, channel: str) -> None:
    agreed = signed(channel)
    town.tell("faults", channel=channel, operation="charge", kind="code", value=SHORT_OF_MONEY[channel], times=1)
    assert agreed.debit() is AttemptState.FAILED
    evening = agreed.calendar.now.replace(hour=18)
    assert agreed.row.next_try_at == evening
    agreed.calendar.go_to(evening)
    assert agreed.debit() is AttemptState.SUCCEEDED
    assert agreed.tries() == ["failed", "succeeded"]
    assert agreed.plan.state().totals.paid.total == 10_000


@CHANNELS
def test_an_answer_that_was_lost_is_asked_about_and_never_debited_again(signed: Sign, town: Town, channel: str) -> None:
    agreed = signed(channel)
    town.tell("faults", channel=channel, operation="charge", kind="reset", times=1)
    town.tell("faults", channel=channel, operation="query", kind="http_500", times=1)
    agreed.debit(asks=1)
    assert agreed.tries() in (["unknown"], ["submitted"])
    assert agreed.row.next_try_at is None
    assert agreed.debit() is None
    until(lambda: agreed.ask() is AttemptState.SUCCEEDED)
    assert agreed.plan.state().totals.paid.total == 10_000
    assert agreed.tries() == ["succeeded"]


@pytest.mark.parametrize("channel", ["alipay", "wechat_pay"])
def test_what_the_payer_ends_at_the_channel_is_noticed(signed: Sign, town: Town, channel: str) -> None:
    agreed = signed(channel)
    town.tell(f"trades/{agreed.row.number}/end")
    ask_agreement(agreed.plan.customer_id, agreed.agreement_id, now=agreed.calendar.now)
    assert (agreed.row.status, agreed.row.ended_by) == ("ended", "channel")
    assert agreed.debit() is None
    assert agreed.tries() == []


@pytest.mark.parametrize("channel", ["alipay", "wechat_pay"])
def test_what_is_switched_off_here_is_ended_at_the_channel(signed: Sign, channel: str) -> None:
    agreed = signed(channel)
    now = agreed.calendar.now
    end_agreement(agreed.plan.customer_id, agreed.agreement_id, by="customer", reason="by_customer", now=now)
    end_at_channel(agreed.plan.customer_id, agreed.agreement_id, now=now)
    assert agreed.row.next_query_at is None
    assert agreed.debit() is None

"""A gateway that knows a refund by its moment is sent it anew only once the first can no longer turn up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from another_rail import AnotherRail, open_rail
from fenqi.channels.interface import RefundReply, RefundRequest
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.models import JournalEntry, Refund, RefundLeg
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.refunds.send import send_leg
from owed_back import legs_of, paid_twice
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class GatewayRail(AnotherRail):
    """Takes a refund at the moment it was sent, and knows it by that; what it is to answer instead is `mood`."""

    refund_window: timedelta = WINDOW
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    known: dict[tuple[str, datetime], RefundRequest] = field(default_factory=dict)
    sent: list[RefundRequest] = field(default_factory=list)
    mood: list[Outcome] = field(default_factory=list)

    def refund(self, request: RefundRequest) -> RefundReply:
        self.sent.append(request)
        if self.mood:
            return self._reply(request, self.mood.pop(0))
        if abs(self.clock[-1] - request.submitted_at) > timedelta(minutes=10):
            return self._reply(request, Outcome.NOT_EXECUTED)
        self.known[request.out_request_no, request.submitted_at] = request
        return self._reply(request, Outcome.WAITING)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        if self.mood:
            return self._reply(request, self.mood.pop(0))
        is_known = (request.out_request_no, request.submitted_at) in self.known
        return self._reply(request, Outcome.SUCCEEDED if is_known else Outcome.NOT_FOUND)

    def _reply(self, request: RefundRequest, outcome: Outcome) -> RefundReply:
        refused = Verdict(outcome, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER)
        return RefundReply(
            outcome=outcome,
            out_trade_no=request.charge.out_trade_no,
            out_request_no=request.out_request_no,
            verdict=refused if outcome is Outcome.NOT_EXECUTED else None,
        )


@dataclass(frozen=True, slots=True)
class Sending:
    """One leg at the gateway."""

    rail: GatewayRail
    refund: Refund

    @property
    def leg(self) -> RefundLeg:
        return legs_of(self.refund)[0]

    def send(self, at: datetime) -> RefundState:
        self.rail.clock.append(at)
        return send_leg(self.leg.customer_id, self.leg.id, now=at)

    def ask(self, at: datetime) -> RefundState:
        self.rail.clock.append(at)
        return ask_leg(self.leg.customer_id, self.leg.id, now=at)


@pytest.fixture
def sending(town: Town, monkeypatch: pytest.MonkeyPatch) -> Sending:
    _, refund = paid_twice(now=NOW)
    rail = GatewayRail("alipay")
    open_rail(rail, monkeypatch)
    return Sending(rail, refund)


@pytest.mark.parametrize("first", [Outcome.NOT_EXECUTED, Outcome.UNKNOWN])
def test_what_the_gateway_never_knew_is_sent_at_a_new_time_after_its_window(sending: Sending, first: Outcome) -> None:
    sending.rail.mood.append(first)
    sending.send(NOW)
    assert sending.ask(NOW + timedelta(minutes=1)) in (RefundState.SUBMITTED, RefundState.UNKNOWN)
    sending.ask(NOW + WINDOW)
    assert len(sending.rail.sent) == 1, "it may still turn up"
    late = NOW + timedelta(days=1)
    assert sending.ask(late) is RefundState.PROCESSING
    one, two = sending.rail.sent
    assert (one.out_request_no, one.amount) == (two.out_request_no, two.amount)
    assert (one.submitted_at, two.submitted_at, sending.leg.submitted_at) == (NOW, late, late)

    assert sending.ask(late + timedelta(minutes=1)) is RefundState.SUCCEEDED
    (entry,) = JournalEntry.objects.filter(customer_id=sending.leg.customer_id, code="refund_paid")
    assert entry.effective_on == clock.business_date(late)
    assert list(check_books()) == []


def test_while_the_query_has_no_clear_answer_nothing_is_sent(sending: Sending) -> None:
    sending.rail.mood.extend([Outcome.UNKNOWN, Outcome.UNKNOWN])
    sending.send(NOW)
    assert sending.ask(NOW + timedelta(days=1)) is RefundState.UNKNOWN
    assert (len(sending.rail.sent), sending.leg.submitted_at) == (1, NOW)


def test_what_the_gateway_accepted_keeps_its_time(sending: Sending) -> None:
    """One answer that does not know it takes nothing back: a new time would be a second refund."""
    assert sending.send(NOW) is RefundState.PROCESSING
    sending.rail.mood.append(Outcome.NOT_FOUND)
    assert sending.ask(NOW + timedelta(days=1)) is RefundState.PROCESSING
    assert (len(sending.rail.sent), sending.leg.submitted_at) == (1, NOW)
    assert sending.ask(NOW + timedelta(days=2)) is RefundState.SUCCEEDED

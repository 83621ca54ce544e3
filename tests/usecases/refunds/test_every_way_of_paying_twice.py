"""Whatever channels say, in whatever order and how often: nothing is charged, refunded or booked twice.

A channel of our own keeps the truth; what it says of it is repeated, reordered and interrupted at random. At any time
money in less money out is what the plan says was repaid and what is still owed back; in the end nothing is owed.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from another_rail import AnotherRail, open_rail
from fenqi.channels.interface import ChannelReply, RefundReply, RefundRequest
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome, RetryMark, Verdict
from fenqi.domain.payments.refunds import SPENT, RefundState
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    ChannelNotification,
    DirectoryKind,
    JournalEntry,
    PaymentAttempt,
    PaymentState,
    PlanEvent,
    RefundLeg,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.moves import MOST_TRIES_OVER_ONE_PAYMENT
from fenqi.usecases.refunds.notifications import take_refund
from fenqi.usecases.refunds.queries import refunds_that_need_a_person
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.refunds.settle import settle_leg
from fenqi.usecases.repayment.settle import Evidence, settle_attempt
from malls import Bought, bought
from owed_back import books

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
ROW = 10_000


@dataclass(frozen=True, slots=True)
class TruthfulRail(AnotherRail):
    """Keeps what it was asked to refund: one amount for each number, `refunds` of it moved at most once."""

    moved: dict[str, Money] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    said: list[RefundReply] = field(default_factory=list)
    mood: list[str] = field(default_factory=list)

    def refund(self, request: RefundRequest) -> RefundReply:
        mood = self.mood.pop() if self.mood else "good"
        number = request.out_request_no
        assert self.moved.get(number, request.amount) == request.amount, "one number, one amount"
        if mood == "refuse" and number not in self.moved:
            self.refused.add(number)
        elif mood != "lost" and number not in self.refused:
            self.moved[number] = request.amount
        if mood in ("lost", "deaf"):
            return self._reply(request, Outcome.UNKNOWN)
        return self._answer(request)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        return self._answer(request)

    def _answer(self, request: RefundRequest) -> RefundReply:
        number = request.out_request_no
        if number in self.refused or number in self.returned:
            return self._reply(request, Outcome.FAILED)
        return self._reply(request, Outcome.SUCCEEDED if number in self.moved else Outcome.NOT_FOUND)

    def _reply(self, request: RefundRequest, outcome: Outcome) -> RefundReply:
        reply = RefundReply(
            outcome=outcome,
            out_trade_no=request.charge.out_trade_no,
            out_request_no=request.out_request_no,
            amount=request.amount if outcome is Outcome.SUCCEEDED else None,
            verdict=Verdict(outcome, None, RetryMark.NEW_ATTEMPT) if outcome is Outcome.FAILED else None,
        )
        self.said.append(reply)
        return reply


@dataclass
class World:
    """One plan, one bill, several payments for it."""

    plan: Bought
    rail: TruthfulRail
    attempts: list[UUID]
    debited: set[UUID] = field(default_factory=set)

    def act(self, move: tuple[str, int]) -> None:
        kind, n = move
        legs = list(RefundLeg.objects.filter(customer_id=self.plan.customer_id).order_by("created_at", "leg_no"))
        match kind:
            case "payer pays":
                self.debited.add(self.attempts[n % len(self.attempts)])
            case "channel tells of a payment":
                self._tell_payment(self.attempts[n % len(self.attempts)])
            case "payment is said to have failed":
                self._say_failed(self.attempts[n % len(self.attempts)])
            case "mood":
                self.rail.mood.append(("good", "lost", "deaf", "refuse")[n % 4])
            case "send" if legs:
                send_leg(self.plan.customer_id, legs[n % len(legs)].id, now=NOW + timedelta(hours=n))
            case "ask" if legs:
                ask_leg(self.plan.customer_id, legs[n % len(legs)].id, now=NOW + timedelta(hours=n))
            case "old answer again" if self.rail.said:
                self._repeat(self.rail.said[n % len(self.rail.said)])
            case "bank sends it back" if legs:
                self._send_back(legs[n % len(legs)])
            case "bank sends it back, then the old success is told" if legs:
                self._send_back(legs[n % len(legs)])
                self._repeat_success(legs[n % len(legs)])

    def _tell_payment(self, attempt_id: UUID) -> None:
        if attempt_id in self.debited:
            attempt = PaymentAttempt.objects.get(customer_id=self.plan.customer_id, id=attempt_id)
            reply = ChannelReply(
                outcome=Outcome.SUCCEEDED,
                out_trade_no=attempt.out_trade_no,
                amount=Money(attempt.amount_minor, attempt.currency),
                paid_at=NOW,
            )
            settle_attempt(self.plan.customer_id, attempt_id, reply, actor="test", now=NOW)

    def _say_failed(self, attempt_id: UUID) -> None:
        """Before the payer pays after all; once a success is known it is refused."""
        attempt = PaymentAttempt.objects.get(customer_id=self.plan.customer_id, id=attempt_id)
        if attempt.state != "succeeded":
            reply = ChannelReply(outcome=Outcome.FAILED, out_trade_no=attempt.out_trade_no)
            settle_attempt(self.plan.customer_id, attempt_id, reply, actor="test", now=NOW)

    def _repeat(self, reply: RefundReply) -> None:
        """Late, doubled, out of order. A failure of what has not failed is news, not a repetition."""
        leg = RefundLeg.objects.get(customer_id=self.plan.customer_id, out_refund_no=reply.out_request_no)
        if leg.state != RefundState.CREATED:
            settle_leg(self.plan.customer_id, leg.id, reply, now=NOW)

    def _repeat_success(self, leg: RefundLeg) -> None:
        for reply in tuple(self.rail.said):
            if (reply.out_request_no, reply.outcome) == (leg.out_refund_no, Outcome.SUCCEEDED):
                self._repeat(reply)

    def _send_back(self, leg: RefundLeg) -> None:
        if leg.state == RefundState.SUCCEEDED:
            self.rail.returned.add(leg.out_refund_no)
            ask = RefundReply(outcome=Outcome.FAILED, out_trade_no="", out_request_no=leg.out_refund_no)
            settle_leg(self.plan.customer_id, leg.id, ask, now=NOW)

    def let_time_pass(self) -> None:
        """Everything that was queued runs, until nothing is left to do for a machine."""
        self.rail.mood.clear()
        for attempt_id in self.attempts:
            self._tell_payment(attempt_id)
        for hour in range(100, 110):
            for leg in RefundLeg.objects.filter(customer_id=self.plan.customer_id, route="original"):
                send_leg(self.plan.customer_id, leg.id, now=NOW + timedelta(hours=hour))
                ask_leg(self.plan.customer_id, leg.id, now=NOW + timedelta(hours=hour))

    def money(self) -> tuple[int, int]:
        """In and out, as the channel knows it of what we have been told."""
        came = PaymentAttempt.objects.filter(customer_id=self.plan.customer_id, state="succeeded").count() * ROW
        legs = RefundLeg.objects.filter(customer_id=self.plan.customer_id, state=RefundState.SUCCEEDED.value)
        return came, sum(leg.amount_minor for leg in legs)

    def check(self) -> None:
        came, went = self.money()
        plan_says = sum(
            event.amount_minor or 0 for event in PlanEvent.objects.filter(customer_id=self.plan.customer_id)
        )
        owed_back = -books(self.plan).get("payable.refund", 0)
        assert came - went == plan_says + owed_back
        assert plan_says in (0, ROW), "the bill is paid once"
        assert list(check_books()) == []
        posted = JournalEntry.objects.filter(customer_id=self.plan.customer_id, code="refund_paid").count()
        legs = RefundLeg.objects.filter(customer_id=self.plan.customer_id)
        assert posted == legs.exclude(entry_id=None).count()
        for attempt_id in self.attempts:
            _check_tries(list(legs.filter(attempt_id=attempt_id).order_by("leg_no")))
            over = legs.filter(attempt_id=attempt_id).exclude(state__in=[state.value for state in SPENT])
            assert sum(leg.amount_minor for leg in over) <= ROW


def _check_tries(tries: list[RefundLeg]) -> None:
    """Over one payment: once more after a refusal, never after the money was given back."""
    assert len(tries) <= MOST_TRIES_OVER_ONE_PAYMENT
    assert all(leg.state == RefundState.FAILED for leg in tries[:-1])


def a_world(payments: int, rail: TruthfulRail) -> World:
    """Payments for the first installment, started on as many devices and all still open."""
    plan = bought()
    decision = Decision(plan.customer_id)
    attempts = []
    for n in range(payments):
        payment_id, attempt_id = new_id(), new_id()
        attempts.append(attempt_id)
        shared = {"amount_minor": ROW, "currency": "CNY", "channel": rail.name, "created_at": NOW}
        decision.add("payment", {
            **shared, "id": payment_id, "plan_id": plan.plan_id, "purpose": "installments", "installments": [1],
            "state": PaymentState.OPEN.value, "quoted_on": NOW.date(), "expires_at": NOW, "event_id": None,
            "request_key": f"device {n}", "succeeded_at": None, "updated_at": NOW,
        })  # fmt: skip
        decision.add("payment_attempt", {
            **shared, "id": attempt_id, "payment_id": payment_id, "attempt_no": 1,
            "out_trade_no": (number := f"F{attempt_id.hex[-24:]}"), "state": "submitted",
            "trade_no": "", "code": "", "category": "", "asked": 0, "next_query_at": NOW,
            "method": "cashier", "card_id": None, "agreement_id": None, "retry": "", "cashier": {}, "expires_at": NOW,
            "resolved_at": None, "paid_at": None, "reply": {},
        })  # fmt: skip
        decision.add("directory", {"kind": DirectoryKind.OUT_TRADE_NO.value, "key": number, "target_id": attempt_id})
    write(decision)
    return World(plan, rail, attempts)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "payer pays",
                "channel tells of a payment",
                "payment is said to have failed",
                "mood",
                "send",
                "ask",
                "old answer again",
                "bank sends it back",
                "bank sends it back, then the old success is told",
            ]
        ),
        st.integers(0, 11),
    ),
    max_size=25,
)


@pytest.mark.requirement("R137", "R142")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(payments=st.integers(2, 3), all_pay=st.booleans(), moves=MOVES)
def test_paid_by_several_devices_the_plan_takes_one_and_the_rest_goes_back(
    *, monkeypatch: pytest.MonkeyPatch, payments: int, all_pay: bool, moves: list[tuple[str, int]]
) -> None:
    rail = TruthfulRail("wechat_pay")
    open_rail(rail, monkeypatch)
    world = a_world(payments, rail)
    if all_pay:  # most of what can go wrong comes after
        for n in range(payments):
            world.act(("payer pays", n))
            world.act(("channel tells of a payment", n))
        world.act(("send", 0))
    for move in moves:
        world.act(move)
    world.check()
    world.let_time_pass()
    world.check()
    came, went = world.money()
    waiting = RefundLeg.objects.filter(customer_id=world.plan.customer_id, route="transfer")
    assert came == ROW * len(world.debited)
    assert came - went - sum(leg.amount_minor for leg in waiting) == (ROW if world.debited else 0)
    really_moved = sum(amount.minor for number, amount in rail.moved.items() if number not in rail.returned)
    assert really_moved == went


def test_a_success_after_the_failure_books_nothing_and_calls_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sum goes by another leg: a person must look before anything else moves."""
    rail = TruthfulRail("wechat_pay", mood=["refuse"])
    open_rail(rail, monkeypatch)
    world = a_world(2, rail)
    world.debited |= set(world.attempts)
    for attempt_id in world.attempts:
        world.act(("channel tells of a payment", world.attempts.index(attempt_id)))
    (leg,) = RefundLeg.objects.filter(customer_id=world.plan.customer_id)
    assert send_leg(world.plan.customer_id, leg.id, now=NOW) is RefundState.FAILED
    assert leg.attempt_id
    paid = PaymentAttempt.objects.get(customer_id=leg.customer_id, id=leg.attempt_id)
    late = RefundReply(
        outcome=Outcome.SUCCEEDED, out_trade_no=paid.out_trade_no, out_request_no=leg.out_refund_no, refund_no="50300"
    )
    for notify_id in ("n-1", "n-1", "n-2"):
        with capture_logs() as logged:
            take_refund(late, Evidence(channel=rail.name, notify_id=notify_id, body={"told": "late"}), now=NOW)
        assert [line["reason"] for line in logged if line["event"] == "channel_alert"] == ["payment_move_unlisted"]
    failed, other = RefundLeg.objects.filter(customer_id=leg.customer_id).order_by("leg_no")
    assert (failed.state, failed.refund_no, other.state) == ("failed", "50300", "created")
    assert ChannelNotification.objects.filter(customer_id=leg.customer_id, outcome="succeeded").count() == 2
    assert send_leg(leg.customer_id, other.id, now=NOW + timedelta(hours=1)) is RefundState.CREATED
    assert [one.refund.refund_id for one in refunds_that_need_a_person()] == [leg.refund_id]
    world.check()


def test_a_success_after_the_failure_calls_a_person_even_when_all_has_gone_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rail = TruthfulRail("wechat_pay", mood=["refuse"])
    open_rail(rail, monkeypatch)
    world = a_world(2, rail)
    world.debited |= set(world.attempts)
    for n in range(2):
        world.act(("channel tells of a payment", n))
    world.act(("send", 0))
    world.let_time_pass()
    failed, succeeded = RefundLeg.objects.filter(customer_id=world.plan.customer_id).order_by("leg_no")
    assert (failed.state, succeeded.state) == ("failed", "succeeded")
    assert refunds_that_need_a_person() == ()
    late = RefundReply(outcome=Outcome.SUCCEEDED, out_trade_no="", out_request_no=failed.out_refund_no)
    settle_leg(failed.customer_id, failed.id, late, now=NOW)
    (waiting,) = refunds_that_need_a_person()
    assert [leg.needs_person for leg in waiting.refund.legs] == [True, False]
    world.check()

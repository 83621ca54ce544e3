"""Whatever is retried, reordered, lost or told twice, nothing is released or captured twice (design, rule 4)."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from another_rail import AnotherRail, open_rail
from fenqi.channels.interface import (
    BindingReply,
    CardReserveChannel,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    Reply,
    ReserveReply,
    ReserveRequest,
    ScanCode,
)
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.reserves import AT_CHANNEL, HoldState, MoveState
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import BoundCard, CardState, PaymentAttempt
from fenqi.usecases.cards.queries import CardView, card_view
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.repayment import resolve as payments
from fenqi.usecases.reserves.capture import approve_capture, carry_out_capture, propose_capture
from fenqi.usecases.reserves.notifications import take_reserve
from fenqi.usecases.reserves.release import release_by_staff, release_what_is_due
from fenqi.usecases.reserves.resolve import ask_hold, ask_release, check_sums
from fenqi.usecases.reserves.send import send_release
from held import Secured, asked_for
from staff_members import finance

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
STEPS = 60
FROZEN = 50_000
_LOST = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


@dataclass(frozen=True, slots=True)
class ForgetfulRail(AnotherRail):
    """Does what it is asked, once for each number, and loses its answer half of the time; or the question."""

    ends_with_a_capture: bool = False
    random: Random = field(default_factory=Random)
    done: dict[str, tuple[str, int]] = field(default_factory=dict)
    allowed: list[str] = field(default_factory=list)

    def freeze(self, request: ReserveRequest) -> ScanCode | ReserveReply:
        return ScanCode(f"https://{self.name}.example/{request.number}")

    def query_reserve(
        self, *, number: str, operation_no: str | None = None, submitted_at: datetime | None = None
    ) -> ReserveReply:
        assert submitted_at
        asked = operation_no or number
        if self.random.random() < 0.3:
            return self._lost(asked)
        if operation_no and operation_no not in self.done:
            return ReserveReply(outcome=Outcome.NOT_FOUND, number=asked)
        if not self.allowed:
            return ReserveReply(outcome=Outcome.WAITING, number=asked)
        return self.told(asked, self.done[operation_no][1] if operation_no else FROZEN)

    def release(
        self,
        *,
        auth_no: str,
        number: str,
        amount: Money,
        reason: str,
        notify_url: str,
        submitted_at: datetime | None = None,
    ) -> ReserveReply:
        assert all([auth_no, reason, notify_url, submitted_at])
        return self._do("release", number, amount) or self.told(number, amount.minor)

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        assert auth_no
        assert completes == self.ends_with_a_capture
        if self._do("capture", charge.out_trade_no, charge.amount):
            return ChannelReply(outcome=Outcome.UNKNOWN, out_trade_no=charge.out_trade_no, verdict=_LOST)
        return self._paid(charge.out_trade_no)

    def query(self, charge: ChargeRef) -> ChannelReply:
        if self.random.random() < 0.3:
            return ChannelReply(outcome=Outcome.UNKNOWN, out_trade_no=charge.out_trade_no, verdict=_LOST)
        if charge.out_trade_no not in self.done:
            return ChannelReply(outcome=Outcome.NOT_FOUND, out_trade_no=charge.out_trade_no)
        return self._paid(charge.out_trade_no)

    def sum_of(self, kind: str) -> int:
        return sum(minor for done, minor in self.done.values() if done == kind)

    def told(self, number: str, minor: int) -> ReserveReply:
        released, captured = self.sum_of("release"), self.sum_of("capture")
        return ReserveReply(
            outcome=Outcome.SUCCEEDED,
            number=number,
            auth_no="2026112300001",
            amount=yuan(minor),
            frozen=yuan(FROZEN),
            released=yuan(released),
            captured=yuan(captured),
            rest=yuan(FROZEN - released - captured),
        )

    def _do(self, kind: str, number: str, amount: Money) -> ReserveReply | None:
        """The answer that is lost, before it was done or after; None for one that arrives."""
        if self.random.random() < 0.25:
            return self._lost(number)
        earlier = self.done.setdefault(number, (kind, amount.minor))
        assert earlier == (kind, amount.minor), "a number keeps its amount"
        assert self.sum_of("release") + self.sum_of("capture") <= FROZEN, "more than was frozen has left"
        return self._lost(number) if self.random.random() < 0.25 else None

    def _lost(self, number: str) -> ReserveReply:
        return ReserveReply(outcome=Outcome.UNKNOWN, number=number, verdict=_LOST)

    def _paid(self, number: str) -> ChannelReply:
        amount = yuan(self.done[number][1])
        return ChannelReply(outcome=Outcome.SUCCEEDED, out_trade_no=number, amount=amount, paid_at=NOW)


@dataclass(frozen=True, slots=True)
class ForgetfulCardRail(ForgetfulRail):
    """The same for a bound card: a hold ends once, by a release of all or by a capture, and no sums are told of it."""

    ends_with_a_capture: bool = True
    hold_days: int = 400
    refund_window: timedelta = timedelta(minutes=15)

    def freeze(self, request: ReserveRequest) -> ReserveReply:
        assert request.authority == "token"
        return ReserveReply(outcome=Outcome.WAITING, number=request.number)

    def sum_of(self, kind: str) -> int:
        done = dict(self.done.values())
        left = FROZEN - done["capture"] if "capture" in done else 0
        return done.get(kind, 0) + (left if kind == "release" else 0)

    def told(self, number: str, minor: int) -> ReserveReply:
        is_hold = number not in self.done
        auth_no = "2026112300001" if is_hold else None
        return ReserveReply(outcome=Outcome.SUCCEEDED, number=number, auth_no=auth_no, amount=yuan(minor))

    def _do(self, kind: str, number: str, amount: Money) -> ReserveReply | None:
        assert kind == "capture" or amount.minor == FROZEN, "it is released whole"
        assert not self.done.keys() - {number}, "it ends once"
        return ForgetfulRail._do(self, kind, number, amount)

    def ask_code(self, *_args: object, **_more: object) -> BindingReply:
        raise NotImplementedError

    bind = unbind = debit = ask_code

    def ends_card(self, reply: Reply) -> bool:
        return reply.code == "expired"


@dataclass
class Storm:
    """One order, its reserve, and everybody who acts on it at any time."""

    rail: ForgetfulRail
    secured: Secured
    random: Random
    at: datetime = field(default_factory=lambda: NOW)

    def step(self) -> None:
        self.at += timedelta(minutes=self.random.choice([0, 1, 30, 60 * 24 * 4]))
        acts = [self.allow, self.ask, self.send, self.look, self.hear, self.release, self.capture, self.check]
        try:
            self.random.choice(acts)()
        except FenqiError:
            return  # a refusal changes nothing: the laws are looked at in the end

    def allow(self) -> None:
        if not self.rail.allowed:
            self.rail.allowed.append(self.secured.hold.reserve_no)
        ask_hold(self.secured.customer_id, self.secured.hold_id, now=self.at)

    def ask(self) -> None:
        for move in self.secured.moves:
            ask_release(self.secured.customer_id, move.id, now=self.at)
        for attempt in PaymentAttempt.objects.filter(customer_id=self.secured.customer_id):
            payments.ask_channel(self.secured.customer_id, attempt.id, now=self.at)

    def send(self) -> None:
        for move in self.secured.moves:
            if move.kind == "release":
                send_release(self.secured.customer_id, move.id, now=self.at)
            else:
                carry_out_capture(self.secured.customer_id, move.id, now=self.at)

    def look(self) -> None:
        release_what_is_due(self.secured.customer_id, self.secured.plan.order_id, now=self.at)

    def hear(self) -> None:
        """A notification of anything that has happened, in any order, again and again."""
        if self.rail.allowed:
            take_reserve(self.rail.name, self.rail.told(self.secured.hold.reserve_no, FROZEN), now=self.at)
        for number, (kind, minor) in self.rail.done.items():
            if kind == "release" and self.random.random() < 0.5:
                take_reserve(self.rail.name, self.rail.told(number, minor), now=self.at)

    def release(self) -> None:
        amount = self.random.choice([1, 7_000, 20_000, FROZEN])
        key = (self.secured.customer_id, self.secured.hold_id)
        release_by_staff(*key, amount=amount, note="随便退一点", staff=finance("zhao"), now=self.at)

    def capture(self) -> None:
        amount = self.random.choice([1, 7_000, 20_000])
        key = (self.secured.customer_id, self.secured.hold_id)
        move_id = propose_capture(*key, amount=amount, note="逾期未还", staff=finance("zhao"), now=self.at)
        approve_capture(self.secured.customer_id, move_id, staff=finance("qian"), now=self.at)

    def check(self) -> None:
        check_sums(self.secured.customer_id, self.secured.hold_id, now=self.at)

    def calm_down(self) -> None:
        """Ask until everything is known."""
        for _ in range(15):
            self.at += timedelta(hours=1)
            for act in (self.allow, self.send, self.ask, self.look):
                act()

    @property
    def is_open(self) -> bool:
        open_states = (*AT_CHANNEL, MoveState.CREATED)
        return any(MoveState(move.state) in open_states for move in self.secured.moves)


def a_card(customer_id: UUID) -> CardView:
    card = BoundCard.objects.create(
        customer_id=customer_id,
        id=new_id(),
        channel="bank_card",
        number=f"B{new_id().hex[:20]}",
        token_encrypted=personal.encrypt("token").decode(),
        bank="CMB",
        kind="debit",
        last4="6214",
        state=CardState.ACTIVE,
        bound_at=NOW,
    )
    return card_view(customer_id, card.id)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [ForgetfulRail, ForgetfulCardRail])
def test_the_channel_and_the_books_say_the_same_in_the_end(
    kind: type[ForgetfulRail], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    rail = kind("bank_card" if kind is ForgetfulCardRail else "alipay", random=random)
    open_rail(rail, monkeypatch)
    assert isinstance(rail, CardReserveChannel) == (kind is ForgetfulCardRail)
    secured = asked_for(now=NOW, amount=FROZEN, channel=rail.name)
    secured.start(now=NOW, card=a_card(secured.customer_id) if kind is ForgetfulCardRail else None)
    storm = Storm(rail, secured, random)
    for _ in range(STEPS):
        storm.step()
    storm.calm_down()
    owed = secured.plan.state().totals.outstanding.total
    secured.plan.record(owed, on=date(2026, 1, 2), now=storm.at, key="all")
    storm.calm_down()
    assert not storm.is_open
    assert secured.sums == (FROZEN, rail.sum_of("release"), rail.sum_of("capture"))
    assert (secured.hold.state, secured.hold.alert) == (HoldState.ENDED, "")
    attempts = PaymentAttempt.objects.filter(customer_id=secured.customer_id, state=AttemptState.SUCCEEDED)
    assert sum(attempt.amount_minor for attempt in attempts) == rail.sum_of("capture")
    assert list(check_books()) == []

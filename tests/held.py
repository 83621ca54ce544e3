"""Orders with a reserve, for the tests: asked for as a mall would, allowed at the sandbox, and looked at afterwards."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app
from stdnum import luhn

from fenqi.domain.reserves import HoldKind, HoldState
from fenqi.interfaces.jobs import reserves as _jobs
from fenqi.records.models import OutboxMessage, PaymentAttempt, ReserveHold, ReserveMove
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.cards import bind as binding
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.repayment import resolve as payments
from fenqi.usecases.repayment.methods import MethodKey
from fenqi.usecases.reserves.ask import ReserveInput, ask_for_reserve
from fenqi.usecases.reserves.consent import conditions_of
from fenqi.usecases.reserves.freeze import StartedReserve, start_reserve
from fenqi.usecases.reserves.resolve import ask_hold
from fenqi.usecases.reserves.rows import find_hold
from malls import Bought, Payer, bought
from sandbox_town import until
from town import Town

_TOPICS = tuple(
    task.name for task in (_jobs.look_at_reserve, _jobs.send_reserve_release, _jobs.ask_release, _jobs.confirm_release)
)


@dataclass(frozen=True, slots=True)
class Secured:
    """An order with its reserve."""

    plan: Bought
    hold_id: UUID

    @property
    def customer_id(self) -> UUID:
        return self.plan.customer_id

    @property
    def hold(self) -> ReserveHold:
        return find_hold(self.customer_id, self.hold_id)

    @property
    def moves(self) -> list[ReserveMove]:
        rows = ReserveMove.objects.filter(customer_id=self.customer_id, hold_id=self.hold_id)
        return list(rows.order_by("move_no"))

    @property
    def sums(self) -> tuple[int, int, int]:
        hold = self.hold
        return hold.frozen_minor, hold.released_minor, hold.captured_minor

    def start(self, *, now: datetime, card: CardView | None = None, channel: str = "") -> StartedReserve:
        """The customer agrees to the words as they are."""
        digest = conditions_of(self.hold, language="zh", card=card).digest
        consent = Consent(digest=digest, language="zh", ip="203.0.113.9")
        way = MethodKey(channel) if channel else None
        way = MethodKey(card.channel, card.card_id) if card else way
        return start_reserve(self.customer_id, self.hold_id, consent=consent, way=way, now=now)


def run_jobs(customer_id: UUID, *, now: datetime) -> None:
    """What the relay and the worker would do by now about the customer's reserves."""
    done: set[UUID] = set()
    while True:
        due = OutboxMessage.objects.filter(customer_id=customer_id, topic__in=_TOPICS, not_before__lte=now)
        messages = list(due.exclude(id__in=done).order_by("not_before", "id"))
        if not messages:
            return
        for message in messages:
            done.add(message.id)
            app.tasks[message.topic](customer_id=str(customer_id), **message.body)


def asked_for(
    plan: Bought | None = None, *, amount: int = 50_000, now: datetime, key: str = "reserve", **more: object
) -> Secured:
    plan = plan or bought()
    wanted = ReserveInput(amount_minor=amount, **more)  # type: ignore[arg-type]  # fields of the test
    asked = ask_for_reserve(plan.customer_id, plan.order_id, wanted, request_key=key, actor="mall", now=now)
    return Secured(plan, asked.hold_id)


def frozen(town: Town, *, now: datetime, **more: object) -> Secured:
    """Scanned and allowed, and known to us by asking."""
    secured = asked_for(now=now, **more)  # type: ignore[arg-type]  # as above
    secured.start(now=now)
    town.act(secured.hold.reserve_no, "confirm")
    assert ask_hold(secured.customer_id, secured.hold_id, now=now) is HoldState.HELD
    return secured


def bound_card(town: Town, customer_id: UUID, *, now: datetime, number: str = "") -> CardView:
    """A card of China Merchants Bank that nobody knows yet, bound by the code that its bank sends."""
    body = f"622588{secrets.randbelow(10**9):09}"
    phone = f"138{secrets.randbelow(10**8):08}"
    typed = binding.TypedCard(number=number or body + luhn.calc_check_digit(body), holder="张三", phone=phone)
    asked = binding.ask_code(customer_id, typed, now=now)
    code = town.messages(phone)[0]["params"]["code"]
    consent = binding.Consent(text="我同意绑定", language="zh", remote_address="203.0.113.9")
    return binding.bind(customer_id, typed, code, binding=asked, consent=consent, now=now)


def frozen_on_card(town: Town, *, now: datetime, **more: object) -> Secured:
    """Held on a card that the customer chose, and known to us by asking."""
    secured = asked_for(now=now, **more)  # type: ignore[arg-type]  # as above
    secured.start(now=now, card=bound_card(town, secured.customer_id, now=now))
    until(lambda: ask_hold(secured.customer_id, secured.hold_id, now=now) is HoldState.HELD)
    return secured


def prepaid(*, now: datetime, **more: object) -> Secured:
    """Paid at the cashier, and known to us by asking."""
    secured = asked_for(now=now, kind=HoldKind.PREPAID, **more)  # type: ignore[arg-type]  # as above
    Payer(secured.start(now=now).redirect_url).press("confirm")
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id)
    payments.ask_channel(secured.customer_id, attempt.id, now=now)
    return secured

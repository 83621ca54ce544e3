"""Every rail's real bill, fetched from its counterparty over HTTP: a day of payments and refunds comes to zero."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from stdnum import luhn

from fenqi.channels.bills import BillNotReady, BillRefused
from fenqi.channels.first_run import sandbox_environ
from fenqi.channels.interface import (
    CardChannel,
    CardDetails,
    CashierChannel,
    ChargeRequest,
    DebitChannel,
    DebitRequest,
    Redirect,
)
from fenqi.channels.wechat_pay import WechatPayChannel
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryEntry, Payment, PaymentAttempt, RefundLeg
from fenqi.usecases import clock
from fenqi.usecases.notices.templates import templates
from fenqi.usecases.rails import forget_rails, rail
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.reconciliation.clearing import clearing_day, suspense_of
from fenqi.usecases.reconciliation.run import Reconciled, reconcile
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment.resolve import ask_channel, charge_ref
from fenqi.usecases.reserves.capture import approve_capture, carry_out_capture, propose_capture
from fenqi.usecases.reserves.release import release_by_staff
from fenqi.usecases.reserves.resolve import ask_release
from fenqi.usecases.reserves.send import send_release
from held import frozen_on_card
from malls import Bought, bought
from sandbox_town import Sandbox, running_sandbox, until
from staff_members import finance

pytestmark = pytest.mark.django_db(transaction=True)

CHANNELS = ("alipay", "wechat_pay", "bank_card")
NOWHERE = "http://127.0.0.1:9/notify"
DAY_SECONDS = 86_400


@dataclass
class Towns:
    """Towns of which each channel is used by one test: its bill holds what that test did and nothing else."""

    folder: Path
    opened: ExitStack
    running: list[tuple[Sandbox, dict[str, str], set[str]]] = field(default_factory=list)

    def where_unused(self, channel: str) -> tuple[Sandbox, dict[str, str]]:
        """A town, and how the mall is registered in it."""
        for town, environ, used in self.running:
            if channel not in used:
                used.add(channel)
                return town, environ
        place = self.folder / str(len(self.running))
        town = self.opened.enter_context(running_sandbox(place))
        environ = sandbox_environ(sandbox_url=town.url, folder=self.folder / "keys", sms_templates=templates())
        self.running.append((town, environ, {channel}))
        return town, environ


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Towns]:
    with ExitStack() as opened:
        yield Towns(tmp_path_factory.mktemp("towns"), opened)


@pytest.fixture
def town(towns: Towns, channel: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    running, environ = towns.where_unused(channel)
    for name, value in environ.items():
        monkeypatch.setitem(os.environ, name, value)
    forget_rails()
    yield running
    forget_rails()


class Payer:
    """Pays installments of a plan of its own over one channel."""

    def __init__(self, town: Sandbox, channel: str) -> None:
        self.town, self.channel = town, channel
        self.plan: Bought = bought()
        self.token = self._bound() if channel == "bank_card" else ""

    def attempt(self, n: int) -> PaymentAttempt:
        """Stored as sent, as `start_repayment` does."""
        now = clock.now().replace(microsecond=0)
        payment = Payment.objects.create(
            customer_id=self.plan.customer_id,
            plan_id=self.plan.plan_id,
            purpose="installments",
            installments=[n],
            amount_minor=10_000,
            currency="CNY",
            state="open",
            channel=self.channel,
            quoted_on=clock.business_date(now),
            request_key=secrets.token_hex(8),
            created_at=now,
            updated_at=now,
        )
        attempt = PaymentAttempt.objects.create(
            customer_id=self.plan.customer_id,
            id=new_id(),
            payment_id=payment.id,
            attempt_no=1,
            channel=self.channel,
            out_trade_no=secrets.token_hex(12).upper(),
            amount_minor=10_000,
            currency="CNY",
            state="submitted",
            expires_at=now + timedelta(minutes=10),
            created_at=now,
        )
        DirectoryEntry.objects.create(
            kind="out_trade_no", key=attempt.out_trade_no, customer_id=attempt.customer_id, target_id=attempt.id
        )
        return attempt

    def pays(self, n: int) -> PaymentAttempt:
        """The money has moved at the channel; we have not asked yet."""
        attempt = self.attempt(n)
        amount, number, channel = Money(attempt.amount_minor, "CNY"), attempt.out_trade_no, rail(self.channel)
        if self.token:
            assert isinstance(channel, DebitChannel)
            channel.debit(
                DebitRequest(
                    out_trade_no=number,
                    amount=amount,
                    subject="分期还款",
                    notify_url=NOWHERE,
                    authority=self.token,
                    submitted_at=attempt.created_at,
                    expires_at=attempt.expires_at,
                )
            )
            return attempt
        assert isinstance(channel, CashierChannel)
        started = channel.start(
            ChargeRequest(
                out_trade_no=number,
                amount=amount,
                subject="分期还款",
                notify_url=NOWHERE,
                return_url=NOWHERE,
                submitted_at=attempt.created_at,
                expires_at=attempt.expires_at,
            )
        )
        if isinstance(started, Redirect) and not isinstance(channel, WechatPayChannel):
            with self.town.browser() as browser:
                browser.get(started.url, follow_redirects=True)
        self.town.act(number, "confirm")
        return attempt

    def pays_unseen(self, n: int) -> PaymentAttempt:
        """The channel has the money, and we have heard nothing of it."""
        attempt = self.pays(n)
        until(lambda: rail(self.channel).query(charge_ref(attempt)).outcome is Outcome.SUCCEEDED)
        return attempt

    def knows(self, attempt: PaymentAttempt) -> PaymentAttempt:
        """The bank takes a moment for a debit."""
        until(lambda: ask_channel(attempt.customer_id, attempt.id, now=clock.now()) == "succeeded")
        return PaymentAttempt.objects.get(customer_id=attempt.customer_id, id=attempt.id)

    def _bound(self) -> str:
        body = f"622588{secrets.randbelow(10**9):09}"
        phone = f"138{secrets.randbelow(10**8):08}"
        card = CardDetails(number=body + luhn.calc_check_digit(body), holder="张三", phone=phone)
        number, now, channel = secrets.token_hex(12), datetime.now(UTC), rail(self.channel)
        assert isinstance(channel, CardChannel)
        channel.ask_code(card, number=number, submitted_at=now)
        code = self.town.messages(phone)[0]["params"]["code"]
        token = channel.bind(card, code, number=number, submitted_at=now).token
        assert token
        return token


def today() -> date:
    return clock.business_date(clock.now())


def on_the_next_day(town: Sandbox, channel: str) -> Reconciled:
    town.tell("clock", offset_seconds=DAY_SECONDS)
    try:
        return reconcile(channel, today(), now=clock.now() + timedelta(days=1))
    finally:
        town.tell("clock")


def send_refunds(payer: Payer) -> None:
    """What was paid twice goes back, as the queue would see to it."""
    for leg in RefundLeg.objects.filter(customer_id=payer.plan.customer_id):
        send_leg(leg.customer_id, leg.id, now=clock.now())
        until(partial(has_left, leg))


def has_left(leg: RefundLeg) -> bool:
    return ask_leg(leg.customer_id, leg.id, now=clock.now()) == "succeeded"


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_day_of_payments_and_refunds_comes_to_zero(town: Sandbox, channel: str) -> None:
    payer = Payer(town, channel)
    payer.knows(payer.pays(1))
    payer.knows(payer.pays(1))
    send_refunds(payer)
    lost, abandoned = payer.pays_unseen(2), payer.attempt(3)
    for kind, refusal in (("torn", BillRefused), ("other_day", BillRefused), ("creating", BillNotReady)):
        town.order("bill", kind, channel=channel)
        with pytest.raises(refusal):
            on_the_next_day(town, channel)
    town.order("bill", "empty", channel=channel)
    with pytest.raises(BillRefused, match="empty"):
        on_the_next_day(town, channel)
    town.order("bill", "bom", channel=channel)
    ran = on_the_next_day(town, channel)

    assert (ran.paid_minor, ran.refunded_minor, ran.settled, ran.open_findings) == (30_000, 10_000, 1, 0)
    assert PaymentAttempt.objects.get(customer_id=lost.customer_id, id=lost.id).state == "succeeded"
    assert PaymentAttempt.objects.get(customer_id=lost.customer_id, id=abandoned.id).state == "closed"
    shown = clearing_day(channel, today())
    assert (shown.booked_in_minor, shown.booked_out_minor, shown.left_minor) == (30_000, 10_000, 0)
    assert list(check_books()) == []
    assert not on_the_next_day(town, channel).is_new


@pytest.mark.requirement("R065", "R067")
@pytest.mark.parametrize("channel", ["bank_card"])
def test_of_reserves_on_cards_only_what_was_captured_is_money(town: Sandbox, channel: str) -> None:
    now = clock.now()
    taken, given_back = frozen_on_card(town, now=now), frozen_on_card(town, now=now)
    release_by_staff(
        given_back.customer_id, given_back.hold_id, amount=50_000, note="提前退回", staff=finance("zhao"), now=now
    )
    move_id = given_back.moves[0].id
    send_release(given_back.customer_id, move_id, now=now)
    until(lambda: ask_release(given_back.customer_id, move_id, now=now) == "done")
    assert on_the_next_day(town, channel).paid_minor == 0, "holds and their release are nobody's money"

    key = (taken.customer_id, taken.hold_id)
    capture_id = propose_capture(*key, amount=10_000, note="逾期未还", staff=finance("zhao"), now=now)
    at = approve_capture(taken.customer_id, capture_id, staff=finance("qian"), now=now)
    town.tell("clock", offset_seconds=(at - clock.now()).total_seconds())
    carry_out_capture(taken.customer_id, capture_id, now=at)
    attempt = PaymentAttempt.objects.get(customer_id=taken.customer_id)
    until(lambda: ask_channel(taken.customer_id, attempt.id, now=at) == "succeeded")
    town.tell("clock", offset_seconds=(at - clock.now()).total_seconds() + DAY_SECONDS)
    ran = reconcile(channel, clock.business_date(at), now=at + timedelta(days=1))
    town.tell("clock")
    assert (ran.paid_minor, ran.refunded_minor, ran.open_findings) == (10_000, 0, 0)
    shown = clearing_day(channel, clock.business_date(at))
    assert (shown.booked_in_minor, shown.left_minor, suspense_of(channel)) == (10_000, 0, 0)
    assert list(check_books()) == []


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("missing_row", "missing_there"),
        ("extra_row", "missing_here"),
        ("wrong_amount", "amount_differs"),
        ("doubled_row", "duplicate"),
    ],
)
def test_a_wrong_row_is_a_finding_and_clearing_is_zero(town: Sandbox, channel: str, kind: str, verdict: str) -> None:
    payer = Payer(town, channel)
    for n in (1, 2):
        payer.knows(payer.pays(n))
    town.order("bill", kind, channel=channel)
    ran = on_the_next_day(town, channel)
    assert (ran.counts[verdict], ran.open_findings) == (1, 1)
    assert clearing_day(channel, today()).left_minor == 0
    assert suspense_of(channel) != 0
    assert list(check_books()) == []

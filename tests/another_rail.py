"""A rail of the tests' own, as a newcomer would write one: it speaks to nobody and says what it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest

from fenqi.channels import ChannelSettings, channel, channel_names
from fenqi.channels.interface import (
    Acknowledgement,
    AgreementReply,
    AgreementRequest,
    AgreementState,
    Callback,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Notification,
    PaymentChannel,
    Redirect,
    RefundReply,
    RefundRequest,
    Reply,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict


@dataclass(frozen=True, slots=True)
class AnotherRail:
    """Every payment waits until it is `paid`; `currencies` is what it carries."""

    name: str
    currencies: frozenset[str] = frozenset({"CNY"})
    refund_days: int = 365
    amounts: dict[str, Money] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)

    def start(self, request: ChargeRequest) -> Redirect:
        self.amounts[request.out_trade_no] = request.amount
        return Redirect(f"https://{self.name}.example/{request.out_trade_no}")

    def query(self, charge: ChargeRef) -> ChannelReply:
        out_trade_no = charge.out_trade_no
        if out_trade_no not in self.paid:
            return ChannelReply(outcome=Outcome.WAITING, out_trade_no=out_trade_no)
        return ChannelReply(
            outcome=Outcome.SUCCEEDED,
            out_trade_no=out_trade_no,
            amount=self.amounts[out_trade_no],
            paid_at=datetime.now(UTC),
        )

    def close(self, charge: ChargeRef) -> ChannelReply:
        return ChannelReply(outcome=Outcome.CLOSED, out_trade_no=charge.out_trade_no)

    def refund(self, request: RefundRequest) -> RefundReply:
        raise NotImplementedError

    def query_refund(self, request: RefundRequest) -> RefundReply:
        raise NotImplementedError

    def read_notification(self, callback: Callback) -> Notification:
        raise NotImplementedError

    def acknowledge(self) -> Acknowledgement:
        return Acknowledgement("ok")


def open_rail(rail: PaymentChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer it after those of the environment, or in place of the one of its name."""

    def find(name: str, settings: ChannelSettings) -> object:
        return rail if name == rail.name else channel(name, settings)

    monkeypatch.setattr("fenqi.usecases.rails.channel", find)
    monkeypatch.setattr(
        "fenqi.usecases.rails.channel_names",
        lambda settings: tuple(dict.fromkeys((*channel_names(settings), rail.name))),
    )


@dataclass(frozen=True, slots=True)
class DebitingRail(AnotherRail):
    """It debits under agreements that its payer signs by `sign_at_channel`; `answers` are given to the next debits."""

    answers: list[ChannelReply] = field(default_factory=list)
    debits: list[DebitRequest] = field(default_factory=list)
    agreements: dict[str, AgreementState] = field(default_factory=dict)
    while_debiting: list[Callable[[], None]] = field(default_factory=list)

    def sign_at_channel(self, number: str) -> None:
        self.agreements[number] = AgreementState.ACTIVE

    def will_answer(self, outcome: Outcome, category: str | None = None) -> None:
        """To the next debit that is not answered for yet. A success needs no order."""
        verdict = Verdict(outcome, FailureCategory(category), RetryMark.LATER) if category else None
        self.answers.append(ChannelReply(outcome=outcome, out_trade_no="", code=category, verdict=verdict))

    def debit(self, request: DebitRequest) -> ChannelReply:
        self.debits.append(request)
        self.amounts[request.out_trade_no] = request.amount
        for act in self.while_debiting:
            act()
        if self.answers:
            return replace(self.answers.pop(0), out_trade_no=request.out_trade_no)
        self.paid.add(request.out_trade_no)
        return ChannelReply(
            outcome=Outcome.SUCCEEDED,
            out_trade_no=request.out_trade_no,
            amount=request.amount,
            paid_at=request.submitted_at,
        )

    def sign_agreement(self, request: AgreementRequest) -> Redirect | AgreementReply:
        self.agreements.setdefault(request.number, AgreementState.PENDING)
        return Redirect(f"https://{self.name}.example/sign/{request.number}")

    def query_agreement(self, number: str) -> AgreementReply:
        state = self.agreements.get(number)
        if state in (None, AgreementState.PENDING):
            return AgreementReply(outcome=Outcome.NOT_FOUND, number=number)
        return AgreementReply(outcome=Outcome.SUCCEEDED, number=number, agreement_no=f"at-{number}", state=state)

    def end_agreement(self, number: str, agreement_no: str) -> AgreementReply:
        assert agreement_no == f"at-{number}"
        self.agreements[number] = AgreementState.ENDED
        return AgreementReply(outcome=Outcome.SUCCEEDED, number=number, state=AgreementState.ENDED)


@dataclass(frozen=True, slots=True)
class AnnouncingRail(DebitingRail):
    """The same, with a notice two days before each debit."""

    notices: list[tuple[str, Money, date]] = field(default_factory=list)
    refusals: list[Outcome] = field(default_factory=list)

    @property
    def notice_days(self) -> int:
        return 2

    def announce(self, *, agreement_no: str, amount: Money, debit_on: date) -> Reply:
        self.notices.append((agreement_no, amount, debit_on))
        return Reply(outcome=self.refusals.pop(0) if self.refusals else Outcome.SUCCEEDED)

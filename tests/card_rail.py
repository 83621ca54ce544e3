"""A rail for bank cards and one that shows codes, both of the tests' own: they say what they are told."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from stdnum import luhn

from another_rail import AnotherRail, open_rail
from fenqi.channels.interface import (
    Acknowledgement,
    BindingReply,
    Callback,
    CardDetails,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Device,
    Notification,
    Redirect,
    RefundReply,
    RefundRequest,
    ScanCode,
)
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict

CODE = "135790"
WRONG_DETAILS = Verdict(Outcome.FAILED, FailureCategory.WRONG_ACCOUNT_INFO, RetryMark.NEW_ATTEMPT)
SHORT = Verdict(Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE, RetryMark.NEW_ATTEMPT)
EXPIRED = "expired"


def a_number(first_digits: str = "622588000000621") -> str:
    """A card number with its check digit; of China Merchants Bank, and a debit card, unless said."""
    return first_digits + luhn.calc_check_digit(first_digits)


@dataclass(frozen=True, slots=True)
class CardRail:
    """A debit succeeds unless `says` holds something else; `seen` keeps what it was asked, as no real rail would."""

    name: str = "bank_card"
    currencies: frozenset[str] = frozenset({"CNY"})
    refund_days: int = 330
    seen: list[tuple[str, object]] = field(default_factory=list)
    says: list[ChannelReply | Exception] = field(default_factory=list)
    binding_says: list[Verdict] = field(default_factory=list)

    def ask_code(self, card: CardDetails, *, number: str, submitted_at: datetime) -> BindingReply:
        self.seen.append(("ask_code", card))
        assert submitted_at.tzinfo
        return self._binding(number)

    def bind(self, card: CardDetails, code: str, *, number: str, submitted_at: datetime) -> BindingReply:
        self.seen.append(("bind", card))
        assert submitted_at.tzinfo
        if code != CODE:
            return BindingReply(outcome=Outcome.FAILED, number=number, code="65", verdict=WRONG_DETAILS)
        return self._binding(number, token="token-of-" + number)

    def unbind(self, token: str, *, number: str, submitted_at: datetime) -> BindingReply:
        self.seen.append(("unbind", token))
        assert submitted_at.tzinfo
        return self._binding(number)

    def ends_card(self, reply: ChannelReply) -> bool:
        return reply.code == EXPIRED

    def debit(self, request: DebitRequest) -> ChannelReply:
        self.seen.append(("debit", request))
        told = self.says.pop(0) if self.says else None
        if isinstance(told, Exception):
            raise told
        return told or ChannelReply(
            outcome=Outcome.SUCCEEDED,
            out_trade_no=request.out_trade_no,
            amount=request.amount,
            paid_at=datetime.now(UTC),
        )

    def asked(self, what: str) -> list[object]:
        return [request for asked, request in self.seen if asked == what]

    def _binding(self, number: str, *, token: str | None = None) -> BindingReply:
        if self.binding_says:
            verdict = self.binding_says.pop(0)
            return BindingReply(outcome=verdict.outcome, number=number, code="99", verdict=verdict)
        return BindingReply(outcome=Outcome.SUCCEEDED, number=number, token=token)

    def query(self, charge: ChargeRef) -> ChannelReply:
        return ChannelReply(outcome=Outcome.WAITING, out_trade_no=charge.out_trade_no)

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


@dataclass(frozen=True, slots=True)
class ScanRail(AnotherRail):
    """A phone is sent to a page, a desktop is shown a code; every time afresh."""

    opened: list[ChargeRequest] = field(default_factory=list)

    def start(self, request: ChargeRequest) -> Redirect | ScanCode:  # type: ignore[override]  # it says more
        self.opened.append(request)
        self.amounts[request.out_trade_no] = request.amount
        address = f"https://{self.name}.example/{request.out_trade_no}/{len(self.opened)}"
        return Redirect(address) if request.device is Device.PHONE else ScanCode(address)


def open_cards(monkeypatch: pytest.MonkeyPatch) -> CardRail:
    """In place of the mall's own rail for cards."""
    rail = CardRail()
    open_rail(rail, monkeypatch)
    return rail

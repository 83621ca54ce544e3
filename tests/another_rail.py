"""A rail of the tests' own, as a newcomer would write one: it speaks to nobody and says what it is told."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from fenqi.channels import ChannelSettings, channel, channel_names
from fenqi.channels.interface import (
    Acknowledgement,
    Callback,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    Notification,
    Redirect,
    RefundReply,
    RefundRequest,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome


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


def open_rail(rail: AnotherRail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer it after those of the environment."""

    def find(name: str, settings: ChannelSettings) -> object:
        return rail if name == rail.name else channel(name, settings)

    monkeypatch.setattr("fenqi.usecases.rails.channel", find)
    monkeypatch.setattr("fenqi.usecases.rails.channel_names", lambda settings: (*channel_names(settings), rail.name))

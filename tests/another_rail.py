"""A rail of the tests' own, as a newcomer would write one: it speaks to nobody and says what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from fenqi.channels import ChannelSettings, channel, channel_names
from fenqi.channels.interface import ChannelReply, ChargeRequest, Notification, Redirect, RefundReply, RefundRequest
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome


@dataclass(frozen=True, slots=True)
class AnotherRail:
    """Every payment waits until it is `paid`; `currencies` is what it carries."""

    name: str
    currencies: frozenset[str] = frozenset({"CNY"})
    amounts: dict[str, Money] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)

    def start(self, request: ChargeRequest) -> Redirect:
        self.amounts[request.out_trade_no] = request.amount
        return Redirect(f"https://{self.name}.example/{request.out_trade_no}")

    def query(self, out_trade_no: str) -> ChannelReply:
        if out_trade_no not in self.paid:
            return ChannelReply(outcome=Outcome.WAITING, out_trade_no=out_trade_no)
        return ChannelReply(
            outcome=Outcome.SUCCEEDED,
            out_trade_no=out_trade_no,
            amount=self.amounts[out_trade_no],
            paid_at=datetime.now(UTC),
        )

    def close(self, out_trade_no: str) -> ChannelReply:
        return ChannelReply(outcome=Outcome.CLOSED, out_trade_no=out_trade_no)

    def refund(self, request: RefundRequest) -> RefundReply:
        raise NotImplementedError

    def query_refund(self, *, out_trade_no: str, out_request_no: str) -> RefundReply:
        raise NotImplementedError

    def read_notification(self, form: Mapping[str, str]) -> Notification:
        raise NotImplementedError

    def acknowledge(self) -> str:
        return "ok"


def open_rail(rail: AnotherRail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer it after those of the environment."""

    def find(name: str, settings: ChannelSettings) -> object:
        return rail if name == rail.name else channel(name, settings)

    monkeypatch.setattr("fenqi.usecases.rails.channel", find)
    monkeypatch.setattr("fenqi.usecases.rails.channel_names", lambda settings: (*channel_names(settings), rail.name))

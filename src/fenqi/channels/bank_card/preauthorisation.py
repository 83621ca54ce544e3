"""The reserve (备用金) on a bound card: pre-authorised by its token, then voided or completed.

02/01 holds a sum on the card, 32/00 voids it, 03/00 completes it into a payment. The protocol knows no void of a part
and no second completion: a hold is one piece, and the card's bank frees what a completion leaves. A completion could be
for up to 115 % of what is held; nobody here asks for more than is held. The void of a completion (33/00) is not used:
what was captured goes back by a refund, as of every other payment.

Nothing tells the sums of a hold, nor that its bank has let go of it: each trade is asked about by its own number and
time, and a void finds nothing left to void.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.asking import Refused, ask, order
from fenqi.channels.bank_card.checks import check_amount, check_original, check_sent_at, check_window
from fenqi.channels.bank_card.config import NAME
from fenqi.channels.bank_card.gateway import Gateway
from fenqi.channels.bank_card.notifications import CAPTURE, FREEZE, RELEASE
from fenqi.channels.bank_card.replies import (
    charge_accepted,
    charge_reply,
    freeze_ended,
    release_ended,
    reserve_accepted,
    reserve_reply,
)
from fenqi.channels.bank_card.requests import WINDOW, Requests, sum_of
from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import ChannelRefuses, ChannelReply, ChargeRequest, ReserveReply, ReserveRequest
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation


class Preauthorisation:
    def __init__(self, gateway: Gateway, requests: Requests, *, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._requests = requests
        self._clock = clock

    def freeze(self, request: ReserveRequest) -> ReserveReply:
        """WAITING once accepted."""
        check_amount(request.amount)
        check_window(request.expires_at, now=on_calendar(self._clock()))
        asked = self._requests.about(
            FREEZE,
            request.number,
            request.submitted_at,
            **sum_of(request.amount),
            backUrl=request.notify_url,
            payTimeout=wire.beijing(min(request.expires_at, request.submitted_at + WINDOW)),
            tokenPayData=self._requests.token(request.authority),
        )
        return self._ordered(Operation.FREEZE, asked)

    def release(
        self, *, auth_no: str, number: str, amount: Money, notify_url: str, submitted_at: datetime | None
    ) -> ReserveReply:
        """WAITING once accepted; `amount` is all that is held. CLOSED: nothing is held under it any more."""
        check_amount(amount)
        asked = self._requests.about(
            RELEASE,
            number,
            check_sent_at(submitted_at),
            origQryId=check_original(auth_no),
            **sum_of(amount),
            backUrl=notify_url,
        )
        return self._ordered(Operation.RELEASE, asked)

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        """WAITING once accepted; what it leaves of the hold is freed by the card's bank."""
        if not completes:
            raise ChannelRefuses(
                channel=NAME,
                problem="a pre-authorisation is completed once, which ends it",
                problem_zh="预授权只能完成一次，完成后即结束",
            )
        check_amount(charge.amount)
        check_window(charge.expires_at, now=on_calendar(self._clock()))
        number = charge.out_trade_no
        asked = self._requests.about(
            CAPTURE,
            number,
            charge.submitted_at,
            origQryId=check_original(auth_no),
            **sum_of(charge.amount),
            backUrl=charge.notify_url,
        )
        said = order(self._gateway, asked, Operation.CAPTURE)
        return charge_reply(number, *said) if isinstance(said, Refused) else charge_accepted(number, said)

    def query(self, *, number: str, operation_no: str | None, submitted_at: datetime | None) -> ReserveReply:
        """What became of the hold, or of the void `operation_no` of it."""
        asked_for = operation_no or number
        asked = self._requests.question(asked_for, check_sent_at(submitted_at))
        said = ask(self._gateway, asked, Operation.QUERY)
        if isinstance(said, Refused):
            return reserve_reply(asked_for, *said)
        ended = release_ended if operation_no else freeze_ended
        return ended(said, said.text("origRespCode"), number=asked_for)

    def _ordered(self, operation: Operation, asked: Mapping[str, str]) -> ReserveReply:
        number, said = asked["orderId"], order(self._gateway, asked, operation)
        return reserve_reply(number, *said) if isinstance(said, Refused) else reserve_accepted(number, said)

"""The notification in the back: a signed form, told of a success and of a failure, repeated until HTTP 200 or 302."""

import threading
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from fenqi.sandbox import deliveries
from fenqi.sandbox.bank_card import messages, trades
from fenqi.sandbox.bank_card.messages import Fields
from fenqi.sandbox.bank_card.trades import DEBIT, DONE, FREEZE, PENDING, Trade
from fenqi.sandbox.deliveries import Message, Protocol
from fenqi.sandbox.town import town

CHANNEL: Final = "bank_card"
PROTOCOL: Final = Protocol(
    repeats_seconds=(60, 120, 240, 480),  # at 0, 1, 3, 7 and 15 minutes
    is_taken=lambda status, _text: status in {200, 302},
)
NEVER_CLEAR: Final = frozenset([PENDING, "04", "74"])
"""What nobody can be told about."""


def decide_later(trade: Trade) -> None:
    """Let the bank decide in a moment, and tell."""
    if trade.due_at is not None:
        timer = threading.Timer(trades.DECIDED_AFTER_SECONDS, decide, [trade.query_id])
        timer.daemon = True  # a restart leaves it to whoever asks next
        timer.start()


def decide(query_id: str) -> None:
    decided = trades.decide(town().store, query_id)
    if decided:
        tell(decided)


def decide_overdue() -> None:
    for query_id in trades.overdue(town().store):
        decide(query_id)


def tell(trade: Trade) -> None:
    """Put a decided trade's notification on its way, as ordered faults allow."""
    if trade.code in NEVER_CLEAR:
        return
    fields = _fields(trade)
    deliveries.tell(
        town(),
        channel=CHANNEL,
        number=trade.order_id,
        url=trade.back_url,
        key=town().unionpay_key,
        make=lambda key: _message(messages.signed(fields, key)),
    )


def forge(trade: Trade) -> None:
    """A stranger claims that the trade was made, with a certificate of his own: all fits but who vouches for it."""
    _queue(trade, messages.forged({**_fields(trade), **messages.code_fields(DONE)}))


def tamper(trade: Trade) -> None:
    """A true notification whose amount was changed on its way."""
    _queue(trade, {**messages.signed(_fields(trade), town().unionpay_key), "txnAmt": "1"})


def repeat(trade: Trade) -> None:
    """Send the last notification of a trade once more, as it was."""
    deliveries.repeat(town(), channel=CHANNEL, number=trade.order_id)


def settlement(trade: Trade) -> Fields:
    """What is said of a trade in an answer and in a notification."""
    return {
        "queryId": trade.query_id,
        "txnAmt": str(trade.amount_fen),
        "currencyCode": "156",
        "settleAmt": str(trade.amount_fen),
        "settleCurrencyCode": "156",
        "settleDate": trade.trace_time[:4],
        "traceNo": trade.trace_no,
        "traceTime": trade.trace_time,
        "reqReserved": trade.reserved,
    }


def _fields(trade: Trade) -> Fields:
    return {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "accessType": "0",
        "bizType": "000902",
        "merId": trade.mer_id,
        "orderId": trade.order_id,
        "txnTime": trade.txn_time,
        "txnType": trade.txn_type,
        "txnSubType": "01" if trade.txn_type in (DEBIT, FREEZE) else "00",
        **messages.code_fields(trade.code),
        **settlement(trade),
    }


def _message(form: Mapping[str, str]) -> Message:
    return Message(f"{form['orderId']}-{form['txnTime']}-{form['respCode']}", urlencode(form).encode())


def _queue(trade: Trade, form: Mapping[str, str]) -> None:
    deliveries.queue(town(), channel=CHANNEL, number=trade.order_id, url=trade.back_url, message=_message(form))

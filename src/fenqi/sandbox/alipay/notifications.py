"""The asynchronous notification: a signed form, repeated until it is answered `success`."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from fenqi.sandbox import deliveries
from fenqi.sandbox.alipay import trades
from fenqi.sandbox.alipay.trades import Refund, Trade
from fenqi.sandbox.deliveries import Message, Protocol
from fenqi.sandbox.keys import SigningKey, pairs
from fenqi.sandbox.town import town

CHANNEL: Final = "alipay"
PROTOCOL: Final = Protocol(
    repeats_seconds=(240, 600, 600, 3600, 7200, 21600, 54000),  # 4m 10m 10m 1h 2h 6h 15h
    is_taken=lambda status, text: status == 200 and text.strip() == "success",  # noqa: PLR2004 - HTTP's
)


def tell(trade: Trade, *, refund: Refund | None = None) -> None:
    """Put the notification of a trade's state, or of a refund, on its way, as ordered faults allow."""
    form = _fields(trade, refund)
    deliveries.tell(
        town(),
        channel=CHANNEL,
        number=trade.out_trade_no,
        url=trade.notify_url,
        key=town().alipay_key,
        make=lambda key: message(_signed(form, key)),
    )


def forge(trade: Trade) -> None:
    """A stranger claims that the trade was paid: everything fits but the signature."""
    paid = {"trade_status": "TRADE_SUCCESS", "gmt_payment": trades.beijing(town().now())}
    _queue(trade, _signed({**_fields(trade, None), **paid}, town().stranger_key))


def tamper(trade: Trade) -> None:
    """A true notification whose amount was changed on its way."""
    form = _signed(_fields(trade, None), town().alipay_key)
    _queue(trade, {**form, "total_amount": "0.01"})


def repeat(trade: Trade) -> None:
    """Send the last notification of a trade once more, as it was."""
    deliveries.repeat(town(), channel=CHANNEL, number=trade.out_trade_no)


def message(form: Mapping[str, str]) -> Message:
    return Message(form["notify_id"], urlencode(form).encode())


def return_parameters(trade: Trade) -> dict[str, str]:
    """What the payer's browser brings back to return_url. For display only: it proves nothing."""
    return _signed(
        {
            "app_id": trade.app_id,
            "auth_app_id": trade.app_id,
            "charset": "utf-8",
            "method": "alipay.trade.wap.pay.return",
            "out_trade_no": trade.out_trade_no,
            "seller_id": _seller_of(trade),
            "timestamp": trades.beijing(town().now()),
            "total_amount": trade.yuan,
            "trade_no": trade.trade_no,
            "version": "1.0",
        },
        town().alipay_key,
    )


def _fields(trade: Trade, refund: Refund | None) -> dict[str, str]:
    form = {
        "notify_time": trades.beijing(town().now()),
        "notify_type": "trade_status_sync",
        "notify_id": secrets.token_hex(17),
        "charset": "utf-8",
        "version": "1.0",
        "app_id": trade.app_id,
        "auth_app_id": trade.app_id,
        "seller_id": _seller_of(trade),
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": trade.status.value,
        "subject": trade.subject,
        "total_amount": trade.yuan,
        "gmt_create": trades.beijing(trade.created_at),
    }
    if trade.paid_at:
        paid = {"buyer_id": "2088000000000000", "receipt_amount": trade.yuan, "buyer_pay_amount": trade.yuan}
        form |= {**paid, "gmt_payment": trades.beijing(trade.paid_at)}
    if refund:
        form |= {
            "out_biz_no": refund.out_request_no,
            "refund_fee": trades.yuan(refund.refunded_fen),
            "gmt_refund": trades.beijing(refund.refunded_at),
        }
    return form


def _signed(form: dict[str, str], key: SigningKey) -> dict[str, str]:
    return {**form, "sign_type": "RSA2", "sign": key.sign(pairs(form))}


def _seller_of(trade: Trade) -> str:
    app = town().store.row("SELECT seller_id FROM alipay_app WHERE app_id = ?", trade.app_id)
    assert app is not None  # a trade is opened by a registered application, and none is ever deleted
    return str(app["seller_id"])


def _queue(trade: Trade, form: Mapping[str, str]) -> None:
    deliveries.queue(town(), channel=CHANNEL, number=trade.out_trade_no, url=trade.notify_url, message=message(form))

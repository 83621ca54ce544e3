"""Alipay as control sees it."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest

from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.sandbox import deliveries
from fenqi.sandbox.alipay import notifications, trades
from fenqi.sandbox.alipay.cashier import REFUSALS
from fenqi.sandbox.alipay.trades import Trade
from fenqi.sandbox.counterparty import Act, Counterparty, Listed, Refusal, text
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.town import town


def register(request: HttpRequest, body: Mapping[str, object]) -> dict[str, object]:
    """`{"app_id", "seller_id", "public_key"}` -> our public key and gateway; the same application again replaces it."""
    app_id, seller_id, public_key = text(body, "app_id"), text(body, "seller_id"), text(body, "public_key")
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO alipay_app VALUES (?, ?, ?)", (app_id, seller_id, public_key))
    return {"gateway": request.build_absolute_uri("/gateway.do"), "alipay_public_key": town().alipay_key.public_pem}


def _newest(limit: int) -> list[Listed]:
    return [
        Listed(
            number=trade.out_trade_no,
            title=trade.subject,
            amount_fen=trade.total_fen,
            status=trade.status.value,
            link=trade.address,
            note=REFUSALS.get(trade.refusal or "", ""),
        )
        for trade in trades.newest(town().store, limit)
    ]


def _described(number: str) -> dict[str, object] | None:
    trade = trades.with_number(town().store, number)
    if trade is None:
        return None
    sent = deliveries.sent(town(), channel=notifications.CHANNEL, number=number)
    return {**trades.described(trade), "notifications": sent}


def _to_trade(act: Callable[[Trade], object]) -> Act:
    def act_on(number: str) -> None:
        trade = trades.with_number(town().store, number)
        if trade is None:
            raise Refusal("ACQ.TRADE_NOT_EXIST")
        act(trade)

    return act_on


def _pay(trade: Trade, *, even_if_closed: bool = False) -> None:
    notifications.tell(trades.pay(town().store, trade, even_if_closed=even_if_closed))


ALIPAY = Counterparty(
    channel=notifications.CHANNEL,
    title="支付宝",
    codes=frozenset(code for codes in ALIPAY_CODES.values() for code in codes if "*" not in code),
    protocol=notifications.PROTOCOL,
    actions={
        "confirm": ("付款成功", _to_trade(_pay)),
        "refuse": (
            "余额不足",
            _to_trade(lambda trade: trades.note_refusal(town().store, trade, "ACQ.BUYER_BALANCE_NOT_ENOUGH")),
        ),
        "pay_late": ("关闭后又到账", _to_trade(lambda trade: _pay(trade, even_if_closed=True))),
        "expire": ("过付款时限", _to_trade(lambda trade: trades.expire(town().store, trade))),
        "finish": ("过退款期限", _to_trade(lambda trade: trades.finish(town().store, trade))),
        "notify_again": ("重发通知", _to_trade(notifications.repeat)),
        "forge": ("伪造通知", _to_trade(notifications.forge)),
        "tamper": ("篡改金额的通知", _to_trade(notifications.tamper)),
    },
    newest=_newest,
    described=_described,
    register=register,
)

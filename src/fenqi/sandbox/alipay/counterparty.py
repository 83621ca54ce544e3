"""Alipay as control sees it: trades, agreements and freezes, each by the merchant's number."""

from collections.abc import Callable, Mapping
from heapq import nlargest
from typing import Final

from django.http import HttpRequest

from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.sandbox import deliveries
from fenqi.sandbox.alipay import agreements, freezes, notifications, refunds, trades
from fenqi.sandbox.alipay.agreements import Agreement
from fenqi.sandbox.alipay.freezes import Freeze
from fenqi.sandbox.alipay.pages import REFUSALS
from fenqi.sandbox.alipay.refunds import Refund
from fenqi.sandbox.alipay.trades import Source, Trade
from fenqi.sandbox.counterparty import Act, Counterparty, Listed, Refusal, text
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.town import town

NOT_NOW: Final = "ILLEGAL_STATUS"


def register(request: HttpRequest, body: Mapping[str, object]) -> dict[str, object]:
    """`{"app_id", "seller_id", "public_key"}` -> our public key and gateway; the same application again replaces it."""
    app_id, seller_id, public_key = text(body, "app_id"), text(body, "seller_id"), text(body, "public_key")
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO alipay_app VALUES (?, ?, ?)", (app_id, seller_id, public_key))
    return {"gateway": request.build_absolute_uri("/gateway.do"), "alipay_public_key": town().alipay_key.public_pem}


def _newest(limit: int) -> list[Listed]:
    listed = [
        *((trade.created_at, _listed_trade(trade)) for trade in trades.newest(limit)),
        *((one.created_at, _listed_agreement(one)) for one in agreements.newest(limit)),
        *((freeze.created_at, _listed_freeze(freeze)) for freeze in freezes.newest(limit)),
    ]
    return [one for _, one in nlargest(limit, listed, key=lambda dated: dated[0])]


def _listed_trade(trade: Trade) -> Listed:
    return Listed(
        number=trade.out_trade_no,
        title=trade.subject,
        amount_fen=trade.total_fen,
        status=trade.status.value,
        link=trade.address,
        note=REFUSALS.get(trade.refusal or "", ""),
    )


def _listed_agreement(agreement: Agreement) -> Listed:
    return Listed(
        number=agreement.external_agreement_no,
        title="自动扣款协议（单笔上限）",
        amount_fen=agreement.terms.single_fen,
        status=agreement.status.value,
        link=agreement.address,
    )


def _listed_freeze(freeze: Freeze) -> Listed:
    return Listed(
        number=freeze.out_order_no,
        title=freeze.title,
        amount_fen=freeze.amount_fen,
        status=f"冻结 {freeze.status.value}",
        link=freeze.address,
    )


def _described(number: str) -> dict[str, object] | None:
    if trade := trades.with_number(number):
        about = trades.described(trade)
    elif agreement := agreements.with_number(number):
        about = agreements.described(agreement)
    elif freeze := freezes.with_number(number):
        about = freezes.described(freeze)
    else:
        return None
    return {**about, "notifications": deliveries.sent(town(), channel=notifications.CHANNEL, number=number)}


def _described_refund(number: str) -> dict[str, object] | None:
    refund = refunds.with_number(number)
    return refunds.described(refund) if refund else None


def _not_now(_one: object) -> None:
    raise Refusal(NOT_NOW)


def _on(
    *,
    trade: Callable[[Trade], object] = _not_now,
    agreement: Callable[[Agreement], object] = _not_now,
    freeze: Callable[[Freeze], object] = _not_now,
) -> Act:
    """What is done to the one that has the number."""

    def act(number: str) -> None:
        if found := trades.with_number(number):
            trade(found)
        elif signed := agreements.with_number(number):
            agreement(signed)
        elif frozen := freezes.with_number(number):
            freeze(frozen)

    return act


def _on_refund(act: Callable[[Refund], object]) -> Act:
    def act_on(number: str) -> None:
        refund = refunds.with_number(number)
        if refund:
            act(refund)

    return act_on


def _pay(trade: Trade, *, source: Source = Source.BALANCE, even_if_closed: bool = False) -> None:
    notifications.tell(trades.pay(trade, source=source, even_if_closed=even_if_closed))


def _sign(agreement: Agreement) -> None:
    notifications.tell_agreement(agreements.sign(agreement))


def _end(agreement: Agreement) -> None:
    notifications.tell_agreement(agreements.end(agreement))


def _allow(freeze: Freeze, *, is_credit: bool = False) -> None:
    notifications.tell_freeze(freezes.allow(freeze, is_credit=is_credit))


ALIPAY: Final = Counterparty(
    channel=notifications.CHANNEL,
    title="支付宝",
    codes=frozenset(code for codes in ALIPAY_CODES.values() for code in codes if "*" not in code),
    protocol=notifications.PROTOCOL,
    actions={
        "confirm": ("付款、签约或冻结成功", _on(trade=_pay, agreement=_sign, freeze=_allow)),
        "confirm_by_card": ("用银行卡付款", _on(trade=lambda trade: _pay(trade, source=Source.BANK_CARD))),
        "confirm_on_credit": ("信用免押", _on(freeze=lambda freeze: _allow(freeze, is_credit=True))),
        "refuse": (
            "余额不足",
            _on(trade=lambda trade: trades.note_refusal(trade, "ACQ.BUYER_BALANCE_NOT_ENOUGH")),
        ),
        "pay_late": ("关闭后又到账", _on(trade=lambda trade: _pay(trade, even_if_closed=True))),
        "expire": ("过付款时限", _on(trade=trades.expire, freeze=freezes.close)),
        "lapse": ("冻结到期自动解冻", _on(freeze=freezes.lapse)),
        "finish": ("过退款期限", _on(trade=trades.finish)),
        "end": ("付款人解约", _on(agreement=_end)),
        "notify_again": ("重发通知", notifications.repeat),
        "forge": ("伪造通知", _on(trade=notifications.forge)),
        "tamper": ("篡改金额的通知", _on(trade=notifications.tamper)),
    },
    newest=_newest,
    described=_described,
    moved="""SELECT out_trade_no AS number, CASE WHEN paid_at IS NULL THEN 0 ELSE total_fen END AS paid_fen,
        (SELECT coalesce(sum(amount_fen), 0) FROM alipay_refund r WHERE r.trade_no = t.trade_no AND is_done)
        AS refunded_fen FROM alipay_trade t""",
    register=register,
    refund_actions={
        "settle": ("退款到账", _on_refund(refunds.settle)),
        "fail": ("退款失败或被银行退回", _on_refund(refunds.fail)),
    },
    described_refund=_described_refund,
)

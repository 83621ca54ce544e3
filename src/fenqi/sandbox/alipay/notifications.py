"""The asynchronous notification: a signed form, repeated until it is answered `success`."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from fenqi.sandbox import deliveries
from fenqi.sandbox.alipay.agreements import Agreement, Status
from fenqi.sandbox.alipay.biz import beijing, yuan
from fenqi.sandbox.alipay.freezes import Operation
from fenqi.sandbox.alipay.refunds import Refund
from fenqi.sandbox.alipay.trades import Trade
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
    _tell(trade.out_trade_no, trade.notify_url, _trade_form(trade, refund))


def tell_agreement(agreement: Agreement) -> None:
    _tell(agreement.external_agreement_no, agreement.notify_url, _agreement_form(agreement))


def tell_freeze(operation: Operation, *, notify_url: str = "") -> None:
    _tell(operation.freeze.out_order_no, notify_url or operation.freeze.notify_url, _freeze_form(operation))


def forge(trade: Trade) -> None:
    """A stranger claims that the trade was paid: everything fits but the signature."""
    paid = {"trade_status": "TRADE_SUCCESS", "gmt_payment": beijing(town().now())}
    _queue(trade, _signed({**_trade_form(trade, None), **paid}, town().stranger_key))


def tamper(trade: Trade) -> None:
    """A true notification whose amount was changed on its way."""
    form = _signed(_trade_form(trade, None), town().alipay_key)
    _queue(trade, {**form, "total_amount": "0.01"})


def repeat(number: str) -> None:
    """Send the last notification about `number` once more, as it was."""
    deliveries.repeat(town(), channel=CHANNEL, number=number)


def return_parameters(trade: Trade) -> dict[str, str]:
    """What the payer's browser brings back to return_url. For display only: it proves nothing."""
    return _signed(
        {
            "app_id": trade.app_id,
            "auth_app_id": trade.app_id,
            "charset": "utf-8",
            "method": "alipay.trade.wap.pay.return",
            "out_trade_no": trade.out_trade_no,
            "seller_id": seller_of(trade.app_id),
            "timestamp": beijing(town().now()),
            "total_amount": trade.yuan,
            "trade_no": trade.trade_no,
            "version": "1.0",
        },
        town().alipay_key,
    )


def seller_of(app_id: str) -> str:
    app = town().store.row("SELECT seller_id FROM alipay_app WHERE app_id = ?", app_id)
    assert app is not None  # only a registered application calls, and none is ever deleted
    return str(app["seller_id"])


def _tell(number: str, url: str, form: Mapping[str, str]) -> None:
    deliveries.tell(
        town(),
        channel=CHANNEL,
        number=number,
        url=url,
        key=town().alipay_key,
        make=lambda key: _message(_signed(form, key)),
    )


def _queue(trade: Trade, form: Mapping[str, str]) -> None:
    deliveries.queue(town(), channel=CHANNEL, number=trade.out_trade_no, url=trade.notify_url, message=_message(form))


def _message(form: Mapping[str, str]) -> Message:
    return Message(form["notify_id"], urlencode(form).encode())


def _signed(form: Mapping[str, str], key: SigningKey) -> dict[str, str]:
    return {**form, "sign_type": "RSA2", "sign": key.sign(pairs(form))}


def _form(app_id: str, notify_type: str) -> dict[str, str]:
    return {
        "notify_time": beijing(town().now()),
        "notify_type": notify_type,
        "notify_id": secrets.token_hex(17),
        "charset": "utf-8",
        "version": "1.0",
        "app_id": app_id,
        "auth_app_id": app_id,
    }


def _trade_form(trade: Trade, refund: Refund | None) -> dict[str, str]:
    form = _form(trade.app_id, "trade_status_sync") | {
        "seller_id": seller_of(trade.app_id),
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": trade.status.value,
        "subject": trade.subject,
        "total_amount": trade.yuan,
        "receipt_amount": trade.yuan,
        "buyer_pay_amount": trade.yuan,
        "gmt_create": beijing(trade.created_at),
    }
    if trade.paid_at:
        form |= {"gmt_payment": beijing(trade.paid_at)}
    if refund:
        form |= {
            "out_biz_no": refund.out_request_no,
            "refund_fee": yuan(refund.refunded_fen),
            "gmt_refund": beijing(refund.accepted_at),
        }
    return form


def _agreement_form(agreement: Agreement) -> dict[str, str]:
    is_ended = agreement.status is Status.STOP
    form = _form(agreement.app_id, "dut_user_unsign" if is_ended else "dut_user_sign") | {
        "agreement_no": agreement.agreement_no,
        "external_agreement_no": agreement.external_agreement_no,
        "personal_product_code": "CYCLE_PAY_AUTH_P",
        "status": "UNSIGN" if is_ended else "NORMAL",
        "alipay_logon_id": "san***@example.com",
    }
    at = agreement.ended_at if is_ended else agreement.signed_at
    return form | {"unsign_time" if is_ended else "sign_time": beijing(at or town().now())}


def _freeze_form(operation: Operation) -> dict[str, str]:
    kind = "fund_auth_unfreeze" if operation.kind == "UNFREEZE" else "fund_auth_freeze"
    told = {name: str(value) for name, value in {**operation.fields, **operation.sums}.items()}
    payee = {"payee_user_id": seller_of(operation.freeze.app_id)}
    return {**_form(operation.freeze.app_id, kind), **payee, **told}

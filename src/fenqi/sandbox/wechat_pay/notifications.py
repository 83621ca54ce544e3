"""Notifications: encrypted for the merchant, signed anew at each sending, repeated until they are taken."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fenqi.sandbox import deliveries
from fenqi.sandbox.deliveries import Message, Protocol
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay.contracts import TERMINATED, Contract
from fenqi.sandbox.wechat_pay.orders import BEIJING, Order, Refund, State
from fenqi.sandbox.wechat_pay.signing import Signer, encrypted, seal

CHANNEL: Final = "wechat_pay"
_SIGNER: Final = "Sandbox-Signer"
"""Who signs each sending; kept with the message, never sent."""


def _sealed(headers: dict[str, str], body: bytes) -> dict[str, str]:
    signer = Signer(headers.pop(_SIGNER))
    return {**headers, **seal(body, signer)}


PROTOCOL: Final = Protocol(
    # 15s 15s 30s 3m 10m 20m 30m 30m 30m 60m 3h 3h 3h 6h 6h
    repeats_seconds=(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600),
    is_taken=lambda status, _text: status in {200, 204},
    sealed=_sealed,
)


def tell_of_order(order: Order) -> None:
    """Only success is told, and the failure of a debit under a contract."""
    event = "TRANSACTION.SUCCESS" if order.paid_at else "TRANSACTION.FAIL"
    _tell(order.out_trade_no, order.notify_url, event, "transaction", order_fields(order))


def tell_of_refund(refund: Refund) -> None:
    fields = {**refund_fields(refund), "mchid": refund.mchid, "refund_status": refund.status.value}
    del fields["status"]  # the interface calls it so, notifications by the longer name
    _tell(refund.out_refund_no, refund.notify_url, f"REFUND.{refund.status}", "refund", fields)


def tell_of_contract(contract: Contract) -> None:
    event = "PAPAY.TERMINATE" if contract.state == TERMINATED else "PAPAY.SIGN"
    _tell(contract.out_contract_code, contract.notify_url, event, "papay", contract_fields(contract))


def repeat(number: str) -> None:
    """Send the last notification about `number` once more, as it was."""
    deliveries.repeat(town(), channel=CHANNEL, number=number)


def pretend(order: Order, signer: Signer) -> None:
    """Claim that an order was paid, in everything but the signature."""
    paid = Order(
        **{
            **{name: getattr(order, name) for name in Order.__slots__},
            "state": State.SUCCESS,
            "paid_at": order.paid_at or town().now(),
        }
    )
    merchant = _merchant(order.mchid)
    deliveries.queue(
        town(),
        channel=CHANNEL,
        number=order.out_trade_no,
        url=order.notify_url,
        message=_message(merchant, "TRANSACTION.SUCCESS", "transaction", order_fields(paid), signer),
    )


def order_fields(order: Order) -> dict[str, object]:
    """An order as the query and the notification tell it."""
    fields: dict[str, object] = {
        "appid": order.appid,
        "mchid": order.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state.value,
        "trade_state_desc": _STATE_NAMES[order.state],
        "amount": {"total": order.total_fen, "currency": "CNY"},
    }
    if order.paid_at is None:
        return fields
    return {
        **fields,
        "transaction_id": order.transaction_id,
        "trade_type": order.trade_type,
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": instant(order.paid_at),
        "payer": {"openid": "oSandboxPayer0000000000000000"},
        "amount": {
            "total": order.total_fen,
            "payer_total": order.total_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def refund_fields(refund: Refund) -> dict[str, object]:
    """A refund as its call and its query tell it."""
    settled = {"success_time": instant(refund.settled_at)} if refund.settled_at else {}
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": refund.channel,
        "user_received_account": refund.account,
        "create_time": instant(refund.created_at),
        "status": refund.status.value,
        "amount": {
            "total": refund.total_fen,
            "refund": refund.amount_fen,
            "payer_total": refund.total_fen,
            "payer_refund": refund.amount_fen,
            "currency": "CNY",
        },
        **settled,
    }


def contract_fields(contract: Contract) -> dict[str, object]:
    signed = {"contract_signed_time": instant(contract.signed_at)} if contract.signed_at else {}
    ended = (
        {
            "contract_terminate_info": {
                "contract_termination_mode": "TERMINATED",
                "contract_terminated_time": instant(contract.ended_at),
            }
        }
        if contract.ended_at
        else {}
    )
    return {
        "mchid": contract.mchid,
        "appid": contract.appid,
        "contract_id": contract.contract_id,
        "plan_id": contract.plan_id,
        "out_contract_code": contract.out_contract_code,
        "contract_display_account": contract.display,
        "contract_state": contract.state,
        "openid": "oSandboxPayer0000000000000000",
        **signed,
        **ended,
    }


def instant(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).isoformat(timespec="seconds")


def _tell(number: str, url: str, event: str, kind: str, fields: Mapping[str, object]) -> None:
    merchant = _merchant(str(fields["mchid"]))

    def make(key: SigningKey) -> Message:
        signer = Signer.STRANGER if key is town().stranger_key else Signer(merchant["signs_with"])
        return _message(merchant, event, kind, fields, signer)

    deliveries.tell(town(), channel=CHANNEL, number=number, url=url, key=town().wechat_key, make=make)


def _message(merchant: Row, event: str, kind: str, fields: Mapping[str, object], signer: Signer) -> Message:
    content = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    notify_id = secrets.token_hex(18)
    body = {
        "id": notify_id,
        "create_time": instant(town().now()),
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "沙箱通知",
        "resource": {
            "original_type": kind,
            **encrypted(content, apiv3_key=merchant["apiv3_key"], associated_data=kind),
        },
    }
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Message(notify_id, written, "application/json", {_SIGNER: signer.value})


def _merchant(mchid: str) -> Row:
    merchant = town().store.row("SELECT * FROM wechat_merchant WHERE mchid = ?", mchid)
    assert merchant is not None  # only merchants order, and none is ever deleted
    return merchant


_STATE_NAMES: Final[Mapping[State, str]] = {
    State.NOTPAY: "订单未支付",
    State.SUCCESS: "支付成功",
    State.REFUND: "转入退款",
    State.CLOSED: "订单已关闭",
    State.PAYERROR: "支付失败",
}

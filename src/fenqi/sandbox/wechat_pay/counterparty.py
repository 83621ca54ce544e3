"""WeChat Pay as control sees it: orders and contracts by our numbers, and refunds."""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest

from fenqi.channels.wechat_pay.codes import WECHAT_PAY_CODES, WECHAT_PAY_DEBIT_CODES
from fenqi.sandbox import deliveries
from fenqi.sandbox.counterparty import Act, Counterparty, Listed, Refusal, text
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay import contracts, orders, settling
from fenqi.sandbox.wechat_pay.contracts import Contract
from fenqi.sandbox.wechat_pay.notifications import (
    CHANNEL,
    PROTOCOL,
    contract_fields,
    order_fields,
    pretend,
    refund_fields,
    repeat,
    tell_of_contract,
    tell_of_order,
)
from fenqi.sandbox.wechat_pay.orders import Order, Refund, RefundStatus
from fenqi.sandbox.wechat_pay.pages import REFUSALS
from fenqi.sandbox.wechat_pay.signing import PUBLIC_KEY_ID, Signer, certificate_serial

APIV3_KEY_BYTES: Final = 32
PLAN_ID: Final = 12535


def register(request: HttpRequest, body: Mapping[str, object]) -> dict[str, object]:
    """`{"mchid", "appid", "serial_no", "public_key", "apiv3_key", "signs_with"?}` -> our public key and its id, the
    serial number of our certificate, the plan of contracts, and the gateway; the same merchant again replaces it.

    `signs_with` is what notifications are signed with: `public_key`, or `certificate`.
    """
    public_key, apiv3_key = text(body, "public_key"), text(body, "apiv3_key")
    signs_with = Signer(str(body.get("signs_with") or Signer.PUBLIC_KEY.value))
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    if len(apiv3_key.encode()) != APIV3_KEY_BYTES:
        raise ValueError(f"apiv3_key must be {APIV3_KEY_BYTES} bytes")
    merchant = (text(body, "mchid"), text(body, "appid"), text(body, "serial_no"), public_key, apiv3_key)
    with town().store.change() as db:
        db.execute(
            "INSERT OR REPLACE INTO wechat_merchant VALUES (?, ?, ?, ?, ?, ?, ?)", (*merchant, PLAN_ID, signs_with)
        )
    return {
        "gateway": request.build_absolute_uri("/").rstrip("/"),
        "public_key_id": PUBLIC_KEY_ID,
        "public_key": town().wechat_key.public_pem,
        "certificate_serial": certificate_serial(),
        "plan_id": PLAN_ID,
    }


def _newest(limit: int) -> list[Listed]:
    made: list[tuple[float, Listed]] = [
        (order.created_at, _listed(order)) for order in orders.newest(town().store, limit)
    ]
    made += [(one.created_at, _listed_contract(one)) for one in contracts.newest(town().store, limit)]
    return [listed for _, listed in sorted(made, key=lambda one: one[0], reverse=True)[:limit]]


def _listed(order: Order) -> Listed:
    return Listed(
        number=order.out_trade_no,
        title=order.description,
        amount_fen=order.total_fen,
        status=f"{order.trade_type} {order.state}",
        link=f"/wechat/cashier/{order.cashier}",
        note=REFUSALS.get(order.refusal, ""),
    )


def _listed_contract(contract: Contract) -> Listed:
    return Listed(
        number=contract.out_contract_code,
        title=f"委托代扣：{contract.display}",
        amount_fen=contract.limit_fen,
        status=contract.state,
        link=f"/wechat/contract/{contract.page}",
    )


def _described(number: str) -> dict[str, object] | None:
    sent = deliveries.sent(town(), channel=CHANNEL, number=number)
    order = orders.with_number(town().store, number)
    if order is not None:
        return {
            **order_fields(order),
            "status": order.state.value,
            "refusal": order.refusal or None,
            "cashier": f"/wechat/cashier/{order.cashier}",
            "code_url": f"weixin://wxpay/bizpayurl?pr={order.cashier}",
            "refunds": [refund_fields(refund) for refund in orders.refunds_of(town().store, order)],
            "notifications": sent,
        }
    contract = contracts.with_number(town().store, number)
    if contract is None:
        return None
    page = f"/wechat/contract/{contract.page}"
    return {**contract_fields(contract), "status": contract.state, "cashier": page, "notifications": sent}


def _described_refund(number: str) -> dict[str, object] | None:
    refund = orders.refund_with_number(town().store, number)
    sent = deliveries.sent(town(), channel=CHANNEL, number=number)
    return {**refund_fields(refund), "notifications": sent} if refund else None


def _to_order(act: Callable[[Order], object], to_contract: Callable[[Contract], object] | None = None) -> Act:
    """An action on an order, and what it means for a contract, if anything."""

    def act_on(number: str) -> None:
        order = orders.with_number(town().store, number)
        contract = contracts.with_number(town().store, number) if order is None else None
        if order is not None:
            act(order)
        elif contract is not None and to_contract is not None:
            to_contract(contract)
        else:
            raise Refusal("ORDER_NOT_EXIST")

    return act_on


def _to_refund(status: RefundStatus, *, to_balance: bool = False) -> Act:
    def act_on(number: str) -> None:
        refund: Refund | None = orders.refund_with_number(town().store, number)
        if refund is None:
            raise Refusal("RESOURCE_NOT_EXISTS")
        settling.settle(refund, status, to_balance=to_balance)

    return act_on


def _pay(order: Order, *, even_if_closed: bool = False) -> None:
    tell_of_order(orders.pay(town().store, order, even_if_closed=even_if_closed))


def _refuse(order: Order) -> None:
    refused = orders.note_refusal(town().store, order, "NOTENOUGH")
    if refused.trade_type == "PAP":
        tell_of_order(refused)


def _sign(contract: Contract) -> None:
    tell_of_contract(contracts.sign(town().store, contract))


def _end(contract: Contract) -> None:
    tell_of_contract(contracts.end(town().store, contract))


def _no_order(_order: Order) -> None:
    raise Refusal("INVALID_REQUEST")


WECHAT_PAY: Final = Counterparty(
    channel=CHANNEL,
    title="微信支付",
    codes=frozenset(
        code for table in (WECHAT_PAY_CODES, WECHAT_PAY_DEBIT_CODES) for codes in table.values() for code in codes
    ),
    protocol=PROTOCOL,
    actions={
        "confirm": ("付款成功 / 签约", _to_order(_pay, _sign)),
        "refuse": ("余额不足", _to_order(_refuse)),
        "pay_late": ("关闭后又到账", _to_order(lambda order: _pay(order, even_if_closed=True))),
        "expire": ("过付款时限", _to_order(lambda order: orders.expire(town().store, order))),
        "end": ("付款人解约", _to_order(_no_order, _end)),
        "notify_again": (
            "重发通知",
            _to_order(lambda order: repeat(order.out_trade_no), lambda contract: repeat(contract.out_contract_code)),
        ),
        "forge": ("伪造通知", _to_order(lambda order: pretend(order, Signer.STRANGER))),
        "tamper": ("篡改的通知", _to_order(lambda order: pretend(order, Signer.OTHER_BODY))),
        "probe": ("签名探测", _to_order(lambda order: pretend(order, Signer.PROBE))),
    },
    refund_actions={
        "settle": ("退款到账", _to_refund(RefundStatus.SUCCESS)),
        "settle_to_balance": ("退到零钱", _to_refund(RefundStatus.SUCCESS, to_balance=True)),
        "fail": ("退款关闭", _to_refund(RefundStatus.CLOSED)),
        "abnormal": ("退款异常", _to_refund(RefundStatus.ABNORMAL)),
        "notify_again": ("重发通知", repeat),
    },
    newest=_newest,
    described=_described,
    moved="""SELECT out_trade_no AS number, CASE WHEN paid_at IS NULL THEN 0 ELSE total_fen END AS paid_fen,
        (SELECT coalesce(sum(amount_fen), 0) FROM wechat_refund r
         WHERE r.transaction_id = o.transaction_id AND status = 'SUCCESS') AS refunded_fen FROM wechat_order o""",
    described_refund=_described_refund,
    register=register,
)

"""The card gateway as control sees it."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest

from fenqi.channels.bank_card.codes import ACP_CODES, ISO8583_CODES
from fenqi.sandbox import deliveries
from fenqi.sandbox.bank_card import notifications, trades
from fenqi.sandbox.bank_card.certificates import SIGNER, certificates
from fenqi.sandbox.bank_card.messages import ISO_PREFIX
from fenqi.sandbox.bank_card.notifications import CHANNEL
from fenqi.sandbox.bank_card.trades import CAPTURE, DEBIT, DONE, FREEZE, PENDING, REFUND, Trade
from fenqi.sandbox.counterparty import Act, Counterparty, Listed, Refusal, text
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.town import town

CARDS_PAGE: Final = "/bank_card/cards"
TOKEN_REQUESTOR: Final = "62000000001"  # noqa: S105 - whose tokens they are, no secret
TITLES: Final[Mapping[str, str]] = {DEBIT: "银行卡扣款", FREEZE: "银行卡预授权", CAPTURE: "预授权完成"}
STATUS: Final[Mapping[str, str]] = {PENDING: "处理中", DONE: "成功"}


def register(request: HttpRequest, body: Mapping[str, object]) -> dict[str, object]:
    """`{"mer_id", "public_key"}` -> the number of the certificate that we vouch for the key with, and all that a
    merchant needs of us; the same merchant again replaces it.
    """
    mer_id, public_key = text(body, "mer_id"), text(body, "public_key")
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    cert_id = str(int.from_bytes(hashlib.sha256(public_key.encode()).digest()[:8]))
    with town().store.change() as db:
        db.execute(
            "INSERT OR REPLACE INTO card_merchant VALUES (?, ?, ?, ?)", (mer_id, cert_id, TOKEN_REQUESTOR, public_key)
        )
    return {
        "gateway": request.build_absolute_uri("/").rstrip("/"),
        "files": request.build_absolute_uri("/gateway/api/fileTransfer.do"),
        "cert_id": cert_id,
        "token_requestor": TOKEN_REQUESTOR,
        "root_cert": certificates().root_pem,
        "encryption_cert": certificates().encryption_pem,
        "signer": SIGNER,
    }


def _newest(limit: int) -> list[Listed]:
    return [
        Listed(
            number=trade.order_id,
            title=TITLES[trade.txn_type],
            amount_fen=trade.amount_fen,
            status=STATUS.get(trade.code, trade.code),
            link=CARDS_PAGE,
        )
        for trade in trades.newest(town().store, limit)
    ]


def _described(number: str) -> dict[str, object] | None:
    trade = trades.with_number(town().store, number)
    if trade is None or trade.txn_type == REFUND:
        return None
    if trade.txn_type == FREEZE:
        return {**_summary(trade), **trades.sums_of(town().store, trade), "notifications": _sent(trade)}
    refunds = [_summary(refund) for refund in trades.refunds_of(town().store, trade)]
    return {**_summary(trade), "refunds": refunds, "notifications": _sent(trade)}


def _described_refund(number: str) -> dict[str, object] | None:
    trade = trades.with_number(town().store, number, REFUND)
    return {**_summary(trade), "notifications": _sent(trade)} if trade else None


def _summary(trade: Trade) -> dict[str, object]:
    return {
        "number": trade.order_id,
        "query_id": trade.query_id,
        "amount_fen": trade.amount_fen,
        "status": "processing" if trade.is_pending else ("succeeded" if trade.is_done else "failed"),
        "code": trade.code,
    }


def _sent(trade: Trade) -> list[dict[str, object]]:
    return deliveries.sent(town(), channel=CHANNEL, number=trade.order_id)


def _settling(code: str, *, even_if_failed: bool = False) -> Act:
    return lambda number: notifications.tell(trades.settle(town().store, number, code, even_if_failed=even_if_failed))


def _sending_back(code: str) -> Act:
    return lambda number: notifications.tell(trades.send_back(town().store, number, code))


def _to_trade(act: Callable[[Trade], None]) -> Act:
    def act_on(number: str) -> None:
        trade = trades.with_number(town().store, number)
        if trade is None:
            raise Refusal("34")
        act(trade)

    return act_on


BANK_CARD = Counterparty(
    channel=CHANNEL,
    title="银行卡（银联全渠道）",
    codes=frozenset(code for codes in ACP_CODES.values() for code in codes)
    | {f"{ISO_PREFIX}{code}" for codes in ISO8583_CODES.values() for code in codes},
    protocol=notifications.PROTOCOL,
    actions={
        "confirm": ("成功", _settling(DONE)),
        "refuse": ("余额不足", _settling("64")),
        "pay_late": ("失败后又到账", _settling(DONE, even_if_failed=True)),
        "expire": ("过付款时限", _settling("69")),
        "lapse": ("银行自行解除预授权", lambda number: trades.lapse(town().store, number)),
        "notify_again": ("重发通知", _to_trade(notifications.repeat)),
        "forge": ("伪造通知", _to_trade(notifications.forge)),
        "tamper": ("篡改金额的通知", _to_trade(notifications.tamper)),
    },
    newest=_newest,
    described=_described,
    moved="""SELECT order_id AS number, CASE WHEN code = '00' THEN amount_fen ELSE 0 END AS paid_fen,
        (SELECT coalesce(sum(amount_fen), 0) FROM card_trade r
         WHERE r.original = t.query_id AND txn_type = '04' AND code = '00') AS refunded_fen
        FROM card_trade t WHERE txn_type IN ('01', '03')""",
    register=register,
    refund_actions={
        "settle": ("退款成功", _settling(DONE)),
        "fail": ("退款失败", _settling("60")),
        "abnormal": ("退款退不回卡", _sending_back("63")),
    },
    described_refund=_described_refund,
)

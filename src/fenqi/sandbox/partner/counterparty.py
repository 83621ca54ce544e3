"""The platform as control sees it."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest

from fenqi.channels.partner.codes import PARTNER_CODES
from fenqi.sandbox.counterparty import Act, Counterparty, Listed, Refusal, text
from fenqi.sandbox.deliveries import Protocol
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.partner import plans
from fenqi.sandbox.partner.plans import CHANNEL
from fenqi.sandbox.town import town


def register(request: HttpRequest, body: Mapping[str, object]) -> dict[str, object]:
    """`{"key_id", "public_key"}` -> our public key and address; the same merchant again replaces it."""
    key_id, public_key = text(body, "key_id"), text(body, "public_key")
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO partner_merchant VALUES (?, ?)", (key_id, public_key))
    return {"gateway": request.build_absolute_uri("/partner"), "public_key": town().partner_key.public_pem}


def _newest(limit: int) -> list[Listed]:
    return [
        Listed(
            number=plan["plan_no"],
            title=f"{plan['installments']} 期",
            amount_fen=plan["amount"],
            status=plans.described(town().store, plan)["state"],
            link=f"/partner/account/{plan['token']}",
        )
        for plan in town().store.rows("SELECT * FROM partner_plan ORDER BY opened_at DESC LIMIT ?", limit)
    ]


def _described(number: str) -> dict[str, object] | None:
    try:
        plan = plans.found(town().store, number)
    except Refusal:
        return None
    refunds = town().store.rows("SELECT * FROM partner_refund WHERE plan_no = ? ORDER BY accepted_at", number)
    return {
        **plans.described(town().store, plan),
        "page": f"/partner/account/{plan['token']}",
        "refunds": [plans.refund_fields(row) for row in refunds],
    }


def _described_refund(number: str) -> dict[str, object] | None:
    try:
        return plans.refund_fields(plans.found_refund(town().store, number))
    except Refusal:
        return None


def _rejecting(code: str) -> Act:
    return lambda number: plans.reject(town().store, number, code)


PARTNER: Final = Counterparty(
    channel=CHANNEL,
    title="合作分期平台（轻融分期）",
    codes=frozenset(code for codes in PARTNER_CODES.values() for code in codes),
    protocol=Protocol(repeats_seconds=(), is_taken=lambda _status, _text: True),
    actions={"repay": ("在平台还最近一期", lambda number: plans.repay_next(town().store, number))},
    newest=_newest,
    described=_described,
    register=register,
    moved="SELECT '' AS number, 0 AS paid_fen, 0 AS refunded_fen WHERE 0",  # no payment of the mall goes by it
    refund_actions={
        "settle": ("退款完成", lambda number: plans.settle(town().store, number)),
        "fail": ("退款被拒", _rejecting("REFUND_REJECTED")),
    },
    described_refund=_described_refund,
)

"""Agreements to later debits: offered on a page, signed by the payer, ended by either side.

A merchant that asks hears of an agreement only once it was signed. A debit must fit what was agreed: the sum of one,
the sum and the number of all, and the day, which a debit may precede by five days (no document says how many).
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay.biz import INVALID, Call, Fields
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

UNKNOWN: Final = "USER_AGREEMENT_NOT_EXIST"
PRODUCTS: Final = frozenset(["GENERAL_WITHHOLDING", "CYCLE_PAY_AUTH"])  # both are seen in the wild
PERSONAL_PRODUCT: Final = "CYCLE_PAY_AUTH_P"
ENTRANCES: Final = frozenset(["ALIPAYAPP", "QRCODE", "QRCODEORSMS"])
PERIODS: Final = frozenset(["DAY", "MONTH"])
LAST_DAY_OF_EVERY_MONTH: Final = 28
LONGEST_NUMBER: Final = 32
EARLIEST: Final = timedelta(days=5)


class Status(StrEnum):
    OFFERED = "OFFERED"
    """The payer has the page open; not a word of the protocol."""
    NORMAL = "NORMAL"
    STOP = "STOP"


@dataclass(frozen=True, slots=True)
class Terms:
    period_type: str
    period: int
    execute_on: date
    single_fen: int
    total_fen: int | None
    total_payments: int | None


@dataclass(frozen=True, slots=True)
class Agreement:
    agreement_no: str
    token: str
    app_id: str
    external_agreement_no: str
    terms: Terms
    status: Status
    notify_url: str
    return_url: str
    created_at: float
    signed_at: float | None = None
    ended_at: float | None = None

    @property
    def address(self) -> str:
        """Of its page."""
        return f"/alipay/agreement/{self.token}"


def offer(call: Call) -> Agreement:
    """The agreement whose page the payer opens; one offered before must have had the same terms."""
    if call.biz.get("personal_product_code") != PERSONAL_PRODUCT or call.biz.get("product_code") not in PRODUCTS:
        raise Refusal(INVALID)
    if protocol.part_of(call.biz, "access_params").get("channel") not in ENTRANCES:
        raise Refusal(INVALID)
    number = protocol.number_of(call.biz, "external_agreement_no")
    if len(number) > LONGEST_NUMBER:
        raise Refusal(INVALID)
    terms = _terms(protocol.part_of(call.biz, "period_rule_params"))
    with town().store.change() as db:
        row = db.execute(
            "SELECT * FROM alipay_agreement WHERE (app_id, external_agreement_no) = (?, ?)", (call.app_id, number)
        ).fetchone()
        if row is None:
            row = db.execute(
                "INSERT INTO alipay_agreement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL) RETURNING *",
                (
                    protocol.new_number("50")[:20],
                    secrets.token_urlsafe(18),
                    call.app_id,
                    number,
                    _written(terms),
                    Status.OFFERED,
                    call.notify_url,
                    call.return_url,
                    town().now(),
                ),
            ).fetchone()
    agreement = _read(row)
    if agreement.terms != terms or agreement.status is Status.STOP:
        raise Refusal("ACQ.CONTEXT_INCONSISTENT")
    return agreement


def sign(agreement: Agreement) -> Agreement:
    """The payer agrees."""
    if agreement.status is not Status.OFFERED:
        raise Refusal("ACQ.AGREEMENT_STATUS_NOT_NORMAL")
    return _saved(replace(agreement, status=Status.NORMAL, signed_at=town().now()))


def end(agreement: Agreement) -> Agreement:
    """The payer, or the merchant, ends it."""
    if agreement.status is not Status.NORMAL:
        raise Refusal(UNKNOWN)
    return _saved(replace(agreement, status=Status.STOP, ended_at=town().now()))


def check_debit(call: Call) -> str:
    """The number of the agreement that allows this debit."""
    agreement_no = str(protocol.part_of(call.biz, "agreement_params").get("agreement_no") or "")
    agreement = _one("(app_id, agreement_no) = (?, ?)", call.app_id, agreement_no)
    if agreement is None or agreement.status is Status.OFFERED:
        raise Refusal("ACQ.AGREEMENT_NOT_EXIST")
    if agreement.status is not Status.NORMAL:
        raise Refusal("ACQ.AGREEMENT_STATUS_NOT_NORMAL")
    terms, fen = agreement.terms, protocol.fen_of(call.biz.get("total_amount"))
    debited = town().store.row(
        "SELECT count(*) AS times, coalesce(sum(total_fen), 0) AS fen FROM alipay_trade"
        " WHERE agreement_no = ? AND paid_at IS NOT NULL AND out_trade_no <> ?",
        agreement_no,
        str(call.biz.get("out_trade_no")),
    )
    assert debited is not None  # an aggregate always has a row
    if fen > terms.single_fen:
        raise Refusal("ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED")
    if terms.total_fen is not None and debited["fen"] + fen > terms.total_fen:
        raise Refusal("ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED")
    if terms.total_payments is not None and debited["times"] >= terms.total_payments:
        raise Refusal("ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED")
    if protocol.today() < terms.execute_on - EARLIEST:
        raise Refusal("ACQ.CYCLE_PAY_DATE_NOT_MATCH")
    return agreement_no


def agreement_of(call: Call) -> Agreement:
    """The signed agreement that a call names by our number or the merchant's."""
    agreement_no, number = (str(call.biz.get(name) or "") for name in ("agreement_no", "external_agreement_no"))
    if not agreement_no and not number:
        raise Refusal(INVALID)
    column = "agreement_no" if agreement_no else "external_agreement_no"
    agreement = _one(f"(app_id, {column}) = (?, ?)", call.app_id, agreement_no or number)
    if agreement is None or agreement.status is Status.OFFERED:
        raise Refusal(UNKNOWN)
    return agreement


def agreement_at(token: str) -> Agreement | None:
    return _one("token = ?", token)


def with_number(number: str) -> Agreement | None:
    """For control, which looks over all applications."""
    return _one("external_agreement_no = ?", number)


def newest(limit: int) -> list[Agreement]:
    rows = town().store.rows("SELECT * FROM alipay_agreement ORDER BY created_at DESC LIMIT ?", limit)
    return [_read(row) for row in rows]


def described(agreement: Agreement) -> Fields:
    return {
        "agreement_no": agreement.agreement_no,
        "external_agreement_no": agreement.external_agreement_no,
        "status": agreement.status.value,
        "single_amount": protocol.yuan(agreement.terms.single_fen),
        "execute_time": agreement.terms.execute_on.isoformat(),
        "cashier": agreement.address,
    }


def _terms(rule: Mapping[str, object]) -> Terms:
    period = str(rule.get("period") or "")
    terms = Terms(
        period_type=str(rule.get("period_type")),
        period=int(period) if period.isdecimal() else 0,
        execute_on=protocol.day_of(rule.get("execute_time")),
        single_fen=protocol.fen_of(rule.get("single_amount")),
        total_fen=protocol.fen_of(rule["total_amount"]) if rule.get("total_amount") else None,
        total_payments=int(str(rule["total_payments"])) if rule.get("total_payments") else None,
    )
    if terms.period_type not in PERIODS or terms.period < 1 or terms.single_fen < 1:
        raise Refusal(INVALID)
    if terms.period_type == "MONTH" and terms.execute_on.day > LAST_DAY_OF_EVERY_MONTH:
        raise Refusal(INVALID)
    return terms


def _written(terms: Terms) -> str:
    return json.dumps(
        {
            "period_type": terms.period_type,
            "period": terms.period,
            "execute_on": terms.execute_on.isoformat(),
            "single_fen": terms.single_fen,
            "total_fen": terms.total_fen,
            "total_payments": terms.total_payments,
        }
    )


def _one(condition: str, *values: str) -> Agreement | None:
    row = town().store.row(f"SELECT * FROM alipay_agreement WHERE {condition}", *values)  # noqa: S608 - ours, never a caller's
    return _read(row) if row else None


def _read(row: Row) -> Agreement:
    terms = json.loads(row["terms"])
    terms["execute_on"] = date.fromisoformat(terms["execute_on"])
    return Agreement(**{**dict(row), "status": Status(row["status"]), "terms": Terms(**terms)})


def _saved(agreement: Agreement) -> Agreement:
    with town().store.change() as db:
        db.execute(
            "UPDATE alipay_agreement SET status = ?, signed_at = ?, ended_at = ? WHERE agreement_no = ?",
            (agreement.status, agreement.signed_at, agreement.ended_at, agreement.agreement_no),
        )
    return agreement

"""Freezes (预授权): INIT until the payer allows it, then released and captured in parts until nothing rests.

Always: frozen = released + captured + rest, by construction: the rest is what the operations left.
"""

import secrets
import sqlite3
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay.biz import INVALID, Call, Fields, beijing, yuan
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

PRODUCTS: Final = frozenset(["PREAUTH_PAY", "PRE_AUTH"])  # on-line, and in a shop
DEFAULT_WINDOW: Final = "15m"
LONGEST_WINDOW_SECONDS: Final = 15 * 24 * 3600
UNFREEZE, PAY = "UNFREEZE", "PAY"


class Status(StrEnum):
    INIT = "INIT"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Freeze:
    auth_no: str
    token: str
    app_id: str
    out_order_no: str
    out_request_no: str
    title: str
    amount_fen: int
    status: Status
    is_credit: bool
    notify_url: str
    product_code: str
    created_at: float
    expires_at: float
    released_fen: int = 0
    captured_fen: int = 0

    @property
    def frozen_fen(self) -> int:
        return self.amount_fen if self.status is Status.SUCCESS else 0

    @property
    def rest_fen(self) -> int:
        return self.frozen_fen - self.released_fen - self.captured_fen

    @property
    def yuan(self) -> str:
        return yuan(self.amount_fen)

    @property
    def address(self) -> str:
        """Of the page behind its code."""
        return f"/alipay/freeze/{self.token}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing done to a freeze; opening it is the first."""

    freeze: Freeze
    operation_id: str
    out_request_no: str
    kind: str
    amount_fen: int
    status: Status
    at: float

    @property
    def fields(self) -> Fields:
        """As answers and notifications tell it."""
        return {
            "auth_no": self.freeze.auth_no,
            "out_order_no": self.freeze.out_order_no,
            "operation_id": self.operation_id,
            "out_request_no": self.out_request_no,
            "operation_type": self.kind,
            "amount": yuan(self.amount_fen),
            "status": self.status.value,
            "gmt_trans": beijing(self.at),
            "pre_auth_type": "CREDIT_AUTH" if self.freeze.is_credit else "CASH_AUTH",
        }

    @property
    def sums(self) -> Fields:
        return {
            "total_freeze_amount": yuan(self.freeze.frozen_fen),
            "total_unfreeze_amount": yuan(self.freeze.released_fen),
            "total_pay_amount": yuan(self.freeze.captured_fen),
            "rest_amount": yuan(self.freeze.rest_fen),
        }


def offer(call: Call) -> Freeze:
    """The freeze whose code the payer will scan; the same request again is the same freeze."""
    product_code, amount_fen = str(call.biz.get("product_code")), protocol.fen_of(call.biz.get("amount"))
    window = protocol.span_seconds(call.biz.get("pay_timeout") or DEFAULT_WINDOW)
    number, request = (protocol.number_of(call.biz, name) for name in ("out_order_no", "out_request_no"))
    if product_code not in PRODUCTS or amount_fen < 1 or window > LONGEST_WINDOW_SECONDS:
        raise Refusal(INVALID)
    title = protocol.title_of(call.biz, "order_title")
    with town().store.change() as db:
        freeze = _find(db, "(app_id, out_order_no) = (?, ?)", call.app_id, number)
        if freeze is None:
            now = town().now()
            db.execute(
                "INSERT INTO alipay_freeze VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
                (
                    protocol.new_number("10002"),
                    secrets.token_urlsafe(18),
                    call.app_id,
                    number,
                    request,
                    title,
                    amount_fen,
                    Status.INIT,
                    call.notify_url,
                    product_code,
                    now,
                    now + window,
                ),
            )
            freeze = _find(db, "(app_id, out_order_no) = (?, ?)", call.app_id, number)
    assert freeze is not None  # found, or just stored
    if (freeze.amount_fen, freeze.title, freeze.out_request_no) != (amount_fen, title, request):
        raise Refusal("UNIQUE_VIOLATION")
    if freeze.status is not Status.INIT:
        raise Refusal("FREEZE_ALREADY_SUCCESS" if freeze.status is Status.SUCCESS else "ORDER_ALREADY_CLOSED")
    return freeze


def allow(freeze: Freeze, *, is_credit: bool = False) -> Operation:
    """The payer lets the sum be frozen, or Alipay vouches for it (信用免押)."""
    if freeze.status is not Status.INIT:
        raise Refusal("ORDER_ALREADY_CLOSED" if freeze.status is Status.CLOSED else "FREEZE_ALREADY_SUCCESS")
    return opening(_saved(replace(freeze, status=Status.SUCCESS, is_credit=is_credit)))


def close(freeze: Freeze) -> Freeze:
    """Control: the payer's window is over now."""
    if freeze.status is not Status.INIT:
        raise Refusal("ILLEGAL_STATUS")
    return _saved(replace(freeze, status=Status.CLOSED))


def lapse(freeze: Freeze) -> None:
    """Control: its life is over; what rests goes back without a word to the merchant."""
    if not freeze.rest_fen:
        raise Refusal("ILLEGAL_STATUS")
    with town().store.change() as db:
        _done(db, freeze, UNFREEZE, f"lapsed_{freeze.auth_no}", freeze.rest_fen)


def release(call: Call) -> Operation:
    number, amount_fen = protocol.number_of(call.biz, "out_request_no"), protocol.fen_of(call.biz.get("amount"))
    with town().store.change() as db:
        freeze = _allowed(db, call, unknown="AUTH_ORDER_NOT_EXIST", over="ORDER_ALREADY_FINISH", number=number)
        earlier = _operation(db, freeze, UNFREEZE, number)
        if earlier is not None:
            if earlier["amount_fen"] != amount_fen:
                raise Refusal("UNIQUE_VIOLATION")
            return _told(freeze, earlier)
        if not 0 < amount_fen <= freeze.rest_fen:
            raise Refusal("REQUEST_AMOUNT_EXCEED")
        return _done(db, freeze, UNFREEZE, number, amount_fen)


def check_capture(call: Call) -> Freeze:
    """The freeze that this payment is to be taken from."""
    number, amount_fen = protocol.number_of(call.biz, "out_trade_no"), protocol.fen_of(call.biz.get("total_amount"))
    with town().store.change() as db:
        freeze = _allowed(db, call, unknown="ACQ.AUTH_NO_ERROR", over="ACQ.AUTH_ORDER_HAS_FINISHED", number=number)
        if call.biz.get("product_code") != freeze.product_code:
            raise Refusal("ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT")
        if _operation(db, freeze, PAY, number) is None and amount_fen > freeze.rest_fen:
            raise Refusal("ACQ.AUTH_AMOUNT_NOT_ENOUGH")
        return freeze


def capture(freeze: Freeze, *, out_trade_no: str, amount_fen: int, completes: bool) -> Operation | None:
    """The payment is taken; `completes` releases what is left, and that release is returned."""
    with town().store.change() as db:
        freeze = _done(db, freeze, PAY, out_trade_no, amount_fen).freeze
        if not completes or not freeze.rest_fen:
            return None
        return _done(db, freeze, UNFREEZE, f"{out_trade_no}_rest", freeze.rest_fen)


def operation_of(call: Call) -> Operation:
    """What a query names: our auth_no and operation_id, or the merchant's two numbers."""
    auth_no, number = str(call.biz.get("auth_no") or ""), str(call.biz.get("out_order_no") or "")
    wanted = str(call.biz.get("operation_id") or call.biz.get("out_request_no") or "")
    column, value = ("auth_no", auth_no) if auth_no else ("out_order_no", number)
    with town().store.change() as db:
        freeze = _find(db, f"(app_id, {column}) = (?, ?)", call.app_id, value)
        if freeze is None:
            raise Refusal("AUTH_ORDER_NOT_EXIST")
        if wanted in {freeze.out_request_no, opening(freeze).operation_id}:
            return opening(freeze)
        row = db.execute(
            "SELECT * FROM alipay_freeze_operation WHERE auth_no = ? AND ? IN (out_request_no, operation_id)",
            (freeze.auth_no, wanted),
        ).fetchone()
        if row is None:
            raise Refusal("AUTH_OPERATION_NOT_EXIST")
        return _told(freeze, row)


def opening(freeze: Freeze) -> Operation:
    """The operation of opening it."""
    number, operation_id = freeze.out_request_no, f"{freeze.auth_no}00"
    return Operation(freeze, operation_id, number, "FREEZE", freeze.amount_fen, freeze.status, freeze.created_at)


def freeze_at(token: str) -> Freeze | None:
    with town().store.change() as db:
        return _find(db, "token = ?", token)


def with_number(number: str) -> Freeze | None:
    """For control, which looks over all applications."""
    with town().store.change() as db:
        return _find(db, "out_order_no = ?", number)


def newest(limit: int) -> list[Freeze]:
    with town().store.change() as db:
        rows = db.execute("SELECT * FROM alipay_freeze ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [_read(db, row) for row in rows]


def described(freeze: Freeze) -> Fields:
    first = opening(freeze)
    return {**first.fields, **first.sums, "subject": freeze.title, "cashier": freeze.address}


def _allowed(db: sqlite3.Connection, call: Call, *, unknown: str, over: str, number: str) -> Freeze:
    """The freeze of a call that takes something from it; what was done before may be asked for again at any time."""
    freeze = _find(db, "(app_id, auth_no) = (?, ?)", call.app_id, str(call.biz.get("auth_no") or ""))
    if freeze is None or freeze.status is Status.INIT:
        raise Refusal(unknown)
    is_repeat = any(_operation(db, freeze, kind, number) for kind in (UNFREEZE, PAY))
    if not is_repeat and (freeze.status is Status.CLOSED or not freeze.rest_fen):
        raise Refusal(over)
    return freeze


def _done(db: sqlite3.Connection, freeze: Freeze, kind: str, number: str, amount_fen: int) -> Operation:
    db.execute(
        "INSERT INTO alipay_freeze_operation VALUES (?, ?, ?, ?, ?, ?)",
        (protocol.new_number("10003"), freeze.auth_no, number, kind, amount_fen, town().now()),
    )
    after = _find(db, "auth_no = ?", freeze.auth_no)
    row = _operation(db, freeze, kind, number)
    assert after is not None and row is not None  # noqa: PT018 - both were just stored
    return _told(after, row)


def _told(freeze: Freeze, row: Row) -> Operation:
    number, kind = row["out_request_no"], row["kind"]
    return Operation(freeze, row["operation_id"], number, kind, row["amount_fen"], Status.SUCCESS, row["at"])


def _operation(db: sqlite3.Connection, freeze: Freeze, kind: str, number: str) -> Row | None:
    query = "SELECT * FROM alipay_freeze_operation WHERE (auth_no, kind, out_request_no) = (?, ?, ?)"
    found: Row | None = db.execute(query, (freeze.auth_no, kind, number)).fetchone()
    return found


def _find(db: sqlite3.Connection, condition: str, *values: str) -> Freeze | None:
    row = db.execute(f"SELECT * FROM alipay_freeze WHERE {condition}", values).fetchone()  # noqa: S608 - ours, never a caller's
    return _read(db, row) if row else None


def _read(db: sqlite3.Connection, row: Row) -> Freeze:
    """As it is now: one that nobody allowed closes after its window."""
    sums = dict(
        db.execute(
            "SELECT kind, sum(amount_fen) FROM alipay_freeze_operation WHERE auth_no = ? GROUP BY kind",
            (row["auth_no"],),
        ).fetchall()
    )
    freeze = Freeze(
        **{**dict(row), "status": Status(row["status"]), "is_credit": bool(row["is_credit"])},
        released_fen=sums.get(UNFREEZE, 0),
        captured_fen=sums.get(PAY, 0),
    )
    is_over = freeze.status is Status.INIT and freeze.expires_at <= town().now()
    return replace(freeze, status=Status.CLOSED) if is_over else freeze


def _saved(freeze: Freeze) -> Freeze:
    with town().store.change() as db:
        db.execute(
            "UPDATE alipay_freeze SET status = ?, is_credit = ? WHERE auth_no = ?",
            (freeze.status, freeze.is_credit, freeze.auth_no),
        )
    return freeze

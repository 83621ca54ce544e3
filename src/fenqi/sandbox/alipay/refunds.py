"""Refunds: the same number and amount once only, never more than was paid, within twelve months, three seconds apart.

Money that was paid from a bank card goes on to the bank, which takes its time and may send it back to the payer's
Alipay balance.
"""

import sqlite3
from dataclasses import dataclass, replace
from typing import Final

from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay import trades
from fenqi.sandbox.alipay.biz import Call, Fields, beijing, yuan
from fenqi.sandbox.alipay.trades import Source, Status, Trade
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.faults import Kind
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

PAUSE_SECONDS: Final = 3
"""Between two refunds of one trade, divided by the town's pace."""

TOO_SOON: Final = "ACQ.SYSTEM_ERROR"
"""Alipay's documents name the pause but no code: the one after which the same refund is sent again."""

BANK_SECONDS: Final = 3 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Refund:
    trade: Trade
    out_request_no: str
    amount_fen: int
    refunded_fen: int
    """Of all refunds of the trade so far."""
    accepted_at: float
    is_done: bool
    is_repeat: bool = False
    bank_failed: bool = False

    @property
    def bank_leg(self) -> Fields:
        """`deposit_back_info`: what became of the way to the payer's bank."""
        if self.trade.source is not Source.BANK_CARD:
            return {"has_deposit_back": "false"}
        arrives_at = self.accepted_at + BANK_SECONDS
        has_arrived = town().now() >= arrives_at
        leg: Fields = {
            "has_deposit_back": "true",
            "dback_status": "F" if self.bank_failed else "S" if has_arrived else "P",
            "dback_amount": yuan(self.amount_fen),
            "est_bank_receipt_time": beijing(arrives_at),
        }
        return leg | ({"bank_ack_time": beijing(arrives_at)} if has_arrived and not self.bank_failed else {})


def refund(call: Call) -> Refund:
    amount_fen = protocol.fen_of(call.biz.get("refund_amount"))
    with town().store.change() as db:
        trade = trades.named(db, call)
        number = str(call.biz.get("out_request_no") or "")
        refunded_fen = _refunded_fen(db, trade)
        if not number:  # without a number a refund is the whole trade, under the trade's own number
            if amount_fen != trade.total_fen:
                raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            number = trade.out_trade_no
        earlier = _row(db, trade, number)
        if earlier is not None:
            if earlier["amount_fen"] != amount_fen:
                raise Refusal("ACQ.DISCORDANT_REPEAT_REQUEST")
            return replace(_read(db, trade, earlier), is_repeat=True)
        _check(db, trade, amount_fen, refunded_fen)
        is_done = not call.suffers(Kind.PROCESSING)
        db.execute(
            "INSERT INTO alipay_refund VALUES (?, ?, ?, ?, ?, 0)",
            (trade.trade_no, number, amount_fen, town().now(), is_done),
        )
        return _read(db, _closed_if_all_went_back(db, trade), _row(db, trade, number))


def refund_of(call: Call) -> tuple[Trade, Refund | None]:
    with town().store.change() as db:
        trade = trades.named(db, call)
        row = _row(db, trade, str(call.biz.get("out_request_no") or trade.out_trade_no))
        return trade, _read(db, trade, row) if row else None


def with_number(out_request_no: str) -> Refund | None:
    """For control, which looks over all trades."""
    found = town().store.row(
        "SELECT t.out_trade_no FROM alipay_refund r JOIN alipay_trade t USING (trade_no)"
        " WHERE out_request_no = ? ORDER BY accepted_at DESC LIMIT 1",
        out_request_no,
    )
    trade = trades.with_number(found["out_trade_no"]) if found else None
    if trade is None:
        return None
    with town().store.change() as db:
        row = _row(db, trade, out_request_no)
        return _read(db, trade, row) if row else None


def settle(refund: Refund) -> None:
    """Control: the money of a refund in process moves now."""
    with town().store.change() as db:
        db.execute("UPDATE alipay_refund SET is_done = 1 WHERE (trade_no, out_request_no) = (?, ?)", _key(refund))
        _closed_if_all_went_back(db, refund.trade)


def fail(refund: Refund) -> None:
    """Control: a refund in process never was; one that was done is sent back by the payer's bank."""
    with town().store.change() as db:
        if not refund.is_done:
            db.execute("DELETE FROM alipay_refund WHERE (trade_no, out_request_no) = (?, ?)", _key(refund))
        elif refund.trade.source is Source.BANK_CARD:
            db.execute(
                "UPDATE alipay_refund SET bank_failed = 1 WHERE (trade_no, out_request_no) = (?, ?)", _key(refund)
            )
        else:
            raise Refusal("ACQ.TRADE_STATUS_ERROR")


def described(refund: Refund) -> Fields:
    return {
        "out_request_no": refund.out_request_no,
        "out_trade_no": refund.trade.out_trade_no,
        "refund_amount": yuan(refund.amount_fen),
        "is_done": refund.is_done,
        "deposit_back_info": refund.bank_leg,
    }


def _check(db: sqlite3.Connection, trade: Trade, amount_fen: int, refunded_fen: int) -> None:
    if trade.status is Status.TRADE_FINISHED:
        raise Refusal("ACQ.TRADE_HAS_FINISHED")
    if trade.status is Status.TRADE_CLOSED:
        raise Refusal("ACQ.TRADE_HAS_CLOSE")
    if trade.status is not Status.TRADE_SUCCESS:
        raise Refusal("ACQ.TRADE_STATUS_ERROR")
    if not 0 < amount_fen <= trade.total_fen - refunded_fen:
        raise Refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR")
    last = db.execute("SELECT max(accepted_at) FROM alipay_refund WHERE trade_no = ?", (trade.trade_no,)).fetchone()[0]
    if last is not None and (town().now() - last) * town().pace < PAUSE_SECONDS:
        raise Refusal(TOO_SOON)


def _closed_if_all_went_back(db: sqlite3.Connection, trade: Trade) -> Trade:
    query = "SELECT coalesce(sum(amount_fen), 0) FROM alipay_refund WHERE trade_no = ? AND is_done"
    if db.execute(query, (trade.trade_no,)).fetchone()[0] < trade.total_fen:
        return trade
    return trades.save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=town().now()))


def _read(db: sqlite3.Connection, trade: Trade, row: Row | None) -> Refund:
    assert row is not None  # looked up by the caller
    return Refund(
        trade=trade,
        out_request_no=row["out_request_no"],
        amount_fen=row["amount_fen"],
        refunded_fen=_refunded_fen(db, trade),
        accepted_at=row["accepted_at"],
        is_done=bool(row["is_done"]),
        bank_failed=bool(row["bank_failed"]),
    )


def _row(db: sqlite3.Connection, trade: Trade, number: str) -> Row | None:
    query = "SELECT * FROM alipay_refund WHERE trade_no = ? AND out_request_no = ?"
    found: Row | None = db.execute(query, (trade.trade_no, number)).fetchone()
    return found


def _refunded_fen(db: sqlite3.Connection, trade: Trade) -> int:
    query = "SELECT coalesce(sum(amount_fen), 0) FROM alipay_refund WHERE trade_no = ?"
    return int(db.execute(query, (trade.trade_no,)).fetchone()[0])


def _key(refund: Refund) -> tuple[str, str]:
    return refund.trade.trade_no, refund.out_request_no

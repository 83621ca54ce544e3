"""Trades in Alipay's real state machine; a Refusal is its code 40004 with that sub code.

WAIT_BUYER_PAY -> TRADE_SUCCESS -> TRADE_FINISHED (past the refund window) or TRADE_CLOSED (refunded in full);
WAIT_BUYER_PAY -> TRADE_CLOSED (closed, or its window ended).
"""

import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay.biz import LARGEST_FEN, Call, Fields, yuan
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

DEFAULT_WINDOW_SECONDS: Final = 15 * 24 * 3600
REFUND_WINDOW_SECONDS: Final = 365 * 24 * 3600


class Status(StrEnum):
    WAIT_BUYER_PAY = "WAIT_BUYER_PAY"
    TRADE_SUCCESS = "TRADE_SUCCESS"
    TRADE_FINISHED = "TRADE_FINISHED"
    TRADE_CLOSED = "TRADE_CLOSED"


class Source(StrEnum):
    """What the payer paid from: a refund goes back there, to a bank card by its bank."""

    BALANCE = "balance"
    BANK_CARD = "bank_card"


@dataclass(frozen=True, slots=True)
class Trade:
    trade_no: str
    cashier: str
    app_id: str
    out_trade_no: str
    subject: str
    total_fen: int
    status: Status
    notify_url: str
    return_url: str
    quit_url: str
    created_at: float
    expires_at: float
    paid_at: float | None = None
    closed_at: float | None = None
    refusal: str | None = None
    """The last reason the payer was refused for, as only the payer sees it."""
    source: Source = Source.BALANCE
    agreement_no: str = ""
    """Of the agreement it was debited under."""
    auth_no: str = ""
    """Of the freeze it was taken from."""

    @property
    def yuan(self) -> str:
        return yuan(self.total_fen)

    @property
    def address(self) -> str:
        """Of its cashier."""
        return f"/alipay/cashier/{self.cashier}"


def open_trade(call: Call, *, agreement_no: str = "", auth_no: str = "") -> tuple[Trade, bool]:
    """The trade of a call, and whether it is new; one opened before must have had the same parameters."""
    biz, now = call.biz, town().now()
    total_fen = protocol.fen_of(biz.get("total_amount"))
    if not 0 < total_fen <= LARGEST_FEN:
        raise Refusal("ACQ.TOTAL_FEE_EXCEED")
    wanted = Trade(
        trade_no=protocol.new_number("22001"),
        cashier=secrets.token_urlsafe(18),
        app_id=call.app_id,
        out_trade_no=protocol.number_of(biz, "out_trade_no"),
        subject=protocol.title_of(biz, "subject"),
        total_fen=total_fen,
        status=Status.WAIT_BUYER_PAY,
        notify_url=call.notify_url,
        return_url=call.return_url,
        quit_url=str(biz.get("quit_url") or call.return_url),
        created_at=now,
        expires_at=_window_end(biz, now),
        agreement_no=agreement_no,
        auth_no=auth_no,
    )
    with town().store.change() as db:
        trade = _find(db, wanted.app_id, wanted.out_trade_no)
        if trade is None:
            if wanted.expires_at <= now:
                raise Refusal("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
            _insert(db, wanted)
            return wanted, True
    if _terms(trade) != _terms(wanted):
        raise Refusal("ACQ.CONTEXT_INCONSISTENT")
    if trade.status is Status.TRADE_CLOSED:
        raise Refusal("ACQ.TRADE_HAS_CLOSE")
    return trade, False


def trade_of(call: Call) -> Trade:
    """The trade that a call names by `out_trade_no` or `trade_no`."""
    with town().store.change() as db:
        return named(db, call)


def trade_at(cashier: str) -> Trade | None:
    """The trade behind a cashier page."""
    with town().store.change() as db:
        return _current(db, db.execute("SELECT * FROM alipay_trade WHERE cashier = ?", (cashier,)).fetchone())


def pay(trade: Trade, *, source: Source = Source.BALANCE, even_if_closed: bool = False) -> Trade:
    """The payer confirms. Control may let money come in after the close."""
    with town().store.change() as db:
        trade = again(db, trade)
        if trade.status is Status.TRADE_CLOSED and trade.paid_at is None and even_if_closed:
            trade = replace(trade, status=Status.WAIT_BUYER_PAY, closed_at=None)
        if trade.status is Status.TRADE_CLOSED:
            raise Refusal("ACQ.TRADE_HAS_CLOSE")
        if trade.status is not Status.WAIT_BUYER_PAY:
            raise Refusal("ACQ.TRADE_HAS_SUCCESS")
        paid = replace(trade, status=Status.TRADE_SUCCESS, paid_at=town().now(), source=source, refusal=None)
        return save(db, paid)


def note_refusal(trade: Trade, code: str) -> None:
    """The payer could not pay: the trade stays open, and the merchant hears nothing, as with the real cashier."""
    with town().store.change() as db:
        save(db, replace(again(db, trade), refusal=code))


def close(call: Call) -> Trade:
    with town().store.change() as db:
        trade = named(db, call)
        if trade.status is not Status.WAIT_BUYER_PAY:
            raise Refusal("ACQ.TRADE_STATUS_ERROR")
        return save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=town().now()))


def expire(trade: Trade) -> Trade:
    """Control: the payer's window is over now."""
    with town().store.change() as db:
        trade = save(db, replace(again(db, trade), expires_at=town().now()))
        return again(db, trade)


def finish(trade: Trade) -> Trade:
    """Control: twelve months have passed, nothing can be refunded any more."""
    with town().store.change() as db:
        trade = again(db, trade)
        if trade.status is not Status.TRADE_SUCCESS:
            raise Refusal("ACQ.TRADE_STATUS_ERROR")
        return save(db, replace(trade, status=Status.TRADE_FINISHED))


def described(trade: Trade) -> Fields:
    """For the control page and its API."""
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "subject": trade.subject,
        "total_amount": trade.yuan,
        "status": trade.status.value,
        "refusal": trade.refusal,
        "created_at": datetime.fromtimestamp(trade.created_at, UTC).isoformat(),
        "cashier": trade.address,
    }


def newest(limit: int) -> list[Trade]:
    with town().store.change() as db:
        rows = db.execute("SELECT * FROM alipay_trade ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [trade for trade in (_current(db, row) for row in rows) if trade is not None]


def with_number(out_trade_no: str) -> Trade | None:
    """For control, which looks over all applications."""
    with town().store.change() as db:
        row = db.execute("SELECT * FROM alipay_trade WHERE out_trade_no = ? LIMIT 1", (out_trade_no,)).fetchone()
        return _current(db, row)


def named(db: sqlite3.Connection, call: Call) -> Trade:
    out_trade_no, trade_no = str(call.biz.get("out_trade_no") or ""), str(call.biz.get("trade_no") or "")
    if not out_trade_no and not trade_no:
        raise Refusal(protocol.INVALID)
    found = db.execute(
        "SELECT * FROM alipay_trade WHERE app_id = ? AND (trade_no = ? OR (? = '' AND out_trade_no = ?))",
        (call.app_id, trade_no, trade_no, out_trade_no),
    ).fetchone()
    trade = _current(db, found)
    if trade is None:
        raise Refusal("ACQ.TRADE_NOT_EXIST")
    return trade


def again(db: sqlite3.Connection, trade: Trade) -> Trade:
    """The trade as it is now, inside a transaction."""
    current = _current(db, db.execute("SELECT * FROM alipay_trade WHERE trade_no = ?", (trade.trade_no,)).fetchone())
    assert current is not None  # trades are never deleted
    return current


def save(db: sqlite3.Connection, trade: Trade) -> Trade:
    db.execute(
        "UPDATE alipay_trade SET status = :status, paid_at = :paid_at, closed_at = :closed_at,"
        " expires_at = :expires_at, refusal = :refusal, source = :source WHERE trade_no = :trade_no",
        asdict(trade),
    )
    return trade


def _terms(trade: Trade) -> tuple[object, ...]:
    return trade.total_fen, trade.subject, trade.agreement_no, trade.auth_no


def _window_end(biz: Fields, now: float) -> float:
    """By `time_expire`, else `timeout_express` such as 90m, else fifteen days."""
    if biz.get("time_expire"):
        return protocol.instant_of(biz["time_expire"])
    if biz.get("timeout_express"):
        return now + protocol.span_seconds(biz["timeout_express"])
    return now + DEFAULT_WINDOW_SECONDS


def _find(db: sqlite3.Connection, app_id: str, out_trade_no: str) -> Trade | None:
    query = "SELECT * FROM alipay_trade WHERE app_id = ? AND out_trade_no = ?"
    return _current(db, db.execute(query, (app_id, out_trade_no)).fetchone())


def _current(db: sqlite3.Connection, row: Row | None) -> Trade | None:
    """The trade of a row as it is now: unpaid it closes after its window, paid it finishes after twelve months."""
    if row is None:
        return None
    trade = Trade(**{**dict(row), "status": Status(row["status"]), "source": Source(row["source"])})
    now = town().now()
    if trade.status is Status.WAIT_BUYER_PAY and trade.expires_at <= now:
        return save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=trade.expires_at))
    if trade.status is Status.TRADE_SUCCESS and trade.paid_at and trade.paid_at + REFUND_WINDOW_SECONDS < now:
        return save(db, replace(trade, status=Status.TRADE_FINISHED))
    return trade


def _insert(db: sqlite3.Connection, trade: Trade) -> None:
    db.execute(
        "INSERT INTO alipay_trade VALUES (:trade_no, :cashier, :app_id, :out_trade_no, :subject, :total_fen, :status,"
        " :notify_url, :return_url, :quit_url, :created_at, :expires_at, :paid_at, :closed_at, :refusal,"
        " :source, :agreement_no, :auth_no)",
        asdict(trade),
    )

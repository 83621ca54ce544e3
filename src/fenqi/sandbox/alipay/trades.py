"""Trades and refunds in Alipay's real state machine; a Refusal is its code 40004 with that sub code.

WAIT_BUYER_PAY -> TRADE_SUCCESS -> TRADE_FINISHED (past the refund window) or TRADE_CLOSED (refunded in full);
WAIT_BUYER_PAY -> TRADE_CLOSED (closed, or its window ended).
"""

import json
import re
import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

BEIJING: Final = timezone(timedelta(hours=8))
DEFAULT_WINDOW_SECONDS: Final = 15 * 24 * 3600
LARGEST_FEN: Final = 100_000_000_00

_YUAN: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
_SUBJECT: Final = re.compile(r"[^/=&]{1,256}")
_OUT_TRADE_NO: Final = re.compile(r"[0-9A-Za-z_]{1,64}")


class Status(StrEnum):
    WAIT_BUYER_PAY = "WAIT_BUYER_PAY"
    TRADE_SUCCESS = "TRADE_SUCCESS"
    TRADE_FINISHED = "TRADE_FINISHED"
    TRADE_CLOSED = "TRADE_CLOSED"


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
    paid_at: float | None
    closed_at: float | None
    refusal: str | None
    """The last reason the payer was refused for, as only the payer sees it."""

    @property
    def yuan(self) -> str:
        return yuan(self.total_fen)

    @property
    def address(self) -> str:
        """Of its cashier."""
        return f"/alipay/cashier/{self.cashier}"


@dataclass(frozen=True, slots=True)
class Refund:
    trade: Trade
    out_request_no: str
    amount_fen: int
    refunded_fen: int
    """Of all refunds of the trade so far."""
    refunded_at: float
    is_repeat: bool


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def fen_of(text: object) -> int:
    """Fen of a yuan text. Raises Refusal for anything that is not an amount of this protocol."""
    if not isinstance(text, str) or _YUAN.fullmatch(text) is None:
        raise Refusal("ACQ.INVALID_PARAMETER")
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def beijing(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def open_trade(store: Store, *, app_id: str, biz: dict[str, object], notify_url: str, return_url: str) -> Trade:
    """The trade of a payer who enters the cashier; opened now, or the one opened before with the same parameters."""
    out_trade_no, subject = biz.get("out_trade_no"), biz.get("subject")
    if not isinstance(out_trade_no, str) or _OUT_TRADE_NO.fullmatch(out_trade_no) is None:
        raise Refusal("ACQ.INVALID_PARAMETER")
    if not isinstance(subject, str) or _SUBJECT.fullmatch(subject) is None:
        raise Refusal("ACQ.INVALID_PARAMETER")
    total_fen = fen_of(biz.get("total_amount"))
    if not 0 < total_fen <= LARGEST_FEN:
        raise Refusal("ACQ.TOTAL_FEE_EXCEED")
    now = town().now()
    wanted = Trade(
        trade_no=f"{datetime.fromtimestamp(now, BEIJING):%Y%m%d}22001{secrets.randbelow(10**15):015}",
        cashier=secrets.token_urlsafe(18),
        app_id=app_id,
        out_trade_no=out_trade_no,
        subject=subject,
        total_fen=total_fen,
        status=Status.WAIT_BUYER_PAY,
        notify_url=notify_url,
        return_url=return_url,
        quit_url=str(biz.get("quit_url") or return_url),
        created_at=now,
        expires_at=_window_end(biz, now),
        paid_at=None,
        closed_at=None,
        refusal=None,
    )
    with store.change() as db:
        trade = _find(db, app_id, out_trade_no)
        if trade is None:
            if wanted.expires_at <= now:
                raise Refusal("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
            _insert(db, wanted)
            return wanted
    if (trade.total_fen, trade.subject) != (total_fen, subject):
        raise Refusal("ACQ.CONTEXT_INCONSISTENT")
    if trade.status is Status.TRADE_CLOSED:
        raise Refusal("ACQ.TRADE_HAS_CLOSE")
    return trade


def trade_of(store: Store, *, app_id: str, biz: dict[str, object]) -> Trade:
    """The trade that a call names by `out_trade_no` or `trade_no`. Raises Refusal."""
    with store.change() as db:
        return _named(db, app_id, biz)


def trade_at(store: Store, cashier: str) -> Trade | None:
    """The trade behind a cashier page."""
    with store.change() as db:
        return _current(db, db.execute("SELECT * FROM alipay_trade WHERE cashier = ?", (cashier,)).fetchone())


def pay(store: Store, trade: Trade, *, even_if_closed: bool = False) -> Trade:
    """The payer confirms. Raises Refusal, except that control may let money come in after the close."""
    with store.change() as db:
        trade = _again(db, trade)
        if trade.status is Status.TRADE_CLOSED and trade.paid_at is None and even_if_closed:
            trade = replace(trade, status=Status.WAIT_BUYER_PAY, closed_at=None)
        if trade.status is Status.TRADE_CLOSED:
            raise Refusal("ACQ.TRADE_HAS_CLOSE")
        if trade.status is not Status.WAIT_BUYER_PAY:
            raise Refusal("ACQ.TRADE_HAS_SUCCESS")
        return _save(db, replace(trade, status=Status.TRADE_SUCCESS, paid_at=town().now(), refusal=None))


def note_refusal(store: Store, trade: Trade, code: str) -> None:
    """The payer could not pay: the trade stays open, and the merchant hears nothing, as with the real cashier."""
    with store.change() as db:
        _save(db, replace(_again(db, trade), refusal=code))


def close(store: Store, *, app_id: str, biz: dict[str, object]) -> Trade:
    with store.change() as db:
        trade = _named(db, app_id, biz)
        if trade.status is not Status.WAIT_BUYER_PAY:
            raise Refusal("ACQ.TRADE_STATUS_ERROR")
        return _save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=town().now()))


def expire(store: Store, trade: Trade) -> Trade:
    """Control: the payer's window is over now."""
    with store.change() as db:
        trade = _save(db, replace(_again(db, trade), expires_at=town().now()))
        return _again(db, trade)


def finish(store: Store, trade: Trade) -> Trade:
    """Control: twelve months have passed, nothing can be refunded any more."""
    with store.change() as db:
        trade = _again(db, trade)
        if trade.status is not Status.TRADE_SUCCESS:
            raise Refusal("ACQ.TRADE_STATUS_ERROR")
        return _save(db, replace(trade, status=Status.TRADE_FINISHED))


def refund(store: Store, *, app_id: str, biz: dict[str, object]) -> Refund:
    """Give money back; the same number and amount once only. Raises Refusal."""
    amount_fen = fen_of(biz.get("refund_amount"))
    with store.change() as db:
        trade = _named(db, app_id, biz)
        number = str(biz.get("out_request_no") or "")
        refunded_fen = _refunded_fen(db, trade)
        if not number:  # without a number a refund is the whole trade, under the trade's own number
            if amount_fen != trade.total_fen:
                raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            number = trade.out_trade_no
        earlier = _refund(db, trade, number)
        if earlier is not None:
            if earlier["amount_fen"] != amount_fen:
                raise Refusal("ACQ.DISCORDANT_REPEAT_REQUEST")
            return Refund(trade, number, amount_fen, refunded_fen, earlier["refunded_at"], is_repeat=True)
        _check_refundable(trade, amount_fen, refunded_fen)
        now = town().now()
        db.execute("INSERT INTO alipay_refund VALUES (?, ?, ?, ?)", (trade.trade_no, number, amount_fen, now))
        if refunded_fen + amount_fen == trade.total_fen:
            trade = _save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=now))
        return Refund(trade, number, amount_fen, refunded_fen + amount_fen, now, is_repeat=False)


def refund_of(store: Store, *, app_id: str, biz: dict[str, object]) -> tuple[Trade, Row | None]:
    with store.change() as db:
        trade = _named(db, app_id, biz)
        return trade, _refund(db, trade, str(biz.get("out_request_no") or trade.out_trade_no))


def _check_refundable(trade: Trade, amount_fen: int, refunded_fen: int) -> None:
    if trade.status is Status.TRADE_FINISHED:
        raise Refusal("ACQ.TRADE_HAS_FINISHED")
    if trade.status is Status.TRADE_CLOSED:
        raise Refusal("ACQ.TRADE_HAS_CLOSE")
    if trade.status is not Status.TRADE_SUCCESS:
        raise Refusal("ACQ.TRADE_STATUS_ERROR")
    if not 0 < amount_fen <= trade.total_fen - refunded_fen:
        raise Refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR")


def _window_end(biz: dict[str, object], now: float) -> float:
    """By `time_expire`, else `timeout_express` such as 90m, else fifteen days."""
    absolute, relative = biz.get("time_expire"), biz.get("timeout_express")
    if absolute:
        try:
            naive = datetime.strptime(str(absolute), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Beijing time, on the next line
        except ValueError:
            raise Refusal("ACQ.INVALID_PARAMETER") from None
        return naive.replace(tzinfo=BEIJING).timestamp()
    if relative:
        match = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", str(relative))
        if match is None:
            raise Refusal("ACQ.INVALID_PARAMETER")
        return now + int(match[1]) * {"m": 60, "h": 3600, "d": 86400}[match[2]]
    return now + DEFAULT_WINDOW_SECONDS


def _named(db: sqlite3.Connection, app_id: str, biz: dict[str, object]) -> Trade:
    out_trade_no, trade_no = str(biz.get("out_trade_no") or ""), str(biz.get("trade_no") or "")
    if not out_trade_no and not trade_no:
        raise Refusal("ACQ.INVALID_PARAMETER")
    found = db.execute(
        "SELECT * FROM alipay_trade WHERE app_id = ? AND (trade_no = ? OR (? = '' AND out_trade_no = ?))",
        (app_id, trade_no, trade_no, out_trade_no),
    ).fetchone()
    trade = _current(db, found)
    if trade is None:
        raise Refusal("ACQ.TRADE_NOT_EXIST")
    return trade


def _find(db: sqlite3.Connection, app_id: str, out_trade_no: str) -> Trade | None:
    row = db.execute(
        "SELECT * FROM alipay_trade WHERE app_id = ? AND out_trade_no = ?", (app_id, out_trade_no)
    ).fetchone()
    return _current(db, row)


def _again(db: sqlite3.Connection, trade: Trade) -> Trade:
    current = _current(db, db.execute("SELECT * FROM alipay_trade WHERE trade_no = ?", (trade.trade_no,)).fetchone())
    assert current is not None  # trades are never deleted
    return current


def _current(db: sqlite3.Connection, row: Row | None) -> Trade | None:
    """The trade of a row as it is now: an unpaid one whose window is over closes by itself."""
    if row is None:
        return None
    trade = Trade(**{**dict(row), "status": Status(row["status"])})
    if trade.status is Status.WAIT_BUYER_PAY and trade.expires_at <= town().now():
        return _save(db, replace(trade, status=Status.TRADE_CLOSED, closed_at=trade.expires_at))
    return trade


def _insert(db: sqlite3.Connection, trade: Trade) -> None:
    db.execute(
        "INSERT INTO alipay_trade VALUES (:trade_no, :cashier, :app_id, :out_trade_no, :subject, :total_fen, :status,"
        " :notify_url, :return_url, :quit_url, :created_at, :expires_at, :paid_at, :closed_at, :refusal)",
        asdict(trade),
    )


def _save(db: sqlite3.Connection, trade: Trade) -> Trade:
    db.execute(
        "UPDATE alipay_trade SET status = ?, paid_at = ?, closed_at = ?, expires_at = ?, refusal = ?"
        " WHERE trade_no = ?",
        (trade.status, trade.paid_at, trade.closed_at, trade.expires_at, trade.refusal, trade.trade_no),
    )
    return trade


def _refund(db: sqlite3.Connection, trade: Trade, number: str) -> Row | None:
    found: Row | None = db.execute(
        "SELECT * FROM alipay_refund WHERE trade_no = ? AND out_request_no = ?", (trade.trade_no, number)
    ).fetchone()
    return found


def _refunded_fen(db: sqlite3.Connection, trade: Trade) -> int:
    row = db.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM alipay_refund WHERE trade_no = ?", (trade.trade_no,)
    ).fetchone()
    return int(row[0])


def described(trade: Trade) -> dict[str, object]:
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


def newest(store: Store, limit: int = 100) -> list[Trade]:
    with store.change() as db:
        rows = db.execute("SELECT * FROM alipay_trade ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [trade for trade in (_current(db, row) for row in rows) if trade is not None]


def with_number(store: Store, out_trade_no: str) -> Trade | None:
    """For control, which looks over all applications."""
    with store.change() as db:
        row = db.execute("SELECT * FROM alipay_trade WHERE out_trade_no = ? LIMIT 1", (out_trade_no,)).fetchone()
        return _current(db, row)


def read_biz(text: str) -> dict[str, object]:
    """The biz_content of a call. Raises Refusal."""
    try:
        biz = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise Refusal("ACQ.INVALID_PARAMETER") from None
    if not isinstance(biz, dict):
        raise Refusal("ACQ.INVALID_PARAMETER")
    return biz

"""Debits and refunds in the back: accepted at once, decided by the bank a moment later.

`code` says where a trade stands: 05 while it is not decided, 00 done, 04 or 74 never clear, else why it failed.
"""

import re
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Final

from fenqi.sandbox.bank_card import cards
from fenqi.sandbox.bank_card.messages import Fields, beijing, fingerprint, instant
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Store
from fenqi.sandbox.town import town

DEBIT, REFUND = "01", "04"
PENDING, DONE = "05", "00"
DECIDED_AFTER_SECONDS: Final = 0.2
REFUND_SECONDS: Final = 335 * 86_400
"""Eleven months, of the longer kind."""

_FEN: Final = re.compile(r"[1-9][0-9]{0,11}")
_ORDER_ID: Final = re.compile(r"[0-9A-Za-z]{8,40}")


@dataclass(frozen=True, slots=True)
class Trade:
    query_id: str
    mer_id: str
    order_id: str
    txn_time: str
    txn_type: str
    parameters: str
    card: str
    amount_fen: int
    code: str
    original: str
    """The query id of the debit that a refund belongs to."""
    reserved: str
    back_url: str
    created_at: float
    due_at: float | None
    """When the bank decides; None when it never does by itself."""
    decided_at: float | None

    @property
    def is_done(self) -> bool:
        return self.code == DONE

    @property
    def is_pending(self) -> bool:
        return self.code == PENDING

    @property
    def trace_no(self) -> str:
        return self.query_id[-6:]

    @property
    def trace_time(self) -> str:
        return f"{beijing(self.decided_at or self.created_at):%m%d%H%M%S}"


def debit(store: Store, mer_id: str, fields: Fields, *, stays_pending: bool) -> tuple[Trade, bool]:
    """Accept a debit, and whether it is new. Raises Refusal."""
    amount_fen = _amount(fields)
    if instant(fields.get("payTimeout", "")) <= instant(fields["txnTime"]):
        raise Refusal("10")
    with store.change() as db:
        earlier = _same(db, mer_id, fields)
        if earlier is not None:
            return earlier, False
        card = cards.card_behind(db, mer_id, fields)
        trade = _new(mer_id, fields, card=card, amount_fen=amount_fen, original="", stays_pending=stays_pending)
        _insert(db, trade)
        return trade, True


def refund(store: Store, mer_id: str, fields: Fields, *, stays_pending: bool) -> tuple[Trade, bool]:
    """Accept a refund, and whether it is new. Raises Refusal.

    35: no such payment, or one that is older than eleven months, which the gateway finds no more; 45: all of it went
    back already; 36: more than what is left does not match the original.
    """
    amount_fen = _amount(fields)
    with store.change() as db:
        earlier = _same(db, mer_id, fields)
        if earlier is not None:
            return earlier, False
        original = _find(db, "query_id", fields.get("origQryId", ""))
        if original is None or (original.mer_id, original.txn_type, original.code) != (mer_id, DEBIT, DONE):
            raise Refusal("35")
        if town().now() - (original.decided_at or 0) > REFUND_SECONDS:
            raise Refusal("35")
        left_fen = original.amount_fen - _refunded_fen(db, original)
        if left_fen == 0:
            raise Refusal("45")
        if amount_fen > left_fen:
            raise Refusal("36")
        trade = _new(
            mer_id,
            fields,
            card=original.card,
            amount_fen=amount_fen,
            original=original.query_id,
            stays_pending=stays_pending,
        )
        _insert(db, trade)
        return trade, True


def decide(store: Store, query_id: str) -> Trade | None:
    """Let the bank decide what is due; None when there was nothing to decide."""
    with store.change() as db:
        trade = _find(db, "query_id", query_id)
        if trade is None or not trade.is_pending or trade.due_at is None:
            return None
        if trade.txn_type == REFUND:
            cards.put(db, trade.card, trade.amount_fen)
            code = DONE
        else:
            code = cards.debit_code(db, trade.card, trade.amount_fen)
        return _decided(db, trade, code)


def settle(store: Store, order_id: str, code: str, *, even_if_failed: bool = False) -> Trade:
    """Control: end a trade with this code, whatever the bank would say. Raises Refusal."""
    with store.change() as db:
        trade = _find(db, "order_id", order_id)
        if trade is None or trade.is_done or not (trade.is_pending or even_if_failed):
            raise Refusal("36")
        if code == DONE:
            cards.put(db, trade.card, trade.amount_fen if trade.txn_type == REFUND else -trade.amount_fen)
        return _decided(db, trade, code)


def send_back(store: Store, order_id: str, code: str) -> Trade:
    """Control: the payer's bank could not take a refund, even one that had succeeded. Raises Refusal."""
    with store.change() as db:
        trade = _find(db, "order_id", order_id)
        if trade is None or trade.txn_type != REFUND:
            raise Refusal("35")
        if trade.is_done:
            cards.put(db, trade.card, -trade.amount_fen)
        return _decided(db, trade, code)


def with_number(store: Store, order_id: str, txn_type: str | None = None) -> Trade | None:
    with store.change() as db:
        trade = _find(db, "order_id", order_id)
        return trade if trade and txn_type in {None, trade.txn_type} else None


def asked_for(store: Store, mer_id: str, fields: Fields) -> Trade:
    """The trade that a query names, by number and time. Raises Refusal: 34, no such trade."""
    trade = with_number(store, fields["orderId"])
    if trade is None or (trade.mer_id, trade.txn_time) != (mer_id, fields["txnTime"]):
        raise Refusal("34")
    return trade


def original_of(store: Store, trade: Trade) -> Trade | None:
    with store.change() as db:
        return _find(db, "query_id", trade.original) if trade.original else None


def overdue(store: Store) -> list[str]:
    """What the bank should have decided by now: after a restart nobody waits for it any more."""
    rows = store.rows(
        "SELECT query_id FROM card_trade WHERE code = ? AND due_at <= ?", PENDING, town().now() - DECIDED_AFTER_SECONDS
    )
    return [row["query_id"] for row in rows]


def newest(store: Store, limit: int) -> list[Trade]:
    rows = store.rows("SELECT * FROM card_trade WHERE txn_type = ? ORDER BY created_at DESC LIMIT ?", DEBIT, limit)
    return [Trade(**dict(row)) for row in rows]


def done_between(store: Store, mer_id: str, since: float, until: float) -> list[Trade]:
    rows = store.rows(
        "SELECT * FROM card_trade WHERE mer_id = ? AND code = ? AND decided_at >= ? AND decided_at < ?"
        " ORDER BY decided_at",
        mer_id,
        DONE,
        since,
        until,
    )
    return [Trade(**dict(row)) for row in rows]


def refunds_of(store: Store, trade: Trade) -> list[Trade]:
    rows = store.rows("SELECT * FROM card_trade WHERE original = ? ORDER BY created_at", trade.query_id)
    return [Trade(**dict(row)) for row in rows]


def _new(mer_id: str, fields: Fields, *, card: str, amount_fen: int, original: str, stays_pending: bool) -> Trade:
    now = town().now()
    return Trade(
        query_id=f"{beijing(now):%Y%m%d%H%M%S}{secrets.randbelow(10**7):07}",
        mer_id=mer_id,
        order_id=fields["orderId"],
        txn_time=fields["txnTime"],
        txn_type=fields["txnType"],
        parameters=fingerprint(fields),
        card=card,
        amount_fen=amount_fen,
        code=PENDING,
        original=original,
        reserved=fields.get("reqReserved", ""),
        back_url=fields.get("backUrl", ""),
        created_at=now,
        due_at=None if stays_pending else now + DECIDED_AFTER_SECONDS,
        decided_at=None,
    )


def _amount(fields: Fields) -> int:
    if _FEN.fullmatch(fields.get("txnAmt", "")) is None or fields.get("currencyCode") != "156":
        raise Refusal("10")
    if _ORDER_ID.fullmatch(fields["orderId"]) is None:
        raise Refusal("10")
    return int(fields["txnAmt"])


def _same(db: sqlite3.Connection, mer_id: str, fields: Fields) -> Trade | None:
    """The same request as before, if it was sent before. Raises Refusal: 12, that number is another trade's."""
    row = db.execute(
        "SELECT * FROM card_trade WHERE mer_id = ? AND order_id = ?", (mer_id, fields["orderId"])
    ).fetchone()
    if row is None:
        return None
    if row["parameters"] != fingerprint(fields):
        raise Refusal("12")
    return Trade(**dict(row))


def _find(db: sqlite3.Connection, column: str, value: str) -> Trade | None:
    query = {
        "query_id": "SELECT * FROM card_trade WHERE query_id = ?",
        "order_id": "SELECT * FROM card_trade WHERE order_id = ? LIMIT 1",
    }[column]
    row = db.execute(query, (value,)).fetchone()
    return Trade(**dict(row)) if row else None


def _insert(db: sqlite3.Connection, trade: Trade) -> None:
    marks = ", ".join("?" * len(Trade.__slots__))
    values = [getattr(trade, name) for name in Trade.__slots__]
    db.execute(f"INSERT INTO card_trade VALUES ({marks})", values)  # noqa: S608 - question marks only


def _decided(db: sqlite3.Connection, trade: Trade, code: str) -> Trade:
    """A trade that stays pending is told nobody."""
    decided_at = None if code == PENDING else town().now()
    db.execute(
        "UPDATE card_trade SET code = ?, due_at = NULL, decided_at = ? WHERE query_id = ?",
        (code, decided_at, trade.query_id),
    )
    again = _find(db, "query_id", trade.query_id)
    assert again is not None  # trades are never deleted
    return again


def _refunded_fen(db: sqlite3.Connection, original: Trade) -> int:
    row = db.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM card_trade WHERE original = ? AND code IN (?, ?)",
        (original.query_id, PENDING, DONE),
    ).fetchone()
    return int(row[0])

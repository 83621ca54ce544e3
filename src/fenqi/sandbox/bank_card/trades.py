"""Trades in the back: accepted at once, decided by the bank a moment later.

`code` says where a trade stands: 05 while it is not decided, 00 done, 04 or 74 never clear, else why it failed.

A pre-authorisation takes its sum off what the card has available. It stays 00 whatever becomes of it; its end is a
trade of its own: a void (32), a completion (03), or that the bank let go of it (`LAPSE`, which no protocol knows).
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
FREEZE, CAPTURE, RELEASE, LAPSE = "02", "03", "32", "lapse"
MONEY_IN: Final = frozenset([DEBIT, CAPTURE])
ON_THE_BILL: Final = (DEBIT, CAPTURE, REFUND)
"""What moves money; a pre-authorisation and its void do not."""

PENDING, DONE = "05", "00"
DECIDED_AFTER_SECONDS: Final = 0.2
REFUND_SECONDS: Final = 335 * 86_400
"""Eleven months, of the longer kind."""

MOST_COMPLETED_PER_CENT: Final = 115
"""Of what was pre-authorised."""

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
    """The query id of the trade that a refund, a void or a completion is about."""
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


def on_card(store: Store, mer_id: str, fields: Fields, *, stays_pending: bool) -> tuple[Trade, bool]:
    """Accept a debit or a pre-authorisation by a card's token, and whether it is new. Raises Refusal."""
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
        if original is None or original.txn_type not in MONEY_IN or (original.mer_id, original.code) != (mer_id, DONE):
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


def end_freeze(store: Store, mer_id: str, fields: Fields, *, stays_pending: bool) -> tuple[Trade, bool]:
    """Accept the void or the completion of a pre-authorisation, and whether it is new. Raises Refusal.

    35: there is no such pre-authorisation, or it is completed, being ended, or its bank has let go of it; 45: it is
    void already; 36: a void of another sum, or a completion of more than 115 per cent of it.
    """
    amount_fen = _amount(fields)
    with store.change() as db:
        earlier = _same(db, mer_id, fields)
        if earlier is not None:
            return earlier, False
        frozen = _find(db, "query_id", fields.get("origQryId", ""))
        if frozen is None or (frozen.mer_id, frozen.txn_type, frozen.code) != (mer_id, FREEZE, DONE):
            raise Refusal("35")
        _check_is_held(db, frozen)
        is_void = fields["txnType"] == RELEASE
        most_fen = frozen.amount_fen if is_void else frozen.amount_fen * MOST_COMPLETED_PER_CENT // 100
        if amount_fen > most_fen or (is_void and amount_fen != frozen.amount_fen):
            raise Refusal("36")
        trade = _new(
            mer_id,
            fields,
            card=frozen.card,
            amount_fen=amount_fen,
            original=frozen.query_id,
            stays_pending=stays_pending,
        )
        _insert(db, trade)
        return trade, True


def lapse(store: Store, order_id: str) -> Trade:
    """Control: the card's bank lets go of a pre-authorisation by itself, and tells nobody. Raises Refusal."""
    with store.change() as db:
        frozen = _find(db, "order_id", order_id)
        if frozen is None or (frozen.txn_type, frozen.code) != (FREEZE, DONE):
            raise Refusal("35")
        _check_is_held(db, frozen)
        fields = {"orderId": f"lapse{secrets.token_hex(8)}", "txnTime": frozen.txn_time, "txnType": LAPSE}
        gone = _new(
            frozen.mer_id,
            fields,
            card=frozen.card,
            amount_fen=frozen.amount_fen,
            original=frozen.query_id,
            stays_pending=True,
        )
        _insert(db, gone)
        cards.put(db, frozen.card, frozen.amount_fen)
        return _decided(db, gone, DONE)


def sums_of(store: Store, frozen: Trade) -> dict[str, int]:
    """What became of a pre-authorisation, in fen: a completion gives back what it leaves."""
    held = frozen.amount_fen if frozen.is_done else 0
    with store.change() as db:
        ends = [end for end in _ends_of(db, frozen) if end.is_done]
    captured = sum(end.amount_fen for end in ends if end.txn_type == CAPTURE)
    released = held - captured if ends else 0
    return {
        "frozen_fen": held,
        "released_fen": released,
        "captured_fen": captured,
        "rest_fen": held - released - captured,
    }


def held_on(store: Store, card: str) -> int:
    """What is pre-authorised on a card now, in fen."""
    rows = store.rows("SELECT * FROM card_trade WHERE card = ? AND txn_type = ? AND code = ?", card, FREEZE, DONE)
    return sum(sums_of(store, Trade(**dict(row)))["rest_fen"] for row in rows)


def decide(store: Store, query_id: str) -> Trade | None:
    """Let the bank decide what is due; None when there was nothing to decide."""
    with store.change() as db:
        trade = _find(db, "query_id", query_id)
        if trade is None or not trade.is_pending or trade.due_at is None:
            return None
        if trade.txn_type in (DEBIT, FREEZE):
            code = cards.debit_code(db, trade.card, trade.amount_fen)
        else:
            code = DONE
            _move(db, trade)
        return _decided(db, trade, code)


def settle(store: Store, order_id: str, code: str, *, even_if_failed: bool = False) -> Trade:
    """Control: end a trade with this code, whatever the bank would say. Raises Refusal."""
    with store.change() as db:
        trade = _find(db, "order_id", order_id)
        if trade is None or trade.is_done or not (trade.is_pending or even_if_failed):
            raise Refusal("36")
        if code == DONE:
            _move(db, trade)
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
    rows = store.rows(
        "SELECT * FROM card_trade WHERE txn_type IN (?, ?, ?) ORDER BY created_at DESC LIMIT ?",
        DEBIT,
        FREEZE,
        CAPTURE,
        limit,
    )
    return [Trade(**dict(row)) for row in rows]


def done_between(store: Store, mer_id: str, since: float, until: float) -> list[Trade]:
    """What moved money then."""
    rows = store.rows(
        "SELECT * FROM card_trade WHERE mer_id = ? AND txn_type IN (?, ?, ?) AND code = ?"
        " AND decided_at >= ? AND decided_at < ? ORDER BY decided_at",
        mer_id,
        *ON_THE_BILL,
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


def _move(db: sqlite3.Connection, trade: Trade) -> None:
    """What the card has available after a trade that was carried out."""
    if trade.txn_type in (REFUND, RELEASE):
        cards.put(db, trade.card, trade.amount_fen)
    elif trade.txn_type == CAPTURE:
        frozen = _find(db, "query_id", trade.original)
        assert frozen is not None  # a completion is made with it
        cards.put(db, trade.card, frozen.amount_fen - trade.amount_fen)
    else:
        cards.put(db, trade.card, -trade.amount_fen)


def _check_is_held(db: sqlite3.Connection, frozen: Trade) -> None:
    """Raises Refusal: 45, it is void already; 35, it has ended otherwise or is about to."""
    ends = [end for end in _ends_of(db, frozen) if end.code in (PENDING, DONE)]
    if any(end.txn_type == RELEASE and end.is_done for end in ends):
        raise Refusal("45")
    if ends:
        raise Refusal("35")


def _ends_of(db: sqlite3.Connection, frozen: Trade) -> list[Trade]:
    rows = db.execute("SELECT * FROM card_trade WHERE original = ?", (frozen.query_id,)).fetchall()
    return [Trade(**dict(row)) for row in rows]


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

"""Orders and refunds in WeChat Pay's real states, and the money the merchant has coming: its ledger.

NOTPAY -> SUCCESS -> REFUND (as soon as a refund is accepted); NOTPAY -> CLOSED (closed, or its window ended);
of a debit under a contract NOTPAY -> PAYERROR. A refund: PROCESSING -> SUCCESS, CLOSED or ABNORMAL.
"""

import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

BEIJING: Final = timezone(timedelta(hours=8))
FEE_PER_THOUSAND: Final = 6
REFUND_WINDOW_SECONDS: Final = 365 * 86_400
BETWEEN_REFUNDS_SECONDS: Final = 60
SETTLING_SECONDS: Final = 30
MOST_REFUNDS: Final = 50


class State(StrEnum):
    NOTPAY = "NOTPAY"
    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    CLOSED = "CLOSED"
    PAYERROR = "PAYERROR"


class RefundStatus(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    transaction_id: str
    cashier: str
    mchid: str
    appid: str
    out_trade_no: str
    trade_type: str
    """MWEB, NATIVE, or PAP for a debit under a contract."""
    request: str
    """The parameters as they came: the same number takes the same ones only."""
    description: str
    total_fen: int
    state: State
    notify_url: str
    created_at: float
    expires_at: float
    paid_at: float | None = None
    refusal: str = ""
    """The last reason the payer was refused for, as only the payer sees it."""

    @property
    def yuan(self) -> str:
        return yuan(self.total_fen)

    @property
    def fee_fen(self) -> int:
        return fee_fen(self.total_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    refund_id: str
    transaction_id: str
    mchid: str
    out_trade_no: str
    out_refund_no: str
    total_fen: int
    amount_fen: int
    fee_fen: int
    """What of the payment's fee comes back with it."""
    notify_url: str
    status: RefundStatus
    channel: str
    account: str
    created_at: float
    due_at: float | None
    """When it settles by itself; None when control must move it."""
    settled_at: float | None = None


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def fee_fen(amount_fen: int) -> int:
    """0.60 %, half a fen up."""
    return (amount_fen * FEE_PER_THOUSAND + 500) // 1000


def new_number(prefix: str) -> str:
    return f"{prefix}{datetime.fromtimestamp(town().now(), BEIJING):%Y%m%d}{secrets.randbelow(10**10):010}"


def place(store: Store, wanted: Order) -> Order:
    """The order of a number; made now, or made before with the same parameters. Raises Refusal."""
    with store.change() as db:
        order = _find(db, wanted.mchid, wanted.out_trade_no)
        if order is None:
            _insert(db, "wechat_order", asdict(wanted))
            return wanted
    if (order.request, order.trade_type) != (wanted.request, wanted.trade_type):
        raise Refusal("OUT_TRADE_NO_USED")
    if order.trade_type != "PAP" and order.state is State.CLOSED:
        raise Refusal("ORDER_CLOSED")
    if order.trade_type != "PAP" and order.state is not State.NOTPAY:
        raise Refusal("OUT_TRADE_NO_USED")
    return order


def of_merchant(store: Store, mchid: str, *, out_trade_no: str = "", transaction_id: str = "") -> Order:
    """Raises Refusal."""
    with store.change() as db:
        order = _find(db, mchid, out_trade_no, transaction_id)
    if order is None:
        raise Refusal("ORDER_NOT_EXIST")
    return order


def at_cashier(store: Store, cashier: str) -> Order | None:
    with store.change() as db:
        return _current(db, db.execute("SELECT * FROM wechat_order WHERE cashier = ?", (cashier,)).fetchone())


def with_number(store: Store, out_trade_no: str) -> Order | None:
    """For control, which looks over all merchants."""
    with store.change() as db:
        row = db.execute("SELECT * FROM wechat_order WHERE out_trade_no = ? LIMIT 1", (out_trade_no,)).fetchone()
        return _current(db, row)


def newest(store: Store, limit: int) -> list[Order]:
    with store.change() as db:
        rows = db.execute("SELECT * FROM wechat_order ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [order for order in (_current(db, row) for row in rows) if order is not None]


def pay(store: Store, order: Order, *, even_if_closed: bool = False) -> Order:
    """The payer's money is taken. Raises Refusal, except that control may let it come in after the close."""
    with store.change() as db:
        order = _again(db, order)
        if order.paid_at is not None:
            raise Refusal("ORDERPAID")
        if order.state is State.CLOSED and not even_if_closed:
            raise Refusal("ORDER_CLOSED")
        return _save(db, replace(order, state=State.SUCCESS, paid_at=town().now(), refusal=""))


def note_refusal(store: Store, order: Order, code: str) -> Order:
    """The payer could not pay: an order stays open and the merchant hears nothing; a debit has failed."""
    with store.change() as db:
        order = _again(db, order)
        if order.state is not State.NOTPAY:
            raise Refusal("ORDERPAID" if order.paid_at else "ORDER_CLOSED")
        state = State.PAYERROR if order.trade_type == "PAP" else State.NOTPAY
        return _save(db, replace(order, refusal=code, state=state))


def close(store: Store, mchid: str, out_trade_no: str) -> Order:
    """A closed order is closed once more, as with the real one. Raises Refusal."""
    with store.change() as db:
        order = _find(db, mchid, out_trade_no)
        if order is None:
            raise Refusal("ORDER_NOT_EXIST")
        if order.paid_at is not None:
            raise Refusal("ORDERPAID")
        if order.trade_type == "PAP" and order.state is State.NOTPAY:
            raise Refusal("USERPAYING")  # a debit that was accepted cannot be called back
        return _save(db, replace(order, state=State.CLOSED)) if order.state is State.NOTPAY else order


def expire(store: Store, order: Order) -> Order:
    """Control: the payer's window is over now."""
    with store.change() as db:
        return _again(db, _save(db, replace(_again(db, order), expires_at=town().now())))


def refund(
    store: Store, order: Order, *, out_refund_no: str, amount_fen: int, total_fen: int, notify_url: str, is_held: bool
) -> tuple[Refund, bool]:
    """Accept a refund, and whether it is a new one; the same number and amount once only. Raises Refusal."""
    with store.change() as db:
        order = _again(db, order)
        earlier = _refund_numbered(db, order.mchid, out_refund_no)
        if earlier is not None:
            if (earlier.transaction_id, earlier.amount_fen) != (order.transaction_id, amount_fen):
                raise Refusal("REFUND_FEE_MISMATCH")
            return earlier, False
        made = _refunds_of(db, order)
        _check_refundable(order, made, amount_fen=amount_fen, total_fen=total_fen)
        given = sum(one.amount_fen for one in made if one.status is not RefundStatus.CLOSED)
        accepted = Refund(
            refund_id=new_number("503"),
            transaction_id=order.transaction_id,
            mchid=order.mchid,
            out_trade_no=order.out_trade_no,
            out_refund_no=out_refund_no,
            total_fen=order.total_fen,
            amount_fen=amount_fen,
            # Pro rata, so that a payment refunded in parts has all of its fee back in the end.
            fee_fen=_fee_of_part(order, given + amount_fen) - _fee_of_part(order, given),
            notify_url=notify_url,
            status=RefundStatus.PROCESSING,
            channel="ORIGINAL",
            account="支付用户零钱",
            created_at=town().now(),
            due_at=None if is_held else town().now() + SETTLING_SECONDS / town().pace,
        )
        _insert(db, "wechat_refund", asdict(accepted))
        _save(db, replace(order, state=State.REFUND))
        return accepted, True


def refund_of_merchant(store: Store, mchid: str, out_refund_no: str) -> Refund:
    """Raises Refusal."""
    with store.change() as db:
        found = _refund_numbered(db, mchid, out_refund_no)
    if found is None:
        raise Refusal("RESOURCE_NOT_EXISTS")
    return found


def refund_with_number(store: Store, out_refund_no: str) -> Refund | None:
    row = store.row("SELECT * FROM wechat_refund WHERE out_refund_no = ? LIMIT 1", out_refund_no)
    return _refund(row) if row else None


def due_refunds(store: Store) -> list[Refund]:
    """Those that would have settled by now."""
    rows = store.rows(
        "SELECT * FROM wechat_refund WHERE status = ? AND due_at <= ?", RefundStatus.PROCESSING, town().now()
    )
    return [_refund(row) for row in rows]


def settle_refund(store: Store, refund: Refund, status: RefundStatus, *, to_balance: bool = False) -> Refund:
    """What became of a refund; one that succeeded may still come back from the payer's bank. Raises Refusal."""
    with store.change() as db:
        current = _refund_numbered(db, refund.mchid, refund.out_refund_no)
        assert current is not None  # refunds are never deleted
        if current.status is not RefundStatus.PROCESSING and status is RefundStatus.SUCCESS:
            raise Refusal("INVALID_REQUEST")
        channel = "BALANCE" if to_balance else current.channel
        settled = replace(current, status=status, settled_at=town().now(), channel=channel)
        db.execute(
            "UPDATE wechat_refund SET status = ?, settled_at = ?, channel = ? WHERE refund_id = ?",
            (settled.status, settled.settled_at, settled.channel, settled.refund_id),
        )
        return settled


def _fee_of_part(order: Order, part_fen: int) -> int:
    return (order.fee_fen * part_fen * 2 + order.total_fen) // (order.total_fen * 2)


def _check_refundable(order: Order, made: list[Refund], *, amount_fen: int, total_fen: int) -> None:
    now = town().now()
    left = order.total_fen - sum(one.amount_fen for one in made if one.status is not RefundStatus.CLOSED)
    if order.paid_at is None:
        raise Refusal("RESOURCE_NOT_EXISTS")
    if now - order.paid_at > REFUND_WINDOW_SECONDS:
        raise Refusal("TRADE_OVERDUE")
    if total_fen != order.total_fen or not 0 < amount_fen <= left or len(made) >= MOST_REFUNDS:
        raise Refusal("INVALID_REQUEST")
    if made and now - max(one.created_at for one in made) < BETWEEN_REFUNDS_SECONDS / town().pace:
        raise Refusal("FREQUENCY_LIMITED")


def _find(db: sqlite3.Connection, mchid: str, out_trade_no: str, transaction_id: str = "") -> Order | None:
    row = db.execute(
        "SELECT * FROM wechat_order WHERE mchid = ? AND (out_trade_no = ? OR transaction_id = ?)",
        (mchid, out_trade_no, transaction_id),
    ).fetchone()
    return _current(db, row)


def _again(db: sqlite3.Connection, order: Order) -> Order:
    current = _find(db, order.mchid, order.out_trade_no)
    assert current is not None  # orders are never deleted
    return current


def _current(db: sqlite3.Connection, row: Row | None) -> Order | None:
    """The order of a row as it is now: an unpaid one whose window is over closes by itself."""
    if row is None:
        return None
    order = Order(**{**dict(row), "state": State(row["state"])})
    if order.state is State.NOTPAY and order.trade_type != "PAP" and order.expires_at <= town().now():
        return _save(db, replace(order, state=State.CLOSED))
    return order


def _insert(db: sqlite3.Connection, table: str, fields: dict[str, object]) -> None:
    names = ", ".join(fields)
    values = ", ".join(f":{name}" for name in fields)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", fields)  # noqa: S608 - names of our own fields


def _save(db: sqlite3.Connection, order: Order) -> Order:
    db.execute(
        "UPDATE wechat_order SET state = ?, paid_at = ?, expires_at = ?, refusal = ? WHERE transaction_id = ?",
        (order.state, order.paid_at, order.expires_at, order.refusal, order.transaction_id),
    )
    return order


def _refund(row: Row) -> Refund:
    return Refund(**{**dict(row), "status": RefundStatus(row["status"])})


def _refund_numbered(db: sqlite3.Connection, mchid: str, number: str) -> Refund | None:
    row = db.execute("SELECT * FROM wechat_refund WHERE mchid = ? AND out_refund_no = ?", (mchid, number)).fetchone()
    return _refund(row) if row else None


def _refunds_of(db: sqlite3.Connection, order: Order) -> list[Refund]:
    rows = db.execute("SELECT * FROM wechat_refund WHERE transaction_id = ?", (order.transaction_id,))
    return [_refund(row) for row in rows]


def refunds_of(store: Store, order: Order) -> list[Refund]:
    with store.change() as db:
        return _refunds_of(db, order)


def movements(store: Store, mchid: str, *, start: float, end: float) -> list[Order | Refund]:
    """The merchant's ledger from `start` until `end`: what was paid and what was given back, by time."""
    paid = store.rows("SELECT * FROM wechat_order WHERE mchid = ? AND paid_at >= ? AND paid_at < ?", mchid, start, end)
    given = store.rows(
        "SELECT * FROM wechat_refund WHERE mchid = ? AND created_at >= ? AND created_at < ?", mchid, start, end
    )
    found: list[Order | Refund] = [Order(**{**dict(row), "state": State(row["state"])}) for row in paid]
    found += [_refund(row) for row in given]
    return sorted(found, key=lambda one: one.paid_at or 0 if isinstance(one, Order) else one.created_at)

"""The platform's books: plans with their rows, repayments, refunds and what each holder has as balance. In fen."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

CHANNEL: Final = "partner"
COMMISSION_RATE: Final = Decimal("0.02")
"""Of the amount: what the platform keeps for itself."""
SUBSIDY_RATE: Final = Decimal("0.005")
"""Of the amount for each installment: what a mall pays for a plan without fees."""
PROCESSING, SUCCEEDED, FAILED = "processing", "succeeded", "failed"
MOST_INSTALLMENTS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a refund does. amount = cancelled_principal + surplus."""

    amount: int
    cancelled_principal: int
    dropped_fees: int
    surplus: int
    commission_back: int
    subsidy_back: int
    plan_state: str


def half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def open_plan(store: Store, key_id: str, plan_no: str, body: Mapping[str, Any]) -> Row:
    """The plan, new or as it is. Raises Refusal."""
    amount, count = whole(body, "amount"), whole(body, "installments")
    rate, opened_on = rate_of(body), day(body, "opened_on")
    if not 1 <= count <= MOST_INSTALLMENTS or body.get("currency") != "CNY" or not str(body.get("customer", "")):
        raise Refusal("INVALID_REQUEST")
    fee_each = half_up(amount * rate / 100)
    terms = (amount, "CNY", count, str(rate), opened_on.isoformat())
    with store.change() as db:
        known: Row | None = db.execute("SELECT * FROM partner_plan WHERE plan_no = ?", (plan_no,)).fetchone()
        if known:
            if (known["key_id"], *(known[name] for name in _TERMS)) != (key_id, *terms):
                raise Refusal("NUMBER_REUSED")
            return known
        db.execute(
            "INSERT INTO partner_plan VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (
                plan_no,
                key_id,
                secrets.token_urlsafe(18),
                str(body["customer"])[:80],
                *terms,
                half_up(amount * COMMISSION_RATE),
                0 if fee_each else half_up(amount * SUBSIDY_RATE * count),
                town().now(),
            ),
        )
        each = amount // count
        for n in range(1, count + 1):
            principal = each if n < count else amount - each * (count - 1)
            due_on = month_later(opened_on, n).isoformat()
            db.execute(
                "INSERT INTO partner_row VALUES (?, ?, ?, ?, ?, NULL)", (plan_no, n, due_on, principal, fee_each)
            )
    return found(store, plan_no)


_TERMS: Final = ("amount", "currency", "installments", "fee_rate", "opened_on")


def month_later(first: date, months: int) -> date:
    """The corresponding day, or the month's last."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    for last in range(first.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, first.day)


def found(store: Store, plan_no: str, *, key_id: str | None = None) -> Row:
    """Raises Refusal, also for a plan of another merchant."""
    plan = store.row("SELECT * FROM partner_plan WHERE plan_no = ?", plan_no)
    if plan is None or key_id not in (None, plan["key_id"]):
        raise Refusal("PLAN_NOT_FOUND")
    return plan


def by_token(store: Store, token: str) -> Row | None:
    return store.row("SELECT * FROM partner_plan WHERE token = ?", token)


def rows_of(store: Store, plan_no: str) -> list[Row]:
    return store.rows("SELECT * FROM partner_row WHERE plan_no = ? ORDER BY n", plan_no)


def described(store: Store, plan: Row) -> dict[str, Any]:
    """What the interface answers about a plan."""
    rows = rows_of(store, plan["plan_no"])
    open_rows = [row for row in rows if row["paid_at"] is None]
    principal, fee = (sum(row[name] for row in open_rows) for name in ("principal", "fee"))
    balance = balance_of(store, holder(plan))
    return {
        "plan_no": plan["plan_no"],
        "state": state_of(plan, owed=principal + fee),
        "amount": plan["amount"],
        "currency": plan["currency"],
        "outstanding_principal": principal,
        "outstanding_fee": fee,
        "balance": balance,
        "withdrawable": balance,
        "rows": [
            {
                "n": row["n"],
                "due_on": row["due_on"],
                "principal": row["principal"],
                "fee": row["fee"],
                "paid": row["paid_at"] is not None,
            }
            for row in rows
        ],
    }


def state_of(plan: Row, *, owed: int) -> str:
    if plan["cancelled_at"] is not None:
        return "cancelled"
    return "active" if owed else "settled"


def holder(plan: Row) -> str:
    """Whose balance it is: two malls, or two lenders of this platform, do not share one."""
    return f"{plan['key_id']}/{plan['customer']}"


def balance_of(store: Store, customer: str) -> int:
    (row,) = store.rows("SELECT coalesce(sum(amount), 0) AS fen FROM partner_balance WHERE customer = ?", customer)
    return int(row["fen"])


def worked_out(store: Store, plan: Row, amount: int) -> Effect:
    """What taking `amount` off would do: open principal from the last row on, and the fees that go with it.

    A full return drops all open fees; a smaller one their share. What was repaid already becomes balance.
    Raises Refusal.
    """
    plan_no = plan["plan_no"]
    if plan["cancelled_at"] is not None:
        raise Refusal("PLAN_CLOSED")
    earlier = _refunded(store, plan_no)
    if not 0 < amount <= plan["amount"] - earlier:
        raise Refusal("AMOUNT_ABOVE_FINANCED")
    open_rows = [row for row in rows_of(store, plan_no) if row["paid_at"] is None]
    principal, fee = (sum(row[name] for row in open_rows) for name in ("principal", "fee"))
    cancelled = min(amount, principal)
    is_full = earlier + amount == plan["amount"]
    return Effect(
        amount=amount,
        cancelled_principal=cancelled,
        dropped_fees=fee if is_full or cancelled == principal else half_up(Decimal(fee) * cancelled / (principal or 1)),
        surplus=amount - cancelled,
        commission_back=_share(plan, "commission", earlier, amount),
        subsidy_back=_share(plan, "subsidy", earlier, amount),
        plan_state="cancelled" if is_full else ("settled" if cancelled == principal else "active"),
    )


def _share(plan: Row, name: str, earlier: int, amount: int) -> int:
    """Cumulative, so that all returns together give back exactly all of it."""
    whole_sum, total = Decimal(plan[name]), plan["amount"]
    return half_up(whole_sum * (earlier + amount) / total) - half_up(whole_sum * earlier / total)


def _refunded(store: Store, plan_no: str) -> int:
    (row,) = store.rows(
        "SELECT coalesce(sum(amount), 0) AS fen FROM partner_refund WHERE plan_no = ? AND state = ?", plan_no, SUCCEEDED
    )
    return int(row["fen"])


def refund(store: Store, key_id: str, number: str, body: Mapping[str, Any], *, at_once: bool) -> Row:
    """The refund under that number, carried out now or, without `at_once`, when control says so. Raises Refusal."""
    plan = found(store, str(body.get("plan_no", "")), key_id=key_id)
    amount, effective_on = whole(body, "amount"), day(body, "effective_on")
    parameters = json.dumps({**body}, sort_keys=True)
    known = store.row("SELECT * FROM partner_refund WHERE number = ?", number)
    if known:
        if known["parameters"] != parameters:
            raise Refusal("NUMBER_REUSED")
        return known
    if body.get("currency") != plan["currency"]:
        raise Refusal("INVALID_REQUEST")
    worked_out(store, plan, amount)
    with store.change() as db:
        db.execute(
            "INSERT OR IGNORE INTO partner_refund (number, plan_no, amount, effective_on, parameters, state,"
            " accepted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, plan["plan_no"], amount, effective_on.isoformat(), parameters, PROCESSING, town().now()),
        )
    if at_once:
        settle(store, number)
    return found_refund(store, number)


def found_refund(store: Store, number: str, *, key_id: str | None = None) -> Row:
    """Raises Refusal."""
    row = store.row("SELECT * FROM partner_refund WHERE number = ?", number)
    if row is None:
        raise Refusal("REFUND_NOT_FOUND")
    found(store, row["plan_no"], key_id=key_id)
    return row


def settle(store: Store, number: str) -> None:
    """Carry a refund out: cancel, drop, and credit the holder. Raises Refusal."""
    row = found_refund(store, number)
    if row["state"] != PROCESSING:
        raise Refusal("REFUND_REJECTED")
    plan = found(store, row["plan_no"])
    effect = worked_out(store, plan, row["amount"])
    with store.change() as db:
        moved = db.execute(
            "UPDATE partner_refund SET state = ?, effect = ? WHERE number = ? AND state = ?",
            (SUCCEEDED, json.dumps(asdict(effect)), number, PROCESSING),
        ).rowcount
        if moved:
            _take_off(db, plan, effect)


def _take_off(db: sqlite3.Connection, plan: Row, effect: Effect) -> None:
    plan_no, now = plan["plan_no"], town().now()
    principal, fees = effect.cancelled_principal, effect.dropped_fees
    open_rows = db.execute(
        "SELECT * FROM partner_row WHERE plan_no = ? AND paid_at IS NULL ORDER BY n DESC", (plan_no,)
    ).fetchall()
    for row in open_rows:
        less, fee_less = min(principal, row["principal"]), min(fees, row["fee"])
        principal, fees = principal - less, fees - fee_less
        left, fee_left = row["principal"] - less, row["fee"] - fee_less
        db.execute(
            "UPDATE partner_row SET principal = ?, fee = ?, paid_at = ? WHERE plan_no = ? AND n = ?",
            (left, fee_left, None if left or fee_left else now, plan_no, row["n"]),
        )
    if effect.plan_state == "cancelled":
        db.execute("UPDATE partner_plan SET cancelled_at = ? WHERE plan_no = ?", (now, plan_no))
    if effect.surplus:
        _credit(db, holder(plan), effect.surplus, f"退货 {plan_no}")


def _credit(db: sqlite3.Connection, customer: str, amount: int, reason: str) -> None:
    db.execute(
        "INSERT INTO partner_balance (customer, amount, reason, at) VALUES (?, ?, ?, ?)",
        (customer, amount, reason, town().now()),
    )


def reject(store: Store, number: str, code: str) -> None:
    """Raises Refusal for one that is decided already."""
    with store.change() as db:
        moved = db.execute(
            "UPDATE partner_refund SET state = ?, code = ? WHERE number = ? AND state = ?",
            (FAILED, code, number, PROCESSING),
        ).rowcount
    if not moved:
        raise Refusal("REFUND_REJECTED")


def repay_next(store: Store, plan_no: str) -> None:
    """The holder pays the earliest open row, here, at the platform. Raises Refusal."""
    plan = found(store, plan_no)
    row = next((row for row in rows_of(store, plan_no) if row["paid_at"] is None), None)
    waiting = store.row("SELECT number FROM partner_transfer WHERE plan_no = ? AND state = 'taken'", plan_no)
    if row is None or plan["cancelled_at"] is not None or waiting:
        raise Refusal("PLAN_CLOSED")
    with store.change() as db:
        db.execute("UPDATE partner_row SET paid_at = ? WHERE plan_no = ? AND n = ?", (town().now(), plan_no, row["n"]))
        db.execute(
            "INSERT INTO partner_repayment (plan_no, n, principal, fee, at) VALUES (?, ?, ?, ?, ?)",
            (plan_no, row["n"], row["principal"], row["fee"], town().now()),
        )


def withdraw(store: Store, plan: Row) -> None:
    """The holder takes the whole balance out, by the platform's rules. Raises Refusal."""
    balance = balance_of(store, holder(plan))
    if not balance:
        raise Refusal("REFUND_REJECTED")
    with store.change() as db:
        _credit(db, holder(plan), -balance, "提现到银行卡")


def refund_fields(row: Row) -> dict[str, Any]:
    """What the interface answers about a refund."""
    return {
        "number": row["number"],
        "plan_no": row["plan_no"],
        "amount": row["amount"],
        "state": row["state"],
        "code": row["code"],
        "accepted_at": datetime.fromtimestamp(row["accepted_at"], UTC).isoformat(),
        **json.loads(row["effect"]),
    }


def whole(body: Mapping[str, Any], name: str) -> int:
    """Raises Refusal."""
    value = body.get(name)
    if type(value) is not int or value <= 0:
        raise Refusal("INVALID_REQUEST")
    return value


def rate_of(body: Mapping[str, Any]) -> Decimal:
    try:
        rate = Decimal(str(body.get("fee_rate", "")))
    except ArithmeticError:
        raise Refusal("INVALID_REQUEST") from None
    if not 0 <= rate <= 10:  # noqa: PLR2004 - percent for each installment
        raise Refusal("INVALID_REQUEST")
    return rate


def day(body: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(body.get(name, "")))
    except ValueError:
        raise Refusal("INVALID_REQUEST") from None

"""Plans that move to the platform or away from it: quoted, taken, confirmed, revoked; money passed on to it. In fen.

What is taken is not in force before it is confirmed: nothing is collected for it. Worked out apart from the mall's own
engine, as all of the platform is.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.partner import plans
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

IN, OUT = "in", "out"
TAKEN, CONFIRMED, REVOKED = "taken", "confirmed", "revoked"
PARTS: Final = ("principal", "interest", "fee", "late_fee")


@dataclass(frozen=True, slots=True)
class Owed:
    """One open installment, by component."""

    n: int
    due_on: date
    principal: int
    interest: int
    fee: int
    late_fee: int


def quoted(store: Store, key_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What would be said to it. Raises Refusal."""
    number, direction, effective_on = str(body.get("number", "")), str(body.get("direction", "")), _day(body)
    rows = _rows_in(store, key_id, direction, body)
    return {
        "number": number,
        "direction": direction,
        "plan_no": str(body.get("plan_no", "")),
        "balance": _balance(rows),
        "price": _price(rows, effective_on),
        "collected": 0,
    }


def take(store: Store, key_id: str, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Keep it for the mall; the same again changes nothing. Raises Refusal."""
    parameters = json.dumps({**body}, sort_keys=True)
    known = store.row("SELECT * FROM partner_transfer WHERE number = ?", number)
    if known:
        if (known["key_id"], known["parameters"]) != (key_id, parameters):
            raise Refusal("NUMBER_REUSED")
        return fields_of(known)
    said = quoted(store, key_id, {**body, "number": number})
    rows = _rows_in(store, key_id, said["direction"], body)
    with store.change() as db:
        db.execute(
            "INSERT INTO partner_transfer (number, key_id, direction, plan_no, parameters, state, balance, price,"
            " taken_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                key_id,
                said["direction"],
                said["plan_no"],
                parameters,
                TAKEN,
                json.dumps(said["balance"]),
                said["price"],
                town().now(),
            ),
        )
        if said["direction"] == IN:
            _open(db, key_id, body, rows)
    return fields_of(found(store, key_id, number))


def found(store: Store, key_id: str, number: str) -> Row:
    """Raises Refusal, also for one of another merchant."""
    row = store.row("SELECT * FROM partner_transfer WHERE number = ?", number)
    if row is None or row["key_id"] != key_id:
        raise Refusal("TRANSFER_NOT_FOUND")
    return row


def confirm(store: Store, key_id: str, number: str) -> dict[str, Any]:
    """In force from now on. Raises Refusal for one that was revoked."""
    row = found(store, key_id, number)
    if row["state"] == REVOKED:
        raise Refusal("TRANSFER_ENDED")
    with store.change() as db:
        db.execute(
            "UPDATE partner_transfer SET state = ?, confirmed_at = ? WHERE number = ? AND state = ?",
            (CONFIRMED, town().now(), number, TAKEN),
        )
        if row["direction"] == OUT:
            db.execute(
                "UPDATE partner_plan SET cancelled_at = coalesce(cancelled_at, ?) WHERE plan_no = ?",
                (town().now(), row["plan_no"]),
            )
    return fields_of(found(store, key_id, number))


def revoke(store: Store, key_id: str, number: str) -> dict[str, Any]:
    """As it was, but for what was collected meanwhile. Raises Refusal."""
    row = found(store, key_id, number)
    if row["state"] == REVOKED:
        return fields_of(row)
    collected = _collected(store, row["plan_no"]) if row["direction"] == IN else 0
    ended_at = town().now() if row["direction"] == IN else None
    with store.change() as db:
        db.execute(
            "UPDATE partner_transfer SET state = ?, revoked_at = ?, collected = ? WHERE number = ?",
            (REVOKED, town().now(), collected, number),
        )
        db.execute("UPDATE partner_plan SET cancelled_at = ? WHERE plan_no = ?", (ended_at, row["plan_no"]))
    return fields_of(found(store, key_id, number))


def pass_on(store: Store, key_id: str, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The customer paid it to the mall: the earliest open installments are paid by it, once. Raises Refusal."""
    parameters = json.dumps({**body}, sort_keys=True)
    known = store.row("SELECT * FROM partner_passed_on WHERE number = ?", number)
    if known:
        if (known["key_id"], known["parameters"]) != (key_id, parameters):
            raise Refusal("NUMBER_REUSED")
        return {"number": number, "amount": known["amount"]}
    plan = plans.found(store, str(body.get("plan_no", "")), key_id=key_id)
    amount = plans.whole(body, "amount")
    if plan["cancelled_at"] is not None:
        raise Refusal("PLAN_CLOSED")
    if amount > sum(sum(_parts(row)) for row in open_rows(store, plan["plan_no"])):
        raise Refusal("AMOUNT_ABOVE_OWED")
    with store.change() as db:
        db.execute(
            "INSERT INTO partner_passed_on VALUES (?, ?, ?, ?, ?, ?)",
            (number, key_id, plan["plan_no"], amount, parameters, town().now()),
        )
        _pay(db, plan["plan_no"], amount)
    return {"number": number, "amount": amount}


def fields_of(row: Row) -> dict[str, Any]:
    """What the interface answers about a transfer."""
    return {
        "number": row["number"],
        "direction": row["direction"],
        "plan_no": row["plan_no"],
        "state": row["state"],
        "balance": json.loads(row["balance"]),
        "price": row["price"],
        "collected": row["collected"],
    }


def open_rows(store: Store, plan_no: str) -> list[Owed]:
    """What is still owed on a plan, by component."""
    parts = {row["n"]: row for row in store.rows("SELECT * FROM partner_row_part WHERE plan_no = ?", plan_no)}
    return [_owed(row, parts.get(row["n"])) for row in plans.rows_of(store, plan_no) if row["paid_at"] is None]


def _owed(row: Row, part: Row | None) -> Owed:
    """The platform keeps one sum of charges for an installment, and beside it what of it is interest and late fee."""
    interest = min(part["interest"], row["fee"]) if part else 0
    late_fee = min(part["late_fee"], row["fee"] - interest) if part else 0
    fee = row["fee"] - interest - late_fee
    return Owed(row["n"], date.fromisoformat(row["due_on"]), row["principal"], interest, fee, late_fee)


def _rows_in(store: Store, key_id: str, direction: str, body: Mapping[str, Any]) -> Sequence[Owed]:
    if direction == OUT:
        plan = plans.found(store, str(body.get("plan_no", "")), key_id=key_id)
        rows = open_rows(store, plan["plan_no"])
        if plan["cancelled_at"] is not None or not rows:
            raise Refusal("PLAN_CLOSED")
        return rows
    if direction != IN or not str(body.get("customer", "")) or not str(body.get("plan_no", "")):
        raise Refusal("INVALID_REQUEST")
    if body.get("currency") != "CNY":
        raise Refusal("CURRENCY_NOT_TAKEN")
    rows = [_row(told) for told in body.get("rows") or ()]
    total = sum(sum(_parts(row)) for row in rows)
    if not 0 < len(rows) <= plans.MOST_INSTALLMENTS or len({row.n for row in rows}) < len(rows) or total <= 0:
        raise Refusal("PLAN_NOT_TAKEN")
    if plans.whole(body, "amount") < sum(row.principal for row in rows):
        raise Refusal("PLAN_NOT_TAKEN")
    return rows


def _row(told: object) -> Owed:
    if not isinstance(told, dict):
        raise Refusal("INVALID_REQUEST")
    sums = [told.get(name) for name in PARTS]
    n = told.get("n")
    if type(n) is not int or any(type(value) is not int or value < 0 for value in sums):
        raise Refusal("INVALID_REQUEST")
    return Owed(n, plans.day(told, "due_on"), *(int(value or 0) for value in sums))


def _parts(row: Owed) -> tuple[int, int, int, int]:
    return row.principal, row.interest, row.fee, row.late_fee


def _balance(rows: Sequence[Owed]) -> dict[str, int]:
    return {name: sum(getattr(row, name) for row in rows) for name in PARTS}


def _price(rows: Sequence[Owed], on: date) -> int:
    """Interest and fees of installments that are not due yet come with the plan."""
    return sum(row.principal + row.late_fee + (row.interest + row.fee if row.due_on <= on else 0) for row in rows)


def _day(body: Mapping[str, Any]) -> date:
    return plans.day(body, "effective_on")


def _open(db: sqlite3.Connection, key_id: str, body: Mapping[str, Any], rows: Sequence[Owed]) -> None:
    plan_no = str(body["plan_no"])
    if db.execute("SELECT 1 FROM partner_plan WHERE plan_no = ?", (plan_no,)).fetchone():
        raise Refusal("NUMBER_REUSED")
    db.execute(
        "INSERT INTO partner_plan VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL, ?)",
        (
            plan_no,
            key_id,
            secrets.token_urlsafe(18),
            str(body["customer"])[:80],
            body["amount"],
            "CNY",
            len(rows),
            "0",
            str(body["effective_on"]),
            town().now(),
        ),
    )
    for row in rows:
        db.execute(
            "INSERT INTO partner_row VALUES (?, ?, ?, ?, ?, NULL)",
            (plan_no, row.n, row.due_on.isoformat(), row.principal, row.interest + row.fee + row.late_fee),
        )
        db.execute("INSERT INTO partner_row_part VALUES (?, ?, ?, ?)", (plan_no, row.n, row.interest, row.late_fee))


def _pay(db: sqlite3.Connection, plan_no: str, amount: int) -> None:
    """Charges first, then principal, the earliest installment first."""
    query = "SELECT * FROM partner_row WHERE plan_no = ? AND paid_at IS NULL ORDER BY due_on, n"
    for row in db.execute(query, (plan_no,)).fetchall():
        fee = min(amount, row["fee"])
        principal = min(amount - fee, row["principal"])
        amount -= fee + principal
        left = (row["principal"] - principal, row["fee"] - fee)
        paid_at = None if any(left) else town().now()
        db.execute(
            "UPDATE partner_row SET principal = ?, fee = ?, paid_at = ? WHERE plan_no = ? AND n = ?",
            (*left, paid_at, plan_no, row["n"]),
        )


def _collected(store: Store, plan_no: str) -> int:
    repaid = store.rows(
        "SELECT coalesce(sum(principal + fee), 0) AS fen FROM partner_repayment WHERE plan_no = ?", plan_no
    )
    passed = store.rows("SELECT coalesce(sum(amount), 0) AS fen FROM partner_passed_on WHERE plan_no = ?", plan_no)
    return int(repaid[0]["fen"]) + int(passed[0]["fen"])

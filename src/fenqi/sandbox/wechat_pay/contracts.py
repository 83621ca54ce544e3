"""Contracts for later debits: signed by the payer, announced before each debit, ended by either side.

PENDING -> SIGNED -> TERMINATED. A notice of today lets a debit be made from the day after tomorrow on.
"""

import secrets
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay.orders import BEIJING

WAITING_DAYS: Final = 2
NOTICES_FROM_HOUR, NOTICES_UNTIL_HOUR = 6, 22
PENDING, SIGNED, TERMINATED = "PENDING", "SIGNED", "TERMINATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    contract_id: str
    page: str
    mchid: str
    appid: str
    plan_id: int
    out_contract_code: str
    request: str
    display: str
    limit_fen: int
    notify_url: str
    return_url: str
    state: str
    created_at: float
    signed_at: float | None = None
    ended_at: float | None = None


def prepare(store: Store, wanted: Contract) -> Contract:
    """The contract of a number, for the payer to sign; the same parameters again change nothing. Raises Refusal."""
    with store.change() as db:
        found = _find(db, wanted.mchid, wanted.plan_id, wanted.out_contract_code)
        if found is None:
            fields = asdict(wanted)
            names, values = ", ".join(fields), ", ".join(f":{name}" for name in fields)
            db.execute(f"INSERT INTO wechat_contract ({names}) VALUES ({values})", fields)  # noqa: S608 - our own names
            return wanted
    if found.request != wanted.request:
        raise Refusal("INVALID_REQUEST")
    if found.state != PENDING:
        raise Refusal("CONTRACT_EXISTED")
    return found


def of_merchant(store: Store, mchid: str, plan_id: int, number: str) -> Contract:
    """One that was signed. Raises Refusal."""
    with store.change() as db:
        found = _find(db, mchid, plan_id, number)
    if found is None or found.state == PENDING:
        raise Refusal("RESOURCE_NOT_EXISTS")
    return found


def with_id(store: Store, mchid: str, contract_id: str) -> Contract:
    """One that debits may be made under. Raises Refusal."""
    row = store.row("SELECT * FROM wechat_contract WHERE mchid = ? AND contract_id = ?", mchid, contract_id)
    if row is None or row["state"] == PENDING:
        raise Refusal("CONTRACT_NOT_EXIST")
    if row["state"] == TERMINATED:
        raise Refusal("CONTRACT_TERMINATED")
    return Contract(**dict(row))


def at_page(store: Store, page: str) -> Contract | None:
    row = store.row("SELECT * FROM wechat_contract WHERE page = ?", page)
    return Contract(**dict(row)) if row else None


def with_number(store: Store, number: str) -> Contract | None:
    """For control, which looks over all merchants."""
    row = store.row("SELECT * FROM wechat_contract WHERE out_contract_code = ? LIMIT 1", number)
    return Contract(**dict(row)) if row else None


def newest(store: Store, limit: int) -> list[Contract]:
    rows = store.rows("SELECT * FROM wechat_contract ORDER BY created_at DESC LIMIT ?", limit)
    return [Contract(**dict(row)) for row in rows]


def sign(store: Store, contract: Contract) -> Contract:
    """The payer agrees. Raises Refusal."""
    with store.change() as db:
        current = _again(db, contract)
        if current.state == TERMINATED:
            raise Refusal("CONTRACT_TERMINATED")
        signed_at = current.signed_at or town().now()
        return _save(db, replace(current, state=SIGNED, signed_at=signed_at))


def end(store: Store, contract: Contract) -> Contract:
    """Either side ends it; one that is over stays as it is."""
    with store.change() as db:
        current = _again(db, contract)
        ended_at = current.ended_at or town().now()
        return _save(db, replace(current, state=TERMINATED, ended_at=ended_at))


def announce(store: Store, contract: Contract, *, amount_fen: int, days: int) -> None:
    """Raises Refusal outside the hours in which payers are told."""
    now = datetime.fromtimestamp(town().now(), BEIJING)
    if not NOTICES_FROM_HOUR <= now.hour < NOTICES_UNTIL_HOUR:
        raise Refusal("INVALID_REQUEST")
    first_on = now.date() + timedelta(days=WAITING_DAYS)
    last_on = first_on + timedelta(days=days - 1)
    with store.change() as db:
        db.execute(
            "INSERT INTO wechat_notice (contract_id, amount_fen, first_on, last_on) VALUES (?, ?, ?, ?)",
            (contract.contract_id, amount_fen, first_on.isoformat(), last_on.isoformat()),
        )


def check_announced(store: Store, contract: Contract, *, amount_fen: int) -> None:
    """Raises Refusal for a debit that no notice lets be made today, or for more than it said."""
    today = beijing_day(town().now()).isoformat()
    notices = store.rows("SELECT * FROM wechat_notice WHERE contract_id = ?", contract.contract_id)
    open_today = [notice for notice in notices if notice["first_on"] <= today <= notice["last_on"]]
    if not notices:
        raise Refusal("PRE_NOTIFY_NOT_FOUND")
    if not open_today:
        raise Refusal("OUT_OF_DEDUCT_DURATION")
    if amount_fen > max(notice["amount_fen"] for notice in open_today):
        raise Refusal("AMOUNT_EXCEEDS_ESTIMATE")


def beijing_day(at: float) -> date:
    return datetime.fromtimestamp(at, BEIJING).date()


def new_page() -> str:
    return secrets.token_urlsafe(18)


def _find(db: sqlite3.Connection, mchid: str, plan_id: int, number: str) -> Contract | None:
    row: Row | None = db.execute(
        "SELECT * FROM wechat_contract WHERE mchid = ? AND plan_id = ? AND out_contract_code = ?",
        (mchid, plan_id, number),
    ).fetchone()
    return Contract(**dict(row)) if row else None


def _again(db: sqlite3.Connection, contract: Contract) -> Contract:
    current = _find(db, contract.mchid, contract.plan_id, contract.out_contract_code)
    assert current is not None  # contracts are never deleted
    return current


def _save(db: sqlite3.Connection, contract: Contract) -> Contract:
    db.execute(
        "UPDATE wechat_contract SET state = ?, signed_at = ?, ended_at = ? WHERE contract_id = ?",
        (contract.state, contract.signed_at, contract.ended_at, contract.contract_id),
    )
    return contract

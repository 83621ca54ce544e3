"""`fenqi check`: proof that plans, ledger and payments agree. It only reads, in ranges of customers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from fenqi.domain.plans import parse_event, replay
from fenqi.records.documents import from_jsonb
from fenqi.records.scope import across_customers
from fenqi.usecases.plan_file import terms_of
from fenqi.usecases.projection import installment_columns, plan_columns
from fenqi.usecases.reconciliation.case_laws import CASE_LAWS
from fenqi.usecases.reconciliation.entry_laws import ENTRY_LAWS
from fenqi.usecases.reconciliation.laws import SQL_LAWS, WHOLE_HOUSE_LAWS, Law
from fenqi.usecases.reconciliation.notice_laws import NOTICE_LAWS
from fenqi.usecases.reconciliation.partner_laws import PARTNER_LAWS
from fenqi.usecases.reconciliation.policy_laws import POLICY_LAWS
from fenqi.usecases.reconciliation.price_laws import PRICE_LAWS
from fenqi.usecases.reconciliation.refund_laws import REFUND_LAWS
from fenqi.usecases.reconciliation.reserve_laws import RESERVE_LAWS

CUSTOMERS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that does not hold, for whom, and what was found."""

    law: str
    customer_id: UUID
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Range:
    """Customers from `low` to `high`, both included."""

    low: UUID
    high: UUID
    customers: int


def count_customers() -> int:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customer")
        return int(cursor.fetchone()[0])


def check_books(*, on_progress: Callable[[int], None] = lambda _customers: None) -> Iterator[Finding]:
    """Every finding of every law. `on_progress` is told how many customers were done since the last call."""
    for customers in ranges():
        yield from check_range(customers)
        on_progress(customers.customers)
    yield from check_whole_house()


def check_whole_house() -> list[Finding]:
    """The laws that no range of customers can be judged by alone."""
    with across_customers(), connection.cursor() as cursor:
        found: list[Finding] = []
        for law in WHOLE_HOUSE_LAWS:
            cursor.execute(law.statement)
            found += [Finding(law.name, customer_id, subject, detail) for customer_id, subject, detail in cursor]
        return found


def ranges() -> Iterator[Range]:
    """All customers in ranges of their keys."""
    low = UUID(int=0)
    while True:
        with across_customers(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM customer WHERE id > %s ORDER BY id LIMIT %s", [low, CUSTOMERS_AT_ONCE])
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        yield Range(ids[0], ids[-1], len(ids))
        low = ids[-1]


def check_range(customers: Range) -> list[Finding]:
    """All laws on one snapshot, so that what is written meanwhile is either seen wholly or not at all."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), across_customers(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        laws = (
            *SQL_LAWS,
            *REFUND_LAWS,
            *RESERVE_LAWS,
            *PARTNER_LAWS,
            *PRICE_LAWS,
            *CASE_LAWS,
            *POLICY_LAWS,
            *NOTICE_LAWS,
            *ENTRY_LAWS,
        )
        findings = [finding for law in laws for finding in _by_statement(cursor, law, customers)]
        return findings + list(projection_is_replay(cursor, customers))


def _by_statement(cursor: Any, law: Law, customers: Range) -> Iterator[Finding]:
    cursor.execute(law.statement, {"low": customers.low, "high": customers.high})
    return (Finding(law.name, customer_id, subject, detail) for customer_id, subject, detail in cursor.fetchall())


_STORED = """
SELECT p.customer_id, p.id, p.terms, p.version,
  jsonb_build_object('status', p.status, 'outstanding_minor', p.outstanding_minor, 'balance_minor', p.balance_minor,
    'next_due_on', p.next_due_on, 'last_due_on', p.last_due_on, 'installment_count', p.installment_count),
  (SELECT jsonb_agg(e.body ORDER BY e.seq) FROM plan_event e WHERE e.customer_id = p.customer_id AND e.plan_id = p.id),
  (SELECT jsonb_agg(to_jsonb(i) - 'customer_id' ORDER BY i.n) FROM installment i
   WHERE i.customer_id = p.customer_id AND i.plan_id = p.id)
FROM plan p WHERE p.customer_id BETWEEN %(low)s AND %(high)s
"""


def projection_is_replay(cursor: Any, customers: Range) -> Iterator[Finding]:
    """Each plan is replayed from terms and events; what is stored besides must be the same (design, rule 3)."""
    cursor.execute(_STORED, {"low": customers.low, "high": customers.high})
    for customer_id, plan_id, terms, version, stored_plan, bodies, stored_rows in cursor.fetchall():
        events = [parse_event(body) for body in from_jsonb(bodies) or ()]
        state = replay(terms_of(terms), events)
        found = _differences(from_jsonb(stored_plan), _as_stored(plan_columns(state)), "plan")
        if version != len(events):
            found.append(f"version {version}, but {len(events)} events")
        expected = [_as_stored(installment_columns(plan_id, row)) for row in state.rows]
        rows = from_jsonb(stored_rows) or []
        if len(rows) != len(expected):
            found.append(f"{len(rows)} rows, replay has {len(expected)}")
        for stored, replayed in zip(rows, expected, strict=False):
            found += _differences(stored, replayed, f"row {replayed['n']}")
        yield from (Finding("projection_is_replay", customer_id, f"plan {plan_id}", detail) for detail in found)


def _as_stored(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as jsonb shows them."""
    return {
        name: value if value is None or isinstance(value, (bool, int)) else str(value)
        for name, value in columns.items()
    }


def _differences(stored: dict[str, Any], replayed: dict[str, Any], what: str) -> list[str]:
    return [
        f"{what}: {name} is {stored.get(name)}, replay says {value}"
        for name, value in replayed.items()
        if stored.get(name) != value
    ]

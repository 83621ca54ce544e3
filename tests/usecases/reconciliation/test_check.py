"""Each law is broken on purpose, with the triggers off, and seen to be found; books that nobody broke are clean."""

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from django.db import connection

from fenqi.interfaces.commands.check import check
from fenqi.records.identifiers import new_id
from fenqi.records.kinds import APPEND_ONLY_TABLES
from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation.check import check_books
from malls import Bought, bought

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> Bought:
    """A plan with a repayment in time, one too late, and one that became known after both."""
    plan = bought(method="flat_fee", fee_rate="0.6")
    now = datetime.now(UTC)
    for n, (amount, on) in enumerate([(10_720, "2026-02-01"), (30_000, "2026-03-20"), (500, "2026-01-05")]):
        plan.record(amount, on=date.fromisoformat(on), now=now, key=str(n))
    return plan


@pytest.fixture
def triggers_off() -> None:
    with connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def laws_broken() -> set[str]:
    return {finding.law for finding in check_books()}


@pytest.mark.requirement("R079")
def test_books_that_nobody_broke_are_clean(plan: Bought) -> None:
    assert list(check_books()) == []
    assert CliRunner().invoke(check).exit_code == 0


BREAKS = {
    "entries_balance": "UPDATE journal_line SET debit_minor = debit_minor + 1 WHERE debit_minor > 0 AND line_no = 1",
    "chain_intact": "UPDATE journal_entry SET code = 'credit' WHERE seq = 2",
    "chain_head": "UPDATE customer SET entry_seq = entry_seq + 1",
    "receivables_are_rows": "UPDATE installment SET principal_paid_minor = principal_paid_minor - 1 WHERE n = 2",
    "balances_are_plans": "UPDATE plan SET balance_minor = 7",
    "clearing_is_payments": "UPDATE payment SET channel = 'cash'",
    "payments_are_events": "UPDATE payment SET amount_minor = amount_minor + 1",
    "projection_is_replay": "UPDATE installment SET due_on = due_on + 1 WHERE n = 5",
}


@pytest.mark.parametrize("law", BREAKS)
def test_a_broken_law_is_found(plan: Bought, triggers_off: None, law: str) -> None:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(BREAKS[law])
    assert law in laws_broken()
    outcome = CliRunner().invoke(check, ["--json"])
    assert outcome.exit_code == 1
    assert law in outcome.stdout


@pytest.mark.parametrize(
    ("law", "statement"),
    [
        ("chain_intact", "DELETE FROM journal_line WHERE entry_id IN (SELECT id FROM journal_entry WHERE seq = 2)"),
        ("chain_intact", "UPDATE journal_entry SET prev_hash = 'x' WHERE seq = 3"),
        ("chain_intact", "UPDATE journal_entry SET seq = 9 WHERE seq = 4"),
        ("projection_is_replay", "DELETE FROM plan_event WHERE seq = 3"),
        ("projection_is_replay", "UPDATE plan SET next_due_on = next_due_on + 1"),
        ("projection_is_replay", "DELETE FROM installment WHERE n = 12"),
        ("payments_are_events", "DELETE FROM plan_event WHERE seq = 1"),
        ("clearing_is_payments", "UPDATE payment SET state = 'closed'"),
    ],
)
def test_tampering_is_found(plan: Bought, triggers_off: None, law: str, statement: str) -> None:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert law in laws_broken()


def test_a_finding_names_whom_it_concerns(plan: Bought, triggers_off: None) -> None:
    bought(ref=str(new_id()))
    with across_customers(), connection.cursor() as cursor:
        cursor.execute("UPDATE plan SET balance_minor = 7 WHERE id = %s", [plan.plan_id])
    found = [finding for finding in check_books() if finding.law == "balances_are_plans"]
    assert [(finding.customer_id, finding.subject) for finding in found] == [(plan.customer_id, f"plan {plan.plan_id}")]

"""What is in the books stays there: the database itself refuses every way to change it."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from fenqi.records.identifiers import HOUSE_ID, new_id
from fenqi.records.models import JournalEntry, JournalLine
from fenqi.records.scope import across_customers

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def an_entry() -> UUID:
    entry = JournalEntry.objects.create(
        customer_id=HOUSE_ID, seq=1, code="test", effective_on=date(2026, 11, 22), posted_at=NOW, currency="CNY",
        prev_hash=b"", hash=b"1",
    )  # fmt: skip
    return entry.id


def line(entry_id: UUID, n: int, *, debit: int = 0, credit: int = 0, account: str = "suspense") -> JournalLine:
    return JournalLine(
        customer_id=HOUSE_ID, id=new_id(), entry_id=entry_id, line_no=n, account=account, debit_minor=debit,
        credit_minor=credit, currency="CNY",
    )  # fmt: skip


@pytest.mark.requirement("R079")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_line SET debit_minor = 1",
        "DELETE FROM journal_line",
        "TRUNCATE journal_line",
        "UPDATE journal_entry SET code = 'other'",
        "DELETE FROM journal_entry",
        "TRUNCATE journal_entry CASCADE",
        "TRUNCATE plan_event",
    ],
)
def test_the_database_refuses_to_change_the_books(statement: str) -> None:
    entry_id = an_entry()
    JournalLine.objects.bulk_create([line(entry_id, 1, debit=5), line(entry_id, 2, credit=5)])
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
        across_customers(),
    ):
        cursor.execute(statement)
    assert JournalLine.objects.filter(customer_id=HOUSE_ID, debit_minor=5).count() == 1


def test_an_entry_that_does_not_balance_is_refused() -> None:
    entry_id = an_entry()
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        JournalLine.objects.bulk_create([line(entry_id, 1, debit=5), line(entry_id, 2, credit=4)])


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (5, 5), (-5, 0)])
def test_a_line_has_one_side_and_it_is_positive(debit: int, credit: int) -> None:
    entry_id = an_entry()
    with pytest.raises(IntegrityError, match="journal_line_one_side"), transaction.atomic():
        JournalLine.objects.bulk_create([line(entry_id, 1, debit=debit, credit=credit)])


def test_a_line_names_an_account_of_the_chart() -> None:
    entry_id = an_entry()
    with pytest.raises(IntegrityError, match="journal_line_account_fk"), transaction.atomic():
        JournalLine.objects.bulk_create(
            [line(entry_id, 1, debit=5, account="no.such"), line(entry_id, 2, credit=5, account="no.such")]
        )

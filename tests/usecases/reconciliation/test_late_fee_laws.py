"""The laws of late fees are broken on purpose and seen to be found."""

import pytest
from django.db import connection

from fenqi.records.kinds import APPEND_ONLY_TABLES
from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation.check import check_books
from late_plans import close, late

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("law", "statement"),
    [
        ("late_fees_are_accrued", "UPDATE late_fee_accrual SET charged_minor = charged_minor + 1"),
        ("late_fees_are_accrued", "DELETE FROM late_fee_accrual"),
        ("no_day_charged_twice", "UPDATE plan_event SET effective_on = '2026-02-05'"),
    ],
)
def test_a_broken_law_is_found(law: str, statement: str) -> None:
    late()
    for day in ("2026-02-05", "2026-02-06"):
        close(day)
    assert list(check_books()) == []
    with across_customers(), connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert law in {finding.law for finding in check_books()}

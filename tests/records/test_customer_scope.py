"""The guard itself: it must refuse what would visit every shard, and let pass what names its customer."""

import pytest
from django.db import connection

from customer_scope import CustomerNotNamed, check
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import Customer, Plan
from fenqi.records.scope import across_customers


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM plan",
        'SELECT "plan"."customer_id", "plan"."id" FROM "plan" WHERE "plan"."status" = %s',
        "UPDATE plan SET status = %s WHERE id = %s",
        "DELETE FROM installment WHERE plan_id = %s",
        "SELECT 1 FROM plan p JOIN orders o ON o.id = p.order_id WHERE p.customer_id = %s",
        "SELECT ref FROM customer",
        "INSERT INTO outbox (id) VALUES (%s)",
        "SELECT 1 FROM plan WHERE customer_id = (SELECT customer_id FROM orders)",
    ],
)
def test_a_statement_without_its_customer_is_refused(statement: str) -> None:
    with pytest.raises(CustomerNotNamed):
        check(statement)
    with across_customers():
        check(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM plan WHERE customer_id = %s",
        "SELECT 1 FROM plan p JOIN orders o ON o.id = p.order_id WHERE p.customer_id = %s AND o.customer_id = %s",
        "SELECT entry_seq FROM customer WHERE id = %s FOR NO KEY UPDATE",
        "INSERT INTO outbox (customer_id, id) VALUES (%s, %s)",
        "SELECT key FROM directory WHERE kind = %s",
        "TRUNCATE plan",
    ],
)
def test_a_statement_that_names_its_customer_passes(statement: str) -> None:
    check(statement)


@pytest.mark.django_db
def test_the_guard_hangs_on_the_connection_of_the_tests() -> None:
    assert Customer.objects.filter(id=HOUSE_ID).count() == 1
    assert not Plan.objects.filter(customer_id=HOUSE_ID).exists()
    with pytest.raises(CustomerNotNamed):
        Plan.objects.count()
    with pytest.raises(CustomerNotNamed), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_entry")

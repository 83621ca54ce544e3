"""Each law of reserves is broken on purpose and seen to be found; what nobody broke is clean."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from fenqi.records.kinds import APPEND_ONLY_TABLES
from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.reserves.capture import approve_capture, carry_out_capture, propose_capture
from fenqi.usecases.reserves.release import release_by_staff
from fenqi.usecases.reserves.send import send_release
from held import frozen, frozen_on_card, prepaid
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)

BREAKS = [
    ("reserves_add_up", "UPDATE reserve_hold SET released_minor = released_minor - 1 WHERE released_minor > 0"),
    ("reserves_add_up", "UPDATE reserve_move SET amount_minor = amount_minor + 1 WHERE kind = 'capture'"),
    ("reserves_add_up", "UPDATE reserve_hold SET state = 'closed' WHERE kind = 'frozen'"),
    ("reserves_are_booked_once", "UPDATE reserve_move SET entry_id = (SELECT entry_id FROM reserve_hold LIMIT 1)"),
    ("reserves_are_booked_once", "UPDATE journal_line SET account = 'suspense' WHERE account = 'reserve.owed'"),
    ("memo_accounts_agree", "UPDATE journal_line SET account = 'suspense' WHERE account = 'reserve.held'"),
    ("prepaid_reserves_are_paid", "UPDATE reserve_hold SET payment_id = NULL WHERE kind = 'prepaid'"),
    (
        "card_holds_are_whole",
        "UPDATE reserve_hold SET released_minor = released_minor + 1 WHERE card_id IS NOT NULL",
    ),
    ("captures_are_attempts", "UPDATE reserve_move SET attempt_id = NULL"),
]


@pytest.fixture
def everything_done(town: Town) -> None:
    """A frozen reserve, partly released and partly captured, a prepaid one beside it, and one on a card."""
    secured = frozen(town, now=NOW)
    key = (secured.customer_id, secured.hold_id)
    release_by_staff(*key, amount=20_000, note="客户要求提前退回", staff=finance("zhao"), now=NOW)
    send_release(secured.customer_id, secured.moves[-1].id, now=NOW)
    move_id = propose_capture(*key, amount=10_000, note="逾期未还", staff=finance("zhao"), now=NOW)
    at = approve_capture(secured.customer_id, move_id, staff=finance("qian"), now=NOW)
    carry_out_capture(secured.customer_id, move_id, now=at)
    prepaid(now=NOW)
    frozen_on_card(town, now=datetime.now(UTC))  # not NOW: the gateway takes no message ten minutes old


@pytest.mark.usefixtures("everything_done")
def test_a_broken_law_of_reserves_is_found() -> None:
    assert list(check_books()) == []
    for law, statement in BREAKS:
        assert law in _broken_by(statement), statement
    assert list(check_books()) == []


def _broken_by(statement: str) -> set[str]:
    """The laws that do not hold after the statement, which is undone afterwards."""
    found: set[str] = set()
    with across_customers(), transaction.atomic(), connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        found = {finding.law for finding in check_books()}
        transaction.set_rollback(True)
    return found

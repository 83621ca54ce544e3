"""A plugin of the tests: how a test that really commits is cleaned up after.

To truncate an empty table takes as long as any other, and most are empty: rows that are few are deleted one by one. The
books refuse both, so their triggers are off meanwhile; what the migrations put in is put back. Django's own command
would look through all apps anew for what a migration might have to make, after every test.
"""

from functools import cache
from typing import Any

import pytest
from django.db import connections, models, transaction  # noqa: F401  # models first: the backend imports in a ring
from django.db.backends.postgresql.creation import DatabaseCreation
from django.test import TransactionTestCase

from fenqi.records.identifiers import HOUSE_ID, house_of
from fenqi.records.kinds import APPEND_ONLY_TABLES
from fenqi.records.scope import across_customers
from foreign_keys import parents_first

_KEPT = frozenset(
    {
        "ledger_account",
        "aftersales_policy",
        "hardship_policy",
        "repayment_entry",
        "saved_answer",
        "django_content_type",
        "auth_permission",
        "django_migrations",
    }
)
_HOUSE = """
INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, entry_hash,
  registered_at, updated_at) VALUES (%s, %s, '', '', '', 'zh-hans', 0, '', '2026-01-01Z', '2026-01-01Z')
"""
_HOUSE_KEY = "INSERT INTO directory (kind, key, customer_id, target_id) VALUES ('customer_ref', %s, %s, %s)"
_HOUSES = {"house": HOUSE_ID, **{f"house:{name}": house_of(name) for name in ("alipay", "wechat_pay", "bank_card")}}


_FEW = 500


@cache
def _emptied(alias: str) -> tuple[str, ...]:
    """The tables that a test may have written to, in the order in which rows can go: who points at a row goes first."""
    return tuple(table for table in reversed(parents_first(connections[alias])) if table not in _KEPT)


def _flush(test: TransactionTestCase) -> None:
    for alias in test._databases_names(include_mirrors=False):  # type: ignore[attr-defined]  # private to Django
        _empty(connections[alias])


def _empty(connection: Any) -> None:
    tables = _emptied(connection.alias)
    counted = (f"SELECT '{name}', count(*) FROM (SELECT FROM {name} LIMIT {_FEW}) few" for name in tables)
    with across_customers(), transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counted))
        written = dict(cursor.fetchall())
        few = max(written.values()) < _FEW
        with_triggers = (table for table in (*APPEND_ONLY_TABLES, "published_text") if table in written)
        refusing = [table for table in with_triggers if written[table] or not few]
        for table in refusing:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        if few:
            for table in tables:
                if written[table]:
                    cursor.execute(f"DELETE FROM {table}")
        else:
            cursor.execute(f"TRUNCATE {', '.join(tables)}")
        for table in refusing:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        _take_back_entries(cursor)
        for ref, house in _HOUSES.items():
            cursor.execute(_HOUSE, [house, ref])
            cursor.execute(_HOUSE_KEY, [ref, house, house])


def _take_back_entries(cursor: Any) -> None:
    """What a test published beside the entries that the migration puts in."""
    cursor.execute("SELECT count(*) FROM repayment_entry WHERE published_by <> 'system'")
    if cursor.fetchone()[0]:
        cursor.execute("ALTER TABLE repayment_entry DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM repayment_entry WHERE published_by <> 'system'")
        cursor.execute("ALTER TABLE repayment_entry ENABLE TRIGGER USER")


def _destroy(creation: Any, test_database_name: str, _verbosity: int) -> None:
    """Also while a thread of the tests' web server still holds a connection."""
    with creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {creation.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="session")
def _the_books_can_be_emptied_between_tests() -> None:
    TransactionTestCase._fixture_teardown = _flush  # type: ignore[attr-defined]  # private to Django
    DatabaseCreation._destroy_test_db = _destroy  # type: ignore[attr-defined]  # private to Django

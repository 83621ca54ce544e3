"""A plugin of the tests: how a test that really commits is cleaned up after.

The books refuse TRUNCATE, so the triggers are off while the tables are emptied; what the migrations put in is put back.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connections, models, transaction  # noqa: F401  # models first: the backend imports in a ring
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.operations import DatabaseOperations

from fenqi.records.identifiers import HOUSE_ID, house_of
from fenqi.records.kinds import APPEND_ONLY_TABLES

_KEPT = ("ledger_account", "aftersales_policy", "django_content_type")
_HOUSE = """
INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, entry_hash,
  registered_at, updated_at) VALUES (%s, %s, '', '', '', 'zh-hans', 0, '', '2026-01-01Z', '2026-01-01Z')
"""
_HOUSE_KEY = "INSERT INTO directory (kind, key, customer_id, target_id) VALUES ('customer_ref', %s, %s, %s)"
_HOUSES = {"house": HOUSE_ID, **{f"house:{name}": house_of(name) for name in ("alipay", "wechat_pay", "bank_card")}}


def _flush(operations: DatabaseOperations, statements: Iterable[str]) -> None:
    connection = connections[operations.connection.alias]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            kept = statement
            for table in _KEPT:
                kept = kept.replace(f'"{table}", ', "").replace(f', "{table}"', "")
            cursor.execute(kept)
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_events")
        for ref, house in _HOUSES.items():
            cursor.execute(_HOUSE, [house, ref])
            cursor.execute(_HOUSE_KEY, [ref, house, house])


def _destroy(creation: Any, test_database_name: str, _verbosity: int) -> None:
    """Also while a thread of the tests' web server still holds a connection."""
    with creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {creation.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="session")
def _the_books_can_be_emptied_between_tests() -> None:
    DatabaseOperations.execute_sql_flush = _flush  # type: ignore[method-assign, assignment]  # that is the point
    DatabaseCreation._destroy_test_db = _destroy  # type: ignore[attr-defined]  # private to Django

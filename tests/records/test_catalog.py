"""The catalog itself is asked whether every table keeps the scale rules."""

from typing import Any

import pytest
from django.db import connection

from fenqi.records.kinds import APPEND_ONLY_TABLES, KIND_OF, SPREAD_TABLES, TableKind

pytestmark = pytest.mark.django_db

OF_LIBRARIES = ("django_", "auth_", "axes_", "otp_", "procrastinate_")


def rows(statement: str, *parameters: str | bool | list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def test_every_table_is_declared_to_be_of_one_kind() -> None:
    tables = {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        if not name.startswith(OF_LIBRARIES)
    }
    assert tables == set(KIND_OF)


@pytest.mark.parametrize("table", [name for name in SPREAD_TABLES if name != "customer"])
def test_a_spread_table_is_keyed_by_customer_and_id(table: str) -> None:
    assert key_columns(table, primary=True) == [["customer_id", "id"]]


def key_columns(table: str, *, primary: bool = False) -> list[list[str]]:
    """The columns of each unique index of the table."""
    found = rows(
        """
        SELECT i.indexrelid, array_agg(a.attname ORDER BY k.ord)
        FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, ord)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = %s::regclass AND i.indisunique AND (i.indisprimary OR NOT %s) GROUP BY 1
        """,
        table,
        primary,
    )
    return [columns for _, columns in found]


@pytest.mark.parametrize("table", [name for name in SPREAD_TABLES if name != "customer"])
def test_what_is_unique_in_a_spread_table_is_so_within_a_customer(table: str) -> None:
    for columns in key_columns(table):
        assert "customer_id" in columns


@pytest.mark.parametrize("table", [*SPREAD_TABLES, "directory", "price_observation"])
def test_no_key_is_made_by_the_database(table: str) -> None:
    defaults = rows(
        """
        SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
        JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = %s::regclass
        """,
        table,
    )
    assert defaults == []


def test_foreign_keys_stay_on_the_customers_shard_or_go_to_a_small_table() -> None:
    keys = rows(
        """
        SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.condeferrable, c.confdeltype,
          (SELECT array_agg(a.attname ORDER BY k.ord) FROM unnest(c.conkey) WITH ORDINALITY k(n, ord)
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n)
        FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """
    )
    ours = [key for key in keys if key[0] in KIND_OF and KIND_OF[key[0]] is not TableKind.CENTRAL]
    assert len(ours) >= 17
    for table, parent, deferrable, on_delete, columns in ours:
        assert not deferrable, table
        assert on_delete in ("a", "c"), table
        kind = KIND_OF[parent]
        assert kind in (TableKind.SPREAD, TableKind.SMALL), (table, parent)
        assert kind is TableKind.SMALL or columns[0] == "customer_id", (table, columns)


def test_central_tables_are_tied_only_to_central_tables() -> None:
    keys = rows(
        """
        SELECT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """
    )
    for table, parent in keys:
        if KIND_OF.get(table) is TableKind.CENTRAL:
            assert KIND_OF.get(parent, TableKind.CENTRAL) is TableKind.CENTRAL, (table, parent)


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_an_append_only_table_has_its_two_triggers(table: str) -> None:
    triggers = rows(
        """
        SELECT tgname, tgtype, tgenabled, tgdeferrable FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal
        """,
        table,
    )
    by_name = {name: (kind, enabled, deferrable) for name, kind, enabled, deferrable in triggers}
    # tgtype bits: row 1, before 2, delete 8, update 16, truncate 32
    assert by_name[f"{table}_append_only"] == (1 | 2 | 8 | 16, "O", False)
    assert by_name[f"{table}_no_truncate"] == (2 | 32, "O", False)


def test_entries_are_judged_by_the_statement_that_wrote_them() -> None:
    ((kind, new_table, deferrable),) = rows(
        """
        SELECT tgtype, tgnewtable, tgdeferrable FROM pg_trigger WHERE tgname = 'journal_line_entries_balance'
        """
    )
    assert kind == 4  # after insert, for each statement
    assert new_table == "inserted"
    assert not deferrable


def test_trigger_functions_read_no_session_variables() -> None:
    bodies = rows(
        """
        SELECT p.prosrc FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
        JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relname = ANY(%s)
        """,
        list(SPREAD_TABLES),
    )
    assert bodies
    for (body,) in bodies:
        assert "current_setting" not in body

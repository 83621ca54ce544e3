"""The order of tables in which every row finds what it points at."""

from graphlib import TopologicalSorter

from django.db.backends.base.base import BaseDatabaseWrapper

_REFERENCES = """
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND conrelid <> confrelid
"""


def parents_first(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """All tables of the database, none before those that its rows point at."""
    with connection.cursor() as cursor:
        targets: dict[str, set[str]] = {name: set() for name in connection.introspection.table_names(cursor)}
        cursor.execute(_REFERENCES)
        for table, target in cursor.fetchall():
            targets[table].add(target)
    return tuple(TopologicalSorter(targets).static_order())

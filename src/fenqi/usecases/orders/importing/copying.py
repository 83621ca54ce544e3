"""Many rows into one table by COPY."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db import connection
from psycopg import sql

Columns = Mapping[str, Any]


def copy_rows(table: str, rows: Sequence[Columns]) -> None:
    """Insert the rows, each a mapping with the same columns as the first, in one statement."""
    if not rows:
        return
    columns = tuple(rows[0])
    values = itemgetter(*columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(values(row))

"""Many rows into one table by COPY, in its text format: rows can be written out long before they are sent."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg import sql

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


class Table:
    """A table and its columns, as its model has them."""

    def __init__(self, model: type[models.Model]) -> None:
        columns = [field.column for field in model._meta.concrete_fields if field.column]  # noqa: SLF001  # Django's door
        self.name = model._meta.db_table  # noqa: SLF001
        self.is_spread = "customer_id" in columns
        self.columns = tuple(column for column in columns if column != "customer_id")
        self._values = itemgetter(*self.columns)

    def text(self, row: Mapping[str, Any]) -> str:
        """The row without its customer, who may not be known yet. Raises KeyError when a column is missing."""
        return "\t".join([_cell(value) for value in self._values(row)])

    def copy(self, rows: Sequence[str]) -> None:
        """Insert the rows, each a text after `customer_id` and a tab where the table is spread, in one statement."""
        if not rows:
            return
        columns = ("customer_id", *self.columns) if self.is_spread else self.columns
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("\n".join(rows))
            copy.write("\n")


def of_customer(customer_id: UUID, texts: Sequence[str]) -> list[str]:
    """The rows with their customer in front."""
    prefix = f"{customer_id}\t"
    return [prefix + text for text in texts]


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if value is None:
        return _NULL
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value)

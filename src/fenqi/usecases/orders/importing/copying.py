"""Many rows into one table by COPY, in its text format: rows can be written out long before they are sent."""

from collections.abc import Callable, Mapping, Sequence
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
        return "\t".join([_WRITERS[type(value)](value) for value in self._values(row)])

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


class _Writers(dict[type, Callable[[Any], str]]):
    """By type, what writes a value; a type that is none of these is written as the one it derives from."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        writer = next((self[base] for base in kind.__mro__ if base in self), str)
        self[kind] = writer
        return writer


_WRITERS = _Writers(
    {
        str: lambda text: text if text.isalnum() else text.translate(_ESCAPES),
        bytes: lambda content: "\\\\x" + content.hex(),
        type(None): lambda _none: _NULL,
        int: int.__repr__,
        bool: str,
    }
)

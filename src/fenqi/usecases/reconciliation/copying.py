"""Rows out of the database into frames, and frames into a table, by COPY: no row passes through Python by itself."""

import io
from collections.abc import Iterator
from typing import Final

import polars as pl
from django.db import connection
from psycopg import sql

BLOCK_BYTES: Final = 8_000_000


def frames(query: sql.Composable, schema: pl.Schema) -> Iterator[pl.DataFrame]:
    """The query's rows, some megabytes of text at a time; no text in them holds a line break."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        block = bytearray()
        for piece in copy:
            block += piece
            if len(block) >= BLOCK_BYTES:
                yield _frame(block, schema)
                block = bytearray()
        if block:
            yield _frame(block, schema)


def _frame(block: bytearray, schema: pl.Schema) -> pl.DataFrame:
    """PostgreSQL hands over whole rows."""
    return pl.read_csv(io.BytesIO(block), has_header=False, schema=schema)


def insert(table: str, frame: pl.DataFrame) -> None:
    """Add the frame's rows to the table, whose columns are named as the frame's."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for rows in frame.iter_slices(100_000):
            copy.write(rows.write_csv(include_header=False, quote_style="non_numeric").encode())

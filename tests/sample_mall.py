"""The sample mall, loaded once and then put back as it was: loading it takes longer than most tests of it.

It is told anew when it is a minute old, so that nothing in it is later or earlier than a test may rely on.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from click.testing import CliRunner
from django.db import connection, transaction

from fenqi.interfaces.commands.demo import demo
from fenqi.usecases import clock, rate_limits
from foreign_keys import parents_first

FRESH_SECONDS = 60
# Events of jobs are written by a trigger of the jobs.
NOT_KEPT = frozenset({"procrastinate_events"})

Rows = Mapping[str, frozenset[bytes]]
"""The rows of tables as PostgreSQL copies them out, by the table's name."""


@dataclass(slots=True)
class SampleMall:
    """What loading it adds to the database. As long as it only adds, it can be put back."""

    loaded_at: float = float("-inf")
    day: date | None = None
    added: Rows = field(default_factory=dict)

    def load(self) -> None:
        if self.added and self._is_fresh():
            self._put_back()
        else:
            self._tell()

    def _is_fresh(self) -> bool:
        return time.monotonic() - self.loaded_at < FRESH_SECONDS and self.day == clock.business_date(clock.now())

    def _tell(self) -> None:
        self.loaded_at, self.day = time.monotonic(), clock.business_date(clock.now())
        before = {table: rows_of(table) for table in parents_first(connection) if table not in NOT_KEPT}
        CliRunner().invoke(demo, ["--quiet"], catch_exceptions=False)
        after = {table: rows_of(table) for table in before}
        self.added = {} if beyond(before, after) else beyond(after, before)

    def _put_back(self) -> None:
        rate_limits.forget()  # its customers are the same again, and new to whoever counts
        with transaction.atomic():
            for table in parents_first(connection):
                if table in self.added:
                    write(table, self.added[table])


def beyond(these: Rows, those: Rows) -> Rows:
    """The rows of these that those do not have, by table."""
    return {table: more for table, rows in these.items() if (more := rows - those[table])}


def rows_of(table: str) -> frozenset[bytes]:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return frozenset(b"".join(copy).splitlines(keepends=True))


def write(table: str, rows: frozenset[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(b"".join(rows))

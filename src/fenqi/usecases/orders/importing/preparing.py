"""From a file to batches that are ready to be written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from zoneinfo import ZoneInfo

from fenqi.domain.errors import FenqiError
from fenqi.usecases import clock
from fenqi.usecases.orders.importing.batch import Batch
from fenqi.usecases.orders.importing.files import OrderFile, order_file
from fenqi.usecases.orders.importing.mapping import FileMapping
from fenqi.usecases.orders.importing.prepare import PreparedOrder, prepare
from fenqi.usecases.orders.importing.rejects import Reject
from fenqi.usecases.orders.importing.rows import Group

ORDERS_PER_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Which orders of which file are to be prepared: those after `rows_done` rows."""

    path: Path
    mapping: FileMapping | None
    zone: ZoneInfo
    scattered: frozenset[str]
    rows_done: int
    orders_per_batch: int


def prepared_batches(work: Work, *, turn: int = 0, turns: int = 1) -> Iterator[Batch]:
    """The batches in the order of the file, or of each `turns` of them the one whose `turn` it is.

    Raises FileDamaged, FileRefused.
    """
    file = order_file(work.path, mapping=work.mapping, zone=work.zone)
    file.scattered = work.scattered
    groups = file.groups()
    skip(groups, work.rows_done)
    rows_done = work.rows_done
    for number in count():
        some = list(islice(groups, work.orders_per_batch))
        if not some:
            return
        if number % turns == turn:
            yield _prepared(file, some, rows_before=rows_done)
        rows_done += _rows_of(some)


def _rows_of(groups: Sequence[Group]) -> int:
    return sum(len(group.records) for group in groups)


def skip(groups: Iterator[Group], rows: int) -> int:
    """Read past so many rows; the line of the last of them."""
    last_line = 0
    while rows > 0:
        group = next(groups)
        rows -= len(group.records)
        last_line = group.records[-1].line
    return last_line


def _prepared(file: OrderFile, groups: Sequence[Group], *, rows_before: int) -> Batch:
    orders: list[PreparedOrder] = []
    rejects: list[Reject] = []
    now = clock.now()
    for group in groups:
        lines = tuple(record.line for record in group.records)
        try:
            orders.append(prepare(file.translate(group), lines=lines, now=now))
        except FenqiError as refusal:
            rejects.extend(Reject.of(line, group.order_no, refusal) for line in lines)
    return Batch(
        orders=tuple(orders),
        rejects=tuple(rejects),
        rejected_orders=len(groups) - len(orders),
        rows_before=rows_before,
        rows_done=rows_before + _rows_of(groups),
    )

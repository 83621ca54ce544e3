"""The import of a file from beginning to end: prepare a batch while the one before is written, and resume."""

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import DataError, IntegrityError, OperationalError, transaction

from fenqi.records.models import ImportRun
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.orders.importing import preparing
from fenqi.usecases.orders.importing.batch import Batch, Written, write_batch, write_singly
from fenqi.usecases.orders.importing.files import order_file
from fenqi.usecases.orders.importing.helper import HELPERS, prepared_elsewhere
from fenqi.usecases.orders.importing.mapping import FileMapping
from fenqi.usecases.orders.importing.preparing import Work, prepared_batches, skip
from fenqi.usecases.orders.importing.refusals import FileRefused, ImportInProgress
from fenqi.usecases.orders.importing.rejects import RejectsFile
from fenqi.usecases.orders.importing.source import digest_of

FEW_ROWS = 5_000
PAUSES = (0.05, 0.2, 1.0)  # seconds before a batch is tried again

Writer = Callable[..., Written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far an import is, after each batch."""

    rows_done: int
    rows: int
    orders_per_second: float  # of this run


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of every row and every order of the file, over all runs that it took."""

    file_digest: str
    rows: int
    rows_taken: int
    rows_unchanged: int
    rows_rejected: int
    orders: int
    orders_taken: int
    orders_unchanged: int
    orders_rejected: int
    plans: int
    customers: int
    prices: int
    rejected_for: dict[str, int]  # rows, by code
    notes: dict[str, int]  # orders that were taken, by what is unusual about them
    unread_columns: tuple[str, ...]
    resumed_after_row: int  # 0: from the beginning
    rejects_file: Path | None
    seconds: float  # of this run
    orders_per_second: float  # of this run
    peak_memory_bytes: int  # of this process and its helpers


def import_orders(
    path: Path,
    *,
    rejects: Path,
    mapping: FileMapping | None = None,
    watch: Callable[[Step], None] | None = None,
) -> ImportReport:
    """Take the orders of a file. Taken twice, a file adds nothing; killed, it goes on after its last whole batch.

    Every row is taken, unchanged or rejected, and `rejects` says why. Raises FileRefused, FileDamaged,
    ImportInProgress.
    """
    started = time.monotonic()
    if rejects.exists() and rejects.samefile(path):
        raise FileRefused(problem="the rejects would overwrite it", problem_zh="拒收文件不能与源文件相同")
    file = order_file(path, mapping=mapping, zone=clock.mall_zone())
    survey = file.survey()
    run = _Run.begin(digest_of(path), mapping.digest if mapping else "own")
    resumed_after_row, orders_before = run.rows_done, run.orders_done
    rejects_file = RejectsFile(rejects)
    work = Work(
        path=path,
        mapping=mapping,
        zone=clock.mall_zone(),
        scattered=survey.scattered,
        rows_done=run.rows_done,
        orders_per_batch=preparing.ORDERS_PER_BATCH,
    )
    try:
        rejects_file.keep_up_to(skip(file.groups(), run.rows_done))
        for batch in _batches(work, rows=survey.rows):
            run.write(batch, rejects_file)
            if watch:
                rate = (run.orders_done - orders_before) / (time.monotonic() - started)
                watch(Step(rows_done=run.rows_done, rows=survey.rows, orders_per_second=rate))
        run.finish()
    finally:
        rejects_file.close()
    seconds = time.monotonic() - started
    return ImportReport(
        file_digest=run.file_digest,
        rows=run.rows_done,
        rows_taken=run.counts["rows_taken"],
        rows_unchanged=run.counts["rows_unchanged"],
        rows_rejected=run.counts["rows_rejected"],
        orders=run.orders_done,
        orders_taken=run.counts["orders_taken"],
        orders_unchanged=run.counts["orders_unchanged"],
        orders_rejected=run.counts["orders_rejected"],
        plans=run.counts["plans"],
        customers=run.counts["customers"],
        prices=run.counts["prices"],
        rejected_for=_named(run.counts, "rejected."),
        notes=_named(run.counts, "note."),
        unread_columns=file.unread_columns,
        resumed_after_row=resumed_after_row,
        rejects_file=rejects if run.counts["rows_rejected"] else None,
        seconds=seconds,
        orders_per_second=(run.orders_done - orders_before) / seconds,
        peak_memory_bytes=_peak_memory(),
    )


def _batches(work: Work, *, rows: int) -> Iterator[Batch]:
    """A helper takes longer to start than few rows take."""
    return prepared_elsewhere(work) if rows - work.rows_done > FEW_ROWS else prepared_batches(work)


def _peak_memory() -> int:
    """Ours, and the largest helper's as often as there are helpers."""
    ours, largest = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return 1024 * (ours + HELPERS * largest)


def _named(counts: Counter[str], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}


class _Run:
    """One file on its way in, and its checkpoint in `import_run`."""

    def __init__(self, *, run_id: UUID, file_digest: str, rows_done: int, counts: Counter[str]) -> None:
        self.id = run_id
        self.file_digest = file_digest
        self.rows_done = rows_done
        self.counts = counts

    @property
    def orders_done(self) -> int:
        return self.counts["orders_taken"] + self.counts["orders_unchanged"] + self.counts["orders_rejected"]

    @classmethod
    def begin(cls, file_digest: str, mapping_digest: str) -> "_Run":
        """Go on where an interrupted run stopped; look through a finished file again from its beginning."""
        now = clock.now()
        stored, _ = ImportRun.objects.get_or_create(
            file_digest=file_digest,
            mapping_digest=mapping_digest,
            defaults={"started_at": now, "updated_at": now},
        )
        if stored.finished_at:
            ImportRun.objects.filter(id=stored.id).update(
                rows_done=0, counts={}, finished_at=None, started_at=now, updated_at=now
            )
            return cls(run_id=stored.id, file_digest=file_digest, rows_done=0, counts=Counter())
        return cls(run_id=stored.id, file_digest=file_digest, rows_done=stored.rows_done, counts=Counter(stored.counts))

    def write(self, batch: Batch, rejects: RejectsFile) -> None:
        """The batch; tried again when somebody came between, order by order when the database goes on refusing."""
        for pause in PAUSES:
            try:
                self._write_once(batch, rejects, write_batch)
            except (IntegrityError, DataError, OperationalError):
                time.sleep(pause)
            else:
                return
        self._write_once(batch, rejects, write_singly)

    def _write_once(self, batch: Batch, rejects: RejectsFile, write: Writer) -> None:
        """A batch with its rejects and its checkpoint, in one transaction."""
        now = clock.now()
        with across_customers(), rejects.all_or_nothing(), transaction.atomic():
            written = write(batch, now=now)
            counts = self.counts + _counted(written)
            self._move_checkpoint(batch, counts, now=now)
            rejects.add(written.rejects)
        self.rows_done, self.counts = batch.rows_done, counts

    def _move_checkpoint(self, batch: Batch, counts: Counter[str], *, now: datetime) -> None:
        moved = ImportRun.objects.filter(id=self.id, rows_done=batch.rows_before, finished_at=None).update(
            rows_done=batch.rows_done, counts=dict(counts), updated_at=now
        )
        if not moved:
            raise ImportInProgress

    def finish(self) -> None:
        now = clock.now()
        ImportRun.objects.filter(id=self.id).update(finished_at=now, updated_at=now)


def _counted(written: Written) -> Counter[str]:
    written.counts.update(f"rejected.{reject.code}" for reject in written.rejects)
    return written.counts

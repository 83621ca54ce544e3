"""The outbox and the queue in simulated time: each message is done at its own instant, in this process, in order.

A message is marked as done after it was done, so a year that is killed does it again: every job may run twice.
"""

import time as machine
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import structlog
from django.db import connection
from procrastinate.contrib.django import app

from fenqi.interfaces.commands.demo_year.moments import Calendar
from fenqi.records.documents import from_jsonb
from fenqi.records.scope import across_customers

if TYPE_CHECKING:
    from procrastinate.jobs import Job

BATCH: Final = 200
DONE_BY: Final = "simulated year"

_DUE: Final = """
SELECT customer_id, id, topic, body, not_before, tries FROM outbox
WHERE done_at IS NULL AND not_before <= %s ORDER BY not_before, id LIMIT %s
"""
_DONE: Final = (
    "UPDATE outbox SET claimed_by = %s, claimed_at = %s, done_at = %s, error = %s WHERE customer_id = %s AND id = %s"
)
_LATER: Final = "UPDATE outbox SET tries = tries + 1, not_before = %s, error = %s WHERE customer_id = %s AND id = %s"
_JOBS: Final = """
DELETE FROM procrastinate_jobs WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s)
RETURNING id, task_name, args
"""

_log = structlog.get_logger(__name__)


class Queue:
    """`done` counts by topic, `given_up` what no retry will do."""

    def __init__(self, calendar: Calendar) -> None:
        app.perform_import_paths()  # type: ignore[no-untyped-call]  # the tasks of every room
        self._calendar = calendar
        self.done: Counter[str] = Counter()
        self.given_up: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def run_until(self, until: datetime) -> int:
        """Do what is due by then, and what that leaves to do by then; how many there were."""
        before = self.done.total()
        while messages := self._due(until):
            for customer_id, key, topic, body, not_before, tries in messages:
                arguments = {"customer_id": str(customer_id), **from_jsonb(body)}
                with self._calendar.standing(not_before) as now:
                    again = self.run(topic, arguments, tries=tries)
                    self._note(customer_id, key, again, now=now)
        self._run_jobs(until)
        return self.done.total() - before

    def run(self, task_name: str, arguments: dict[str, Any], *, tries: int = 0) -> "Again | None":
        """Do a job now; when to do it again, if it failed and may be tried again."""
        task = app.tasks[task_name]
        began = machine.monotonic()
        try:
            task.func(**arguments)
        except Exception as fault:  # noqa: BLE001 - the queue's own way: the retry strategy decides
            return self._again(task, task_name, fault, tries=tries)
        finally:
            self.seconds[task_name] += machine.monotonic() - began
        self.done[task_name] += 1
        return None

    def _again(self, task: Any, task_name: str, fault: Exception, *, tries: int) -> "Again":
        job = cast("Job", SimpleNamespace(attempts=tries))
        strategy = task.retry_strategy
        decision = strategy.get_retry_decision(exception=fault, job=job) if strategy else None
        if decision is None or decision.retry_at is None:
            self.given_up[f"{task_name}:{type(fault).__name__}"] += 1
            _log.warning("year_job_given_up", task=task_name, error=type(fault).__name__, text=str(fault)[:200])
            return Again(None, type(fault).__name__)
        # the strategy reckons by the machine's clock
        pause = decision.retry_at.timestamp() - machine.time()
        return Again(timedelta(seconds=max(1.0, round(pause))), type(fault).__name__)

    def _due(self, until: datetime) -> list[tuple[Any, ...]]:
        with across_customers(), connection.cursor() as cursor:
            cursor.execute(_DUE, [until, BATCH])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _note(self, customer_id: UUID, key: UUID, again: "Again | None", *, now: datetime) -> None:
        with across_customers(), connection.cursor() as cursor:
            if again is not None and again.after is not None:
                cursor.execute(_LATER, [now + again.after, again.why, customer_id, key])
            else:
                cursor.execute(_DONE, [DONE_BY, now, now, again.why if again else "", customer_id, key])

    def _run_jobs(self, until: datetime) -> None:
        """What a job handed to the queue itself."""
        for name, arguments in self._taken(until):
            with self._calendar.standing(until):
                self.run(name, arguments)

    def _taken(self, until: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
        with connection.cursor() as cursor:
            cursor.execute(_JOBS, [until])
            rows = sorted(cursor.fetchall())
        for _id, name, arguments in rows:
            yield name, arguments if isinstance(arguments, dict) else from_jsonb(arguments)


class Again:
    """A job that failed: to be done again `after` so long, or never."""

    def __init__(self, after: timedelta | None, why: str) -> None:
        self.after = after
        self.why = why[:200]

"""The daily close beside a bare set-based pass that changes the same rows, on one server in one run.

Every plan has twelve installments; of thirty plans one is due on the day, one is past due and takes a late fee, and
those that are due in some days, today or since some days are reminded. The close is all of it: ranges, locks, events,
entries with their hash chain, accruals, notices, counts. The bare pass writes the events, entries, lines, rows, notices
and messages of the same day in nine statements without locks, hashes, checks or counts, and is taken back before the
close does the day for good. Of three days the one in the middle counts.
"""

import json
import resource
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from fenqi.interfaces.commands.bench_repayments import own_place

if TYPE_CHECKING:
    from fenqi.usecases.closing.run import Closed

DAYS: Final = 3
BARE_ROUNDS: Final = 2
"""The first warms the caches for both."""

DAY: Final = date(2026, 6, 10)
"""A Wednesday, as the due dates of those that are late are working days."""

_TERMS: Final = {
    "principal": 120_000,
    "currency": "CNY",
    "installments": 12,
    "every": 1,
    "unit": "month",
    "method": "interest_free",
    "rounding": "half_up",
    "grace_days": 3,
    "late_fee": {"daily_rate": "0.05", "base": "overdue_amount", "cap_percent": "100"},
}

# Plan n: due on the day (n % 30 = 0), some days ago and unpaid (1), or within the month to come. Half of those that are
# late took their first fee the day before, half take it on the day.
_SEED: Final = (
    """
    CREATE TEMP TABLE seed AS SELECT n, md5('c' || n)::uuid AS c, md5('o' || n)::uuid AS o, md5('p' || n)::uuid AS
      p, CASE WHEN n %% 30 = 1 THEN %(day)s::date - 4 - (n / 30) %% 2 ELSE %(day)s::date + n %% 30 END AS due
      FROM generate_series(1, %(plans)s) n
    """,
    """
    INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, entry_hash,
      registered_at, updated_at) SELECT c, 'b' || n, '', '', '', 'zh-hans', 1, '', %(now)s, %(now)s FROM seed
      ORDER BY c
    """,
    """
    INSERT INTO orders (customer_id, id, order_no, sales_channel, status, currency, total_minor, placed_at, source,
      digest, created_at, updated_at) SELECT c, o, 'B' || n, 'OFFICIAL', 'delivered', 'CNY', 120000, %(now)s,
      'import', '', %(now)s, %(now)s FROM seed ORDER BY c
    """,
    """
    INSERT INTO plan (customer_id, id, order_id, currency, terms, provider, fee_bearer, opened_on,
      installment_count, version, status, principal_minor, outstanding_minor, balance_minor, next_due_on,
      last_due_on, updated_at) SELECT c, p, o, 'CNY', %(terms)s::jsonb || jsonb_build_object('opened_on', due -
      31, 'first_due_on', due), 'mall', 'CUSTOMER', due - 31, 12, 0, 'active', 120000, 120000, 0, due, (due +
      interval '11 months')::date, %(now)s FROM seed ORDER BY c
    """,
    """
    INSERT INTO installment (customer_id, id, plan_id, n, due_on, is_down_payment, principal_minor, interest_minor,
      fee_minor, late_fee_minor, principal_paid_minor, interest_paid_minor, fee_paid_minor, late_fee_paid_minor,
      paid_early_minor, paid_late_minor) SELECT c, md5('i' || n || '|' || k)::uuid, p, k, (due +
      make_interval(months => k - 1))::date, false, 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM seed CROSS JOIN
      generate_series(1, 12) k ORDER BY c, k
    """,
    """
    INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, plan_id, order_id,
      prev_hash, hash) SELECT c, md5('e' || n)::uuid, 1, 'opened', due - 31, %(now)s, 'CNY', p, o, ''::bytea,
      sha256(convert_to(concat_ws('|', '', md5('e' || n)::uuid, c, 1, (extract(epoch FROM %(now)s::timestamptz)
      * 1000000)::bigint, to_char(due - 31, 'YYYY-MM-DD'), 'opened', p, 'CNY',
      '1,receivable.principal,120000,0;2,sales.clearing,0,120000'), 'UTF8')) FROM seed ORDER BY c
    """,
    """
    INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency,
      plan_id, order_id) SELECT c, md5('l' || n || '|' || k)::uuid, md5('e' || n)::uuid, k, CASE k WHEN 1 THEN
      'receivable.principal' ELSE 'sales.clearing' END, CASE k WHEN 1 THEN 120000 ELSE 0 END, CASE k WHEN 1 THEN
      0 ELSE 120000 END, 'CNY', p, o FROM seed CROSS JOIN generate_series(1, 2) k ORDER BY c, k
    """,
    "UPDATE customer SET entry_hash = e.hash FROM journal_entry e WHERE e.customer_id = customer.id",
    "DROP TABLE seed",
)

_BARE: Final = (
    """
    CREATE TEMP TABLE due AS SELECT i.customer_id, i.plan_id, i.n, p.order_id, p.version + 1 AS seq, c.entry_seq + 1
      AS entry_seq, round((i.principal_minor - i.principal_paid_minor) * 0.0005)::bigint AS minor, i.due_on,
      md5('bare-v' || i.plan_id || i.n)::uuid AS event_id, md5('bare-e' || i.plan_id || i.n)::uuid AS entry_id
      FROM plan p JOIN installment i ON i.customer_id = p.customer_id AND i.plan_id = p.id JOIN customer c ON
      c.id = p.customer_id WHERE p.next_due_on < %(day)s AND i.due_on + 3 < %(day)s AND i.principal_minor >
      i.principal_paid_minor
    """,
    """
    INSERT INTO plan_event (customer_id, id, plan_id, seq, kind, effective_on, amount_minor, body, actor,
      recorded_at) SELECT customer_id, event_id, plan_id, seq, 'late_fee', %(day)s, minor,
      jsonb_build_object('id', event_id, 'kind', 'late_fee', 'on', %(day)s::date, 'amount', minor, 'due_on',
      due_on), 'bare', %(now)s FROM due
    """,
    """
    INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, plan_id, order_id,
      event_id, prev_hash, hash) SELECT customer_id, entry_id, entry_seq, 'late_fee', %(day)s, %(now)s, 'CNY',
      plan_id, order_id, event_id, ''::bytea, ''::bytea FROM due
    """,
    """
    INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency,
      plan_id, order_id) SELECT customer_id, md5(entry_id::text || k)::uuid, entry_id, k, CASE k WHEN 1 THEN
      'receivable.late_fee' ELSE 'income.late_fee' END, CASE k WHEN 1 THEN minor ELSE 0 END, CASE k WHEN 1 THEN
      0 ELSE minor END, 'CNY', plan_id, order_id FROM due CROSS JOIN (VALUES (1), (2)) AS side(k)
    """,
    """
    UPDATE installment i SET late_fee_minor = i.late_fee_minor + d.minor FROM due d WHERE i.customer_id =
      d.customer_id AND i.plan_id = d.plan_id AND i.n = d.n
    """,
    """
    UPDATE plan p SET outstanding_minor = p.outstanding_minor + d.minor, version = p.version + 1, updated_at =
      %(now)s FROM due d WHERE p.customer_id = d.customer_id AND p.id = d.plan_id
    """,
    "UPDATE customer c SET entry_seq = d.entry_seq FROM due d WHERE c.id = d.customer_id",
    """
    INSERT INTO notice (customer_id, id, message, subject, weight, params, language, bills, remind_offset, state,
      reason, due_at, created_at) SELECT i.customer_id, md5('bare-n' || i.id)::uuid, 'due_soon', 'due:' || i.due_on,
      'reminder', '{}', 'zh', jsonb_build_array(i.plan_id || ':' || i.n), i.due_on - %(day)s::date, 'waiting', '',
      %(now)s, %(now)s FROM installment i JOIN plan p ON p.customer_id = i.customer_id AND p.id = i.plan_id WHERE
      i.due_on = ANY(%(remind_of)s) AND p.status = 'active' AND i.principal_minor > i.principal_paid_minor
    """,
    """
    INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at) SELECT customer_id,
      md5('bare-m' || id)::uuid, 'send_notice', jsonb_build_object('notice_id', id::text), %(now)s, 0, '', %(now)s
      FROM notice WHERE created_at = %(now)s
    """,
)


def daily_close_figures(plans: int = 100_000) -> dict[str, float]:
    """Plans a second of the close and of the bare pass, seconds, the ratio of speeds, peak memory of this process."""
    with own_place():
        _seed(plans)
        _close(DAY - timedelta(days=1))
        days = [_day(DAY + timedelta(days=n)) for n in range(DAYS)]
        again = _again(days[-1].day)
    middle = sorted(days, key=lambda one: one.ratio)[DAYS // 2]
    return {
        "plans": plans,
        "due_that_day": plans // 30,
        "late_fees_charged": middle.charged,
        "reminders_queued": middle.reminded,
        "close_seconds": middle.close_seconds,
        "close_plans_per_second": plans / middle.close_seconds,
        "closed_again_seconds": again,
        "bare_seconds": middle.bare_seconds,
        "bare_plans_per_second": plans / middle.bare_seconds,
        "daily_close_ratio": middle.ratio,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    day: date
    charged: int
    reminded: int
    bare_seconds: float
    close_seconds: float

    @property
    def ratio(self) -> float:
        return self.bare_seconds / self.close_seconds


def _day(day: date) -> _Day:
    """The bare pass over the day, which leaves nothing, and the close of the day after it."""
    bare, bare_seconds = _bare(day)
    _settle()
    started = time.monotonic()
    (done,) = _close(day)
    close_seconds = time.monotonic() - started
    charged, reminded = done.counts["charged"], done.counts["steps"]["reminders_queued"]
    assert bare == (charged, reminded), f"the bare pass charged and reminded {bare}, the close {done.counts}"
    return _Day(day=day, charged=charged, reminded=reminded, bare_seconds=bare_seconds, close_seconds=close_seconds)


def _again(day: date) -> float:
    started = time.monotonic()
    _close(day)
    return time.monotonic() - started


def _close(day: date) -> "tuple[Closed, ...]":
    from fenqi.usecases.closing.run import close_day  # noqa: PLC0415 - needs Django set up

    return close_day(day, started_by="bench", now=lambda: _at(day))


def _at(day: date) -> datetime:
    """Ten past midnight of the day in Shanghai."""
    return datetime(day.year, day.month, day.day, 0, 10, tzinfo=UTC) - timedelta(hours=8)


def _seed(plans: int) -> None:
    from django.db import connection, transaction  # noqa: PLC0415

    from fenqi.records.scope import across_customers  # noqa: PLC0415

    given: dict[str, Any] = {
        "day": DAY,
        "plans": plans,
        "now": _at(DAY - timedelta(days=60)),
        "terms": json.dumps(_TERMS),
    }
    with transaction.atomic(), across_customers(), connection.cursor() as cursor:
        for statement in _SEED:
            cursor.execute(statement, given)
    _settle()


def _bare(day: date) -> tuple[tuple[int, int], float]:
    """How many fees and reminders it wrote, and the seconds of the quicker of two rounds, both taken back."""
    from django.db import connection, transaction  # noqa: PLC0415

    from fenqi.records.scope import across_customers  # noqa: PLC0415
    from fenqi.usecases.notices.offsets import reminder_offsets  # noqa: PLC0415

    given: dict[str, Any] = {
        "day": day,
        "now": _at(day),
        "remind_of": [day + timedelta(days=n) for n in reminder_offsets()],
    }
    rounds = []
    for _ in range(BARE_ROUNDS):
        _settle()
        started = time.monotonic()
        with transaction.atomic(), across_customers(), connection.cursor() as cursor:
            rows = [cursor.execute(statement, given).rowcount for statement in _BARE]
            transaction.set_rollback(True)
        rounds.append(time.monotonic() - started)
    return (rows[0], rows[-1]), min(rounds)


def _settle() -> None:
    """Leave no clean-up of what came before to what is measured next: dead rows, statistics, pages to be written."""
    import psycopg  # noqa: PLC0415 - needed here alone
    from django.db import connection  # noqa: PLC0415

    from fenqi.config import place, postgres  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    with psycopg.connect(place.cluster().url(role=postgres.ADMINISTRATOR), autocommit=True) as administrator:
        administrator.execute("CHECKPOINT")

"""Customers with a bill due while an entry is closed, or soon after, are told beforehand, once (P1008, R143)."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import Closing, Entry
from fenqi.domain.entries.sentences import moment
from fenqi.records.models import EntryWindow, Notice, NoticeState, OrderLine, Plan
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, outbox
from fenqi.usecases.entries.catalog import closing_of, ruling_entries, ruling_windows
from fenqi.usecases.entries.routing import routes
from fenqi.usecases.entries.touched import SOON_AFTER_DAYS, TOUCHED_PLANS, params_of
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once
from fenqi.usecases.notices.templates import Message

AHEAD: Final = timedelta(days=3)
"""How long before a closing begins its customers are told, when it is planned that early."""

_QUEUE: Final = f"""
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT p.customer_id, md5('entry_closing' || %(closing)s || %(version)s || p.customer_id::text)::uuid, %(topic)s,
  jsonb_build_object('closing_id', %(closing)s, 'version', %(version)s), %(not_before)s, 0, '', %(now)s
{TOUCHED_PLANS}
  AND p.next_due_on <= %(until_on)s
GROUP BY p.customer_id
ON CONFLICT (customer_id, id) DO NOTHING
"""

_QUEUE_OPEN: Final = """
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT n.customer_id, md5('entry_open' || %(closing)s || n.customer_id::text)::uuid, %(topic)s,
  jsonb_build_object('closing_id', %(closing)s), %(not_before)s, 0, '', %(now)s
FROM notice n
WHERE n.message = %(told)s AND n.subject LIKE 'entry:' || %(closing)s || ':%%' AND n.state = 'told'
GROUP BY n.customer_id
ON CONFLICT (customer_id, id) DO NOTHING
"""


def queue_telling(window: Closing, entry: Entry, *, version: int, now: datetime) -> int:
    """In the transaction that approves: one message for each customer touched; how many. Late bills count, too."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            {
                **params_of(window.group, entry),
                "closing": window.id,
                "version": str(version),
                "topic": outbox.ENTRY_CLOSING,
                "not_before": polite_time(max(now, window.starts_at - AHEAD)),
                "until_on": window.ends_at.date() + timedelta(days=SOON_AFTER_DAYS),
                "now": now,
            },
        )
        return int(cursor.rowcount)


def tell_of_closing(customer_id: UUID, closing_id: UUID, *, version: int, now: datetime) -> bool:
    """Looked at again: nothing is said of a closing that is cancelled, changed or over, or of bills paid meanwhile.

    Raises NoticeUnanswered, ChannelMisconfigured.
    """
    rows = ruling_windows(EntryWindow.objects.filter(closing_id=closing_id))
    row = rows[0] if rows else None
    if row is None or row.version != version or row.ends_at <= now:
        return False
    window = closing_of(row)
    until_on = window.ends_at.date() + timedelta(days=SOON_AFTER_DAYS)
    due = _due_plan(customer_id, window, until_on=until_on, now=now)
    if due is None:
        return False
    return send_once(
        customer_id,
        Message.ENTRY_CLOSING,
        subject=f"entry:{closing_id}:{version}",
        params=partial(_params, customer_id, window, due),
        now=now,
    )


def queue_telling_open(closing_id: UUID, *, now: datetime) -> int:
    """In the transaction that cancels a closing or ends it early: for each customer who was told of it; how many."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(
            _QUEUE_OPEN,
            {
                "closing": str(closing_id),
                "told": Message.ENTRY_CLOSING.value,
                "topic": outbox.ENTRY_OPEN,
                "not_before": polite_time(now),
                "now": now,
            },
        )
        return int(cursor.rowcount)


def tell_open(customer_id: UUID, closing_id: UUID, *, now: datetime) -> bool:
    """Once, to who was told of the closing and still owes. Raises NoticeUnanswered, ChannelMisconfigured."""
    told = Notice.objects.filter(
        customer_id=customer_id,
        message=Message.ENTRY_CLOSING,
        subject__startswith=f"entry:{closing_id}:",
        state=NoticeState.TOLD,
    ).last()
    if told is None or not Plan.objects.filter(customer_id=customer_id, outstanding_minor__gt=0).exists():
        return False
    said = {name: told.params[name] for name in ("entry", "from", "until")}
    return send_once(
        customer_id, Message.ENTRY_OPEN, subject=f"entry:{closing_id}", params=lambda _language: said, now=now
    )


def _due_plan(customer_id: UUID, window: Closing, *, until_on: date, now: datetime) -> UUID | None:
    """The plan of the customer whose bill comes first and which the closing touches."""
    plans = Plan.objects.filter(customer_id=customer_id, outstanding_minor__gt=0, next_due_on__lte=until_on)
    ids = list(plans.order_by("next_due_on", "id").values_list("id", flat=True))
    found = routes(customer_id, ids, now=max(now, window.starts_at))
    for plan_id in ids:
        way = found[plan_id].way(window.entry)
        if way is not None and way.closing and not way.works:
            return plan_id
    return None


def _params(customer_id: UUID, window: Closing, plan_id: UUID, language: str) -> dict[str, str]:
    names = {one.code: one for one in ruling_entries(window.starts_at)}
    found = routes(customer_id, [plan_id], now=window.starts_at)[plan_id]
    line = OrderLine.objects.filter(customer_id=customer_id, order_id=found.order_id).order_by("line_no").first()

    def name_of(code: str) -> str:
        one = names.get(code)
        return (one.name_zh if language == "zh" else one.name_en) if one else code

    return {
        "entry": name_of(window.entry),
        "from": moment(window.starts_at, language).strip(),
        "until": moment(window.ends_at, language).strip(),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
        "due": found.next_due_on.isoformat()
        if found.next_due_on
        else clock.business_date(window.starts_at).isoformat(),
        "instead": name_of(window.successor),
    }

"""Customers whose plans lose an entry for good are told beforehand, once, and told if it stays after all (R143)."""

from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import EVERYBODY, Entry, leaves_at
from fenqi.domain.entries.sentences import moment
from fenqi.records.identifiers import derived_id
from fenqi.records.models import Notice, NoticeState, OrderLine, Plan, RepaymentEntry
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, outbox
from fenqi.usecases.entries.catalog import as_published, ruling_entries
from fenqi.usecases.entries.planned import SHOWN_AHEAD, PlannedChange, change_when_left
from fenqi.usecases.entries.touched import TOUCHED_PLANS, params_of
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once
from fenqi.usecases.notices.templates import Message

_QUEUE_LEAVING: Final = f"""
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT p.customer_id, md5(concat_ws('|', %(topic)s::text, %(code)s::text, %(version)s::text, p.customer_id))::uuid,
  %(topic)s, jsonb_build_object('code', %(code)s::text, 'version', %(version)s::text), %(not_before)s,
  0, '', %(now)s
{TOUCHED_PLANS}
GROUP BY p.customer_id
ON CONFLICT (customer_id, id) DO NOTHING
"""

_QUEUE_STAYING: Final = """
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT n.customer_id, md5(concat_ws('|', %(topic)s::text, %(subject)s::text, n.customer_id))::uuid, %(topic)s,
  jsonb_build_object('code', %(code)s::text, 'version', %(version)s::text), %(not_before)s, 0, '', %(now)s
FROM notice n
WHERE n.message = %(told)s AND n.subject = %(subject)s AND n.state = 'told'
ON CONFLICT (customer_id, id) DO NOTHING
"""


def queue_news_of(entry: Entry, before: Entry | None, *, now: datetime) -> None:
    """In the transaction that publishes it: for whom it leaves, and for those to whom `before` said that it leaves."""
    at = _leaves_at(entry)
    if at is not None:
        _queue(_QUEUE_LEAVING, outbox.ENTRY_LEAVING, entry, at=max(now, at - SHOWN_AHEAD), now=now)
    said = _leaves_at(before) if before else None
    if before is not None and said is not None and (at is None or at > said):
        told = {"subject": _subject(before.code, before.version), "told": Message.ENTRY_LEAVING.value}
        _queue(_QUEUE_STAYING, outbox.ENTRY_STAYING, before, at=now, now=now, **told)


def tell_of_leaving(customer_id: UUID, code: str, *, version: int, now: datetime) -> bool:
    """Looked at again: nothing is said once another version rules, or to who owes nothing there any more.

    Raises NoticeUnanswered, ChannelMisconfigured.
    """
    entry = _ruling(code, now)
    if entry is None or entry.version != version:
        return False
    plans = Plan.objects.filter(customer_id=customer_id, outstanding_minor__gt=0).order_by("next_due_on", "id")
    change = change_when_left(customer_id, plans.values_list("id", flat=True), entry, now=now)
    if change is None:
        return False
    return send_once(
        customer_id,
        Message.ENTRY_LEAVING,
        subject=_subject(code, version),
        params=partial(_params, customer_id, change),
        now=now,
    )


def tell_of_staying(customer_id: UUID, code: str, *, version: int, now: datetime) -> bool:
    """Once, to who was told what that version said, and still owes. Nothing once it leaves as early as it said again.

    Raises NoticeUnanswered, ChannelMisconfigured.
    """
    entry = _ruling(code, now)
    at = _leaves_at(entry) if entry else None
    then = _leaves_at(as_published(RepaymentEntry.objects.get(code=code, version=version)))
    if entry is None or then is None or (at is not None and at <= then):
        return False
    subject = _subject(code, version)
    notices = Notice.objects.filter(customer_id=customer_id, message=Message.ENTRY_LEAVING, subject=subject)
    notice = notices.filter(state=NoticeState.TOLD).first()
    if notice is None or not Plan.objects.filter(customer_id=customer_id, outstanding_minor__gt=0).exists():
        return False
    said = {name: notice.params[name] for name in ("entry", "from")}
    return send_once(customer_id, Message.ENTRY_STAYING, subject=subject, params=lambda _language: said, now=now)


def _queue(statement: str, topic: str, entry: Entry, *, at: datetime, now: datetime, **more: Any) -> None:
    given = {
        **params_of(EVERYBODY, entry),
        "topic": topic,
        "code": entry.code,
        "version": str(entry.version),
        "not_before": polite_time(at),
        "now": now,
    }
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(statement, given | more)


def _ruling(code: str, now: datetime) -> Entry | None:
    return next((one for one in ruling_entries(now) if one.code == code), None)


def _leaves_at(entry: Entry) -> datetime | None:
    return leaves_at(entry, clock.mall_zone())


def _subject(code: str, version: int) -> str:
    """One for each time that it is said to leave, whichever versions in a row say so: nobody is told the same twice."""
    rows = RepaymentEntry.objects.filter(code=code, version__lte=version).order_by("-version")
    said = [(row.version, _leaves_at(as_published(row))) for row in rows]
    *_, (since, _at) = takewhile(lambda one: one[1] == said[0][1], said)
    return f"entry:{derived_id('entry_leaving', code, since)}"


def _params(customer_id: UUID, change: PlannedChange, language: str) -> dict[str, str]:
    plans = Plan.objects.filter(customer_id=customer_id, id__in=change.plan_ids).order_by("next_due_on", "id")
    order_id = plans.values_list("order_id", flat=True)[0]
    line = OrderLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no").first()
    names = [entry.name_zh if language == "zh" else entry.name_en for entry in (change.entry, *change.instead)]
    return {
        "entry": names[0],
        "from": moment(change.starts_at, language).strip(),
        "title": _titled(line.name if line else "", len(change.plan_ids), language),
        "instead": (" / " if language == "en" else "、").join(names[1:]),
    }


def _titled(name: str, plans: int, language: str) -> str:
    title = name[:TITLE_CHARACTERS].strip()
    if plans == 1:
        return title
    return f"{title}等 {plans} 笔" if language == "zh" else f"{title} and {plans - 1} more"

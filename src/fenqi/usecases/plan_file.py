"""A plan as it is on record, and what a new fact makes of it: the one way events, entries and rows are added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import Entry, entry_for
from fenqi.domain.plans import Event, EventKind, PlanState, Terms, parse_event, parse_terms, replay
from fenqi.records.documents import from_jsonb
from fenqi.records.locks import LockedCustomer
from fenqi.records.posting import Decision
from fenqi.usecases import outbox
from fenqi.usecases.projection import (
    About,
    ChainHead,
    changed_installments,
    entry_columns,
    event_columns,
    plan_columns,
)
from fenqi.usecases.reserves.due import look_at_reserve

_READ = """
SELECT p.order_id, p.terms, p.version, p.provider, p.fee_bearer, p.frozen_until,
  (SELECT jsonb_agg(e.body ORDER BY e.seq) FROM plan_event e WHERE e.customer_id = %s AND e.plan_id = %s)
FROM plan p WHERE p.customer_id = %s AND p.id = %s
"""

CLOSE = "close"
"""The actor of late fees that the daily close charges and takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """Terms and events of one plan, in the order they became known."""

    customer_id: UUID
    plan_id: UUID
    order_id: UUID
    terms: Terms
    events: tuple[Event, ...]
    version: int
    provider: str
    fee_bearer: str
    frozen_until: datetime | None = None

    def state(self) -> PlanState:
        return replay(self.terms, self.events)


def read(customer_id: UUID, plan_id: UUID) -> PlanFile:
    """The plan and all its events, in one statement. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [customer_id, plan_id, customer_id, plan_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    order_id, terms, version, provider, fee_bearer, frozen_until, events = row
    return PlanFile(
        customer_id=customer_id,
        plan_id=plan_id,
        order_id=order_id,
        terms=terms_of(terms),
        events=tuple(parse_event(body) for body in from_jsonb(events) or ()),
        version=version,
        provider=provider,
        fee_bearer=fee_bearer,
        frozen_until=frozen_until,
    )


def terms_of(document: Any) -> Terms:
    """The terms that a plan's row holds."""
    return parse_terms(from_jsonb(document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What adding facts came to."""

    file: PlanFile
    before: PlanState
    after: PlanState
    head: ChainHead


@dataclass(frozen=True, slots=True)
class Fact:
    """An event, and the account that its money came from or went to."""

    event: Event
    source: str


def add_event(
    decision: Decision,
    file: PlanFile,
    event: Event,
    *,
    source: str,
    head: ChainHead | LockedCustomer,
    payment_id: UUID | None,
    actor: str,
    now: datetime,
) -> Recorded:
    """Put the fact, its entry and the rows it changes into the decision. Raises what `replay` raises."""
    return add_events(decision, file, [Fact(event, source)], head=head, payment_id=payment_id, actor=actor, now=now)


def add_events(
    decision: Decision,
    file: PlanFile,
    facts: Sequence[Fact],
    *,
    head: ChainHead | LockedCustomer,
    payment_id: UUID | None = None,
    actor: str,
    now: datetime,
) -> Recorded:
    """The same for facts that become known together: an entry for each, and the rows as they are after the last.

    An entry is the difference of the books after and before its fact became known, so that a backdated fact posts the
    correction of what it moved in the same balanced entry (design, rule 6). Raises what `replay` raises.
    """
    before = after = file.state()
    chain = _chain(head)
    if actor != CLOSE and _may_change_late_fees(file, facts):
        outbox.correct_late_fees(decision, file.plan_id, at=now, now=now)
    for n, fact in enumerate(facts, 1):
        known, file = after, replace(file, events=(*file.events, fact.event))
        after = replay(file.terms, file.events)
        decision.add(
            "plan_event",
            event_columns(file.plan_id, fact.event, seq=file.version + n, payment_id=payment_id, actor=actor, now=now),
        )
        entry = entry_for(known, after, fact.event, source=fact.source)
        if entry is not None:
            chain = _add_entry(decision, file, entry, fact.event, head=chain, payment_id=payment_id, now=now)
    version = file.version + len(facts)
    decision.add("plan", {"id": file.plan_id, "version": version, "updated_at": now, **plan_columns(after)})
    decision.add("installment", *changed_installments(file.plan_id, before, after))
    if len(after.rows) < len(before.rows):
        decision.add("dropped_installment", {"plan_id": file.plan_id, "after_n": after.rows[-1].n})
    if before.totals.outstanding.total and not after.totals.outstanding.total:
        look_at_reserve(decision, file.order_id, now=now)
    return Recorded(file=replace(file, version=version), before=before, after=after, head=chain)


def _may_change_late_fees(file: PlanFile, facts: Sequence[Fact]) -> bool:
    """Whether a fact took effect before a late fee that stands, or undoes one that did."""
    charged = [event.on for event in file.events if event.kind is EventKind.LATE_FEE]
    return bool(charged) and any(
        fact.event.kind is EventKind.REVERSAL or fact.event.on < max(charged) for fact in facts
    )


def _add_entry(
    decision: Decision,
    file: PlanFile,
    entry: Entry,
    event: Event,
    *,
    head: ChainHead,
    payment_id: UUID | None,
    now: datetime,
) -> ChainHead:
    columns, lines, new_head = entry_columns(
        entry,
        code=entry.code,
        on=event.on,
        currency=file.terms.currency,
        about=About(
            customer_id=file.customer_id,
            plan_id=file.plan_id,
            order_id=file.order_id,
            event_id=UUID(event.id),
            payment_id=payment_id,
        ),
        head=head,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = new_head.seq
    return new_head


def _chain(head: ChainHead | LockedCustomer) -> ChainHead:
    return head if isinstance(head, ChainHead) else ChainHead(head.entry_seq, head.entry_hash)

"""A plan as it is on record, and what a new fact makes of it: the one way events, entries and rows are added."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import entry_for
from fenqi.domain.plans import Event, PlanState, Terms, parse_event, parse_terms, replay
from fenqi.records.documents import from_jsonb
from fenqi.records.locks import LockedCustomer
from fenqi.records.posting import Decision
from fenqi.usecases.projection import (
    About,
    ChainHead,
    changed_installments,
    entry_columns,
    event_columns,
    plan_columns,
)

_READ = """
SELECT p.order_id, p.terms, p.version, p.provider, p.fee_bearer,
  (SELECT jsonb_agg(e.body ORDER BY e.seq) FROM plan_event e WHERE e.customer_id = %s AND e.plan_id = %s)
FROM plan p WHERE p.customer_id = %s AND p.id = %s
"""


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

    def state(self) -> PlanState:
        return replay(self.terms, self.events)


def read(customer_id: UUID, plan_id: UUID) -> PlanFile:
    """The plan and all its events, in one statement. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [customer_id, plan_id, customer_id, plan_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    order_id, terms, version, provider, fee_bearer, events = row
    return PlanFile(
        customer_id=customer_id,
        plan_id=plan_id,
        order_id=order_id,
        terms=terms_of(terms),
        events=tuple(parse_event(body) for body in from_jsonb(events) or ()),
        version=version,
        provider=provider,
        fee_bearer=fee_bearer,
    )


def terms_of(document: Any) -> Terms:
    """The terms that a plan's row holds."""
    return parse_terms(from_jsonb(document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What adding a fact came to."""

    file: PlanFile
    before: PlanState
    after: PlanState
    head: ChainHead


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
    """Put the fact, its entry and the rows it changes into the decision.

    The entry is the difference of the books after and before the fact became known, so that a backdated fact posts the
    correction of what it moved in the same balanced entry (design, rule 6). Raises what `replay` raises.
    """
    before, after = file.state(), replay(file.terms, (*file.events, event))
    decision.add(
        "plan_event",
        event_columns(
            file.plan_id,
            event,
            seq=file.version + 1,
            payment_id=payment_id,
            actor=actor,
            now=now,
        ),
    )
    decision.add("plan", {"id": file.plan_id, "version": file.version + 1, "updated_at": now, **plan_columns(after)})
    decision.add("installment", *changed_installments(file.plan_id, before, after))
    if len(after.rows) < len(before.rows):
        decision.add("dropped_installment", {"plan_id": file.plan_id, "after_n": after.rows[-1].n})
    new_head = _chain(head)
    entry = entry_for(before, after, event, source=source)
    if entry is not None:
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
            head=new_head,
            now=now,
        )
        decision.add("journal_entry", columns)
        decision.add("journal_line", *lines)
        decision.head_seq = new_head.seq
    return Recorded(
        file=replace(file, events=(*file.events, event), version=file.version + 1),
        before=before,
        after=after,
        head=new_head,
    )


def _chain(head: ChainHead | LockedCustomer) -> ChainHead:
    return head if isinstance(head, ChainHead) else ChainHead(head.entry_seq, head.entry_hash)

"""Which entries work now for one plan of one customer, and for each that does not: why, until when, what instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import EntryKind, Lender, Reader, Way, bucket_of, ways_for
from fenqi.domain.errors import NotFound
from fenqi.records.models import FinanceProvider
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import ruling_closings, ruling_entries
from fenqi.usecases.partners.providers import providers_of

_READ = """
SELECT p.id, c.ref, c.language, o.sales_channel, p.provider, p.outstanding_minor, p.currency, p.next_due_on, p.order_id
FROM plan p JOIN orders o ON o.customer_id = p.customer_id AND o.id = p.order_id
JOIN customer c ON c.id = p.customer_id
WHERE p.customer_id = %s AND o.customer_id = %s AND c.id = %s AND p.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The entries of one plan at one instant. Those that work come first, and there is always one.

    `lender` is set when it collects the installments itself. `outstanding_minor` is all that is owed, in minor units.
    """

    customer_id: UUID
    plan_id: UUID
    order_id: UUID
    currency: str
    outstanding_minor: int
    next_due_on: date | None
    at: datetime
    ways: tuple[Way, ...]
    reader: Reader
    lender: Lender | None = None

    @property
    def owes(self) -> bool:
        return self.outstanding_minor > 0

    @property
    def best(self) -> Way:
        """The first that works."""
        return self.ways[0]

    @property
    def working(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.works)

    @property
    def not_working(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if not way.works)

    def way(self, code: str) -> Way | None:
        return next((way for way in self.ways if way.code == code), None)

    def of_kind(self, kind: EntryKind) -> Way | None:
        """The first of the kind: one that works before one that does not."""
        return next((way for way in self.ways if way.kind is kind), None)

    def works(self, kind: EntryKind) -> bool:
        found = self.of_kind(kind)
        return found is not None and found.works


def route(customer_id: UUID, plan_id: UUID, *, now: datetime) -> Route:
    """Three or four statements, whatever is closed. Raises NotFound, for somebody else's plan, too."""
    found = routes(customer_id, [plan_id], now=now)
    if plan_id not in found:
        raise NotFound
    return found[plan_id]


def routes(customer_id: UUID, plan_ids: Iterable[UUID], *, now: datetime) -> Mapping[UUID, Route]:
    """Of all these plans of the customer, in as many statements as of one."""
    wanted = list(plan_ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_READ, [customer_id, customer_id, customer_id, wanted])
        rows = cursor.fetchall()
    if not rows:
        return {}
    entries, closings = ruling_entries(now), ruling_closings(after=now)
    lenders = providers_of(row[4] for row in rows)
    at = now.astimezone(clock.mall_zone())
    found: dict[UUID, Route] = {}
    for plan_id, ref, language, sales_channel, provider, outstanding, currency, next_due_on, order_id in rows:
        reader = Reader(
            ref=ref,
            language=language,
            sales_channel=sales_channel,
            provider=provider,
            bucket=bucket_of(customer_id),
        )
        lender = _collecting(lenders.get(provider))
        found[plan_id] = Route(
            customer_id=customer_id,
            plan_id=plan_id,
            order_id=order_id,
            currency=currency,
            outstanding_minor=outstanding,
            next_due_on=next_due_on,
            at=at,
            ways=ways_for(entries, closings, reader, lender=lender, at=at),
            reader=reader,
            lender=lender,
        )
    return found


def _collecting(found: FinanceProvider | None) -> Lender | None:
    """The lender that collects the plan's installments itself; None where they are repaid here."""
    if found is None or found.repays_here:
        return None
    return Lender(
        code=found.code,
        name_zh=found.name_zh,
        name_en=found.name_en,
        contact_zh=found.contact_zh,
        contact_en=found.contact_en,
        phone=found.contact_phone,
    )

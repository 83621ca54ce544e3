"""Entries and closings as staff see them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import Entry, EntryState, Group
from fenqi.domain.errors import NotFound
from fenqi.records.models import Customer, EntryWindow, Order, OrderLine, Plan
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import view
from fenqi.usecases.entries.catalog import closing_of, ruling_closings, ruling_entries, ruling_windows
from fenqi.usecases.entries.touched import TOUCHED_PLANS, params_of
from fenqi.usecases.views import CustomerView

_PLANS: Final = f"SELECT p.id {TOUCHED_PLANS} ORDER BY p.next_due_on, p.id LIMIT %(limit)s"


class ClosingState(StrEnum):
    PROPOSED = "proposed"
    PLANNED = "planned"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of a closing; `waits` for a second person."""

    version: int
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool
    reason: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    approved_name: str
    approved_at: datetime | None
    rejected_name: str
    waits: bool
    touched: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingView:
    """A closing as it stands, its instants on the mall's clock. `pending` is the version that waits for approval."""

    closing_id: UUID
    state: ClosingState
    entry_code: str
    entry: Entry | None
    successor: Entry | None
    starts_at: datetime
    ends_at: datetime
    notice_zh: str
    notice_en: str
    group: Group
    touched: Mapping[str, Any]
    pending: VersionView | None
    versions: tuple[VersionView, ...]

    @property
    def is_shown(self) -> bool:
        """In the calendar."""
        return self.state not in (ClosingState.CANCELLED, ClosingState.REJECTED)


def list_closings(*, now: datetime) -> list[ClosingView]:
    """All of them, the one that begins last first: they are few."""
    by_closing: dict[UUID, list[EntryWindow]] = defaultdict(list)
    for row in EntryWindow.objects.order_by("closing_id", "version"):
        by_closing[row.closing_id].append(row)
    views = _views(list(by_closing.values()), now)
    return sorted(views, key=lambda view: (view.starts_at, view.closing_id), reverse=True)


def closing_view(closing_id: UUID, *, now: datetime) -> ClosingView:
    """Raises NotFound."""
    rows = list(EntryWindow.objects.filter(closing_id=closing_id).order_by("version"))
    if not rows:
        raise NotFound
    return _views([rows], now)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedPlan:
    """A plan that owes, and that a closing touches. Amounts in minor units; `provider` by its code."""

    customer: CustomerView
    plan_id: UUID
    order_no: str
    title: str
    provider: str
    currency: str
    outstanding_minor: int
    next_due_on: date | None


def plans_touched(closing: ClosingView, *, limit: int) -> tuple[list[TouchedPlan], bool]:
    """Those that it touches as they stand now, the next to fall due first; whether there are more than `limit`.

    None once it is over, called off or turned down.
    """
    is_to_come = closing.state in (ClosingState.PROPOSED, ClosingState.PLANNED, ClosingState.ACTIVE)
    if closing.entry is None or not is_to_come:
        return [], False
    params = params_of(closing.group, closing.entry) | {"limit": limit + 1}
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_PLANS, params)
        keys = [row[0] for row in cursor.fetchall()]
        plans = list(Plan.objects.filter(id__in=keys[:limit]).order_by("next_due_on", "id"))
        customers = {one.id: one for one in Customer.objects.filter(id__in={plan.customer_id for plan in plans})}
        orders = [plan.order_id for plan in plans]
        numbers = dict(Order.objects.filter(id__in=orders).values_list("id", "order_no"))
        titles = dict(OrderLine.objects.filter(order_id__in=orders, line_no=1).values_list("order_id", "name"))
    touched = [
        TouchedPlan(
            customer=view(customers[plan.customer_id]),
            plan_id=plan.id,
            order_no=numbers[plan.order_id],
            title=titles.get(plan.order_id, ""),
            provider=plan.provider,
            currency=plan.currency,
            outstanding_minor=plan.outstanding_minor,
            next_due_on=plan.next_due_on,
        )
        for plan in plans
    ]
    return touched, len(keys) > limit


def entry_states(now: datetime) -> list[tuple[Entry, EntryState, bool]]:
    """Every entry with its state for everybody; whether a closing stands for some of its customers."""
    at = now.astimezone(clock.mall_zone())
    closings = ruling_closings(after=now)
    found = []
    for entry in ruling_entries(now):
        standing = [one for one in closings if one.entry == entry.code and one.stands(at)]
        state = EntryState.OPEN
        if entry.opens_on and at.date() < entry.opens_on:
            state = EntryState.PLANNED
        elif entry.moved_at and at >= entry.moved_at:
            state = EntryState.MOVED
        elif (entry.closes_on and at.date() > entry.closes_on) or any(one.group == Group() for one in standing):
            state = EntryState.CLOSED
        found.append((entry, state, bool(standing)))
    return found


def _views(closings: Sequence[list[EntryWindow]], now: datetime) -> list[ClosingView]:
    known = {one.code: one for one in ruling_entries(now)}
    actors = {
        actor for rows in closings for row in rows for actor in (row.proposed_by, row.approved_by, row.rejected_by)
    }
    names = audit.names_of(actors)
    return [_view(rows, known, names, now) for rows in closings]


def _view(rows: list[EntryWindow], known: Mapping[str, Entry], names: Mapping[str, str], now: datetime) -> ClosingView:
    ruling = ruling_windows(rows)
    newest = ruling[0] if ruling else rows[-1]
    window = closing_of(newest)
    versions = tuple(_version(row, names, newest=rows[-1]) for row in rows)
    return ClosingView(
        closing_id=newest.closing_id,
        state=_state(rows, newest if ruling else None, now),
        entry_code=newest.entry,
        entry=known.get(newest.entry),
        successor=known.get(newest.successor),
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        notice_zh=newest.notice_zh,
        notice_en=newest.notice_en,
        group=window.group,
        touched=newest.touched,
        pending=next((version for version in versions if version.waits), None),
        versions=versions,
    )


def _version(row: EntryWindow, names: Mapping[str, str], *, newest: EntryWindow) -> VersionView:
    window = closing_of(row)
    return VersionView(
        version=row.version,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        is_cancelled=row.is_cancelled,
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_name=names.get(row.proposed_by, row.proposed_by),
        proposed_at=row.proposed_at.astimezone(clock.mall_zone()),
        approved_name=names.get(row.approved_by, row.approved_by),
        approved_at=row.approved_at,
        rejected_name=names.get(row.rejected_by, row.rejected_by),
        waits=not row.approved_by and not row.rejected_by and row.version == newest.version,
        touched=row.touched,
    )


def _state(rows: list[EntryWindow], ruling: EntryWindow | None, now: datetime) -> ClosingState:
    if ruling is None:
        if any(row.approved_by and row.is_cancelled for row in rows):
            return ClosingState.CANCELLED
        return ClosingState.REJECTED if rows[-1].rejected_by else ClosingState.PROPOSED
    if ruling.ends_at <= now:
        return ClosingState.ENDED
    return ClosingState.ACTIVE if ruling.starts_at <= now else ClosingState.PLANNED

"""The agents' desk: what waits, ordered by what was promised; what is mine; the calls that are due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from fenqi.domain.support.ticket_numbers import read_ticket_number
from fenqi.records import directory
from fenqi.records.models import CallbackState, DirectoryKind, SupportCallback, SupportEvent, SupportThread, ThreadState
from fenqi.records.models import TicketEventKind as Kind
from fenqi.records.scope import across_customers
from fenqi.usecases.customers import customer_views
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.threads import ThreadView, last_words, names_of, view_of
from fenqi.usecases.views import CustomerView

MOST_SHOWN = 100
A_WEEK = timedelta(days=7)


class Which(StrEnum):
    """Which tickets are listed."""

    WAITING = "waiting"
    MINE = "mine"
    NOBODYS = "nobodys"
    OPEN = "open"
    CLOSED = "closed"

    @classmethod
    def of(cls, text: str | None) -> "Which":
        return next((one for one in cls if one.value == text), cls.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of the agents' queue."""

    thread: ThreadView
    customer: CustomerView
    last_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDue:
    callback_id: UUID
    customer: CustomerView
    thread_id: UUID
    from_at: datetime
    until_at: datetime
    reason: str
    agent_name: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The desk in figures; kept and broken promises and ratings are those of seven days."""

    waiting: int
    late: int
    nobodys: int
    mine: int
    kept: int
    broken: int
    helped: int
    not_helped: int


def queue(
    staff: Staff, *, which: Which = Which.WAITING, limit: int = MOST_SHOWN, now: datetime | None = None
) -> tuple[Waiting, ...]:
    """At most `limit`: whoever was promised the earliest answer first; closed ones newest first.

    Raises NotPermitted.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    with across_customers():
        threads = list(_listed(staff, which)[:limit])
        said = last_words(threads)
        customers = customer_views({thread.customer_id for thread in threads})
    names = names_of({thread.agent for thread in threads})
    return tuple(
        Waiting(
            thread=view_of(thread, names, now=now),
            customer=customers[thread.customer_id],
            last_words=said.get(thread.id, ""),
        )
        for thread in threads
    )


def _listed(staff: Staff, which: Which) -> QuerySet[SupportThread]:
    threads = SupportThread.objects
    match which:
        case Which.WAITING:
            return threads.filter(state=ThreadState.WAITING).order_by("due_at", "id")
        case Which.MINE:
            return threads.filter(agent=staff.actor).exclude(state=ThreadState.CLOSED).order_by("due_at", "updated_at")
        case Which.NOBODYS:
            return threads.filter(agent="").exclude(state=ThreadState.CLOSED).order_by("due_at", "updated_at")
        case Which.OPEN:
            return threads.exclude(state=ThreadState.CLOSED).order_by("due_at", "updated_at")
        case Which.CLOSED:
            return threads.filter(state=ThreadState.CLOSED).order_by("-closed_at", "id")


def counts(staff: Staff, *, now: datetime) -> Counts:
    """Two statements. Raises NotPermitted."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    waiting = Q(state=ThreadState.WAITING)
    is_open = ~Q(state=ThreadState.CLOSED)
    with across_customers():
        found = SupportThread.objects.exclude(state=ThreadState.CLOSED).aggregate(
            waiting=Count("id", filter=waiting),
            late=Count("id", filter=waiting & Q(due_at__lt=now)),
            nobodys=Count("id", filter=is_open & Q(agent="")),
            mine=Count("id", filter=is_open & Q(agent=staff.actor)),
        )
        lately = SupportEvent.objects.filter(kind__in=[Kind.ANSWERED, Kind.RATED], at__gt=now - A_WEEK).aggregate(
            kept=Count("id", filter=Q(details__kept=True)),
            broken=Count("id", filter=Q(details__kept=False)),
            helped=Count("id", filter=Q(details__helped="yes")),
            not_helped=Count("id", filter=Q(details__helped__in=["no", "partly"])),
        )
    return Counts(**found, **lately)


def waiting_tickets() -> int:
    """How many wait for an answer: the figure at the side of every page."""
    with across_customers():
        return SupportThread.objects.filter(state=ThreadState.WAITING).count()


def calls_due(staff: Staff, *, now: datetime) -> tuple[CallDue, ...]:
    """Calls that were promised and not made, whose window ends first, first. Raises NotPermitted."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    with across_customers():
        calls = list(SupportCallback.objects.filter(state=CallbackState.PLANNED).order_by("until_at")[:MOST_SHOWN])
        customers = customer_views({call.customer_id for call in calls})
    names = names_of({call.agent for call in calls})
    return tuple(
        CallDue(
            callback_id=call.id,
            customer=customers[call.customer_id],
            thread_id=call.thread_id,
            from_at=call.from_at,
            until_at=call.until_at,
            reason=call.reason,
            agent_name=names.get(call.agent, ""),
            is_late=call.until_at < now,
        )
        for call in calls
    )


def find_ticket(text: str) -> tuple[UUID, UUID] | None:
    """The customer and the ticket of a number that was read out; None when there is none."""
    number = read_ticket_number(text)
    holder = directory.find(DirectoryKind.TICKET_NO, number) if number else None
    return (holder.customer_id, holder.target_id) if holder else None

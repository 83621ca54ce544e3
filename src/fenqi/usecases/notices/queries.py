"""Notices as staff see them: what one customer was told and why not, and how a day goes over all customers."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.domain.errors import FenqiError
from fenqi.records.models import Customer, DeliveryState, Notice, NoticeDelivery, NoticeState
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.notices.preferences import Preferences, mask_email, preferences_of
from fenqi.usecases.notices.wording import MAIL, Wording, filled, wordings
from fenqi.usecases.paging import newest
from fenqi.usecases.rails import mail, text_messages

MOST_SHOWN = 500
"""Of what did not get through on a day; one more is read, so that a list of it knows that it is cut."""
RECENTLY = timedelta(hours=24)
_TROUBLE = (DeliveryState.REFUSED, DeliveryState.UNDELIVERED, DeliveryState.UNKNOWN, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    way: str
    provider: str
    state: str
    code: str
    tries: int
    sent_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFile:
    """One notice in the words that were in force when it was told, with everything that became of it."""

    message: str
    language: str
    title: str
    text: str
    state: str
    reason: str
    weight: str
    due_at: datetime
    is_read: bool
    deliveries: tuple[DeliveryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotices:
    """`is_cut`: there are older notices."""

    notices: tuple[NoticeFile, ...]
    is_cut: bool
    wishes: Preferences
    email_masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """What the provider did with what it was given in the last 24 hours."""

    way: str
    provider: str
    is_set_up: bool
    counts: dict[str, int]
    last_taken_at: datetime | None
    last_trouble_at: datetime | None

    @property
    def is_in_trouble(self) -> bool:
        """Its latest news is bad."""
        if self.last_trouble_at is None:
            return False
        return self.last_taken_at is None or self.last_trouble_at > self.last_taken_at


@dataclass(frozen=True, slots=True, kw_only=True)
class WayNotSetUp:
    """A way on which nothing can be sent as things are. `problem` is None where nobody has begun to set it up."""

    way: str
    problem: FenqiError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A delivery that somebody may want to look at."""

    customer_id: UUID
    customer_ref: str
    message: str
    delivery: DeliveryView


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDay:
    """Notices whose time is on the day; `held` are counted by reason."""

    day: date
    waiting: int
    told: int
    held: dict[str, int]
    by_message: tuple[tuple[str, int], ...]
    troubles: tuple[Trouble, ...]
    providers: tuple[ProviderState, ...]
    not_set_up: tuple[WayNotSetUp, ...]

    @property
    def held_count(self) -> int:
        return sum(self.held.values())


def notices_of(customer_id: UUID, *, limit: int = 50) -> CustomerNotices:
    """The newest first, sent or not. A fixed number of statements."""
    rows, is_cut = newest(Notice.objects.filter(customer_id=customer_id).order_by("-due_at", "-id"), limit)
    found = NoticeDelivery.objects.filter(customer_id=customer_id, notice_id__in=[row.id for row in rows])
    deliveries = defaultdict(list)
    for one in found.order_by("created_at", "id"):
        deliveries[one.notice_id].append(_delivery(one))
    wishes = preferences_of(customer_id)
    words = wordings((row.message for row in rows), MAIL)
    return CustomerNotices(
        notices=tuple(_file(row, tuple(deliveries[row.id]), words) for row in rows),
        is_cut=is_cut,
        wishes=wishes,
        email_masked=mask_email(wishes.email),
    )


def notice_day(day: date, *, now: datetime) -> NoticeDay:
    """Over all customers."""
    begin, end = clock.end_of_business_day(day - timedelta(days=1)), clock.end_of_business_day(day)
    ours, not_set_up = _services()
    with across_customers():
        of_day = Notice.objects.filter(due_at__gte=begin, due_at__lt=end)
        counted = list(of_day.values_list("state", "reason").annotate(n=Count("id")).order_by())
        by_message = of_day.values_list("message").annotate(n=Count("id")).order_by("-n", "message")
        states: dict[str, int] = defaultdict(int)
        for state, _reason, n in counted:
            states[state] += n
        return NoticeDay(
            day=day,
            waiting=states[NoticeState.WAITING],
            told=states[NoticeState.TOLD],
            held={reason: n for state, reason, n in counted if state == NoticeState.HELD},
            by_message=tuple(by_message),
            troubles=_troubles(begin, end),
            providers=_providers(ours, now=now),
            not_set_up=not_set_up,
        )


def _troubles(begin: datetime, end: datetime) -> tuple[Trouble, ...]:
    rows = list(
        NoticeDelivery.objects.filter(sent_at__gte=begin, sent_at__lt=end, state__in=_TROUBLE).order_by("-sent_at")[
            : MOST_SHOWN + 1
        ]
    )
    messages = dict(Notice.objects.filter(id__in=[row.notice_id for row in rows]).values_list("id", "message"))
    refs = dict(Customer.objects.filter(id__in={row.customer_id for row in rows}).values_list("id", "ref"))
    return tuple(
        Trouble(
            customer_id=row.customer_id,
            customer_ref=refs.get(row.customer_id, ""),
            message=messages.get(row.notice_id, ""),
            delivery=_delivery(row),
        )
        for row in rows
    )


def _services() -> tuple[list[tuple[str, str]], tuple[WayNotSetUp, ...]]:
    """Way and name of each service, and the ways that have none: the page about them is read just then."""
    ours: list[tuple[str, str]] = []
    missing: list[WayNotSetUp] = []
    try:
        ours += [("sms", one.name) for one in text_messages()]
    except ChannelMisconfigured as problem:
        missing.append(WayNotSetUp(way="sms", problem=problem))
    try:
        service = mail()
    except ChannelMisconfigured as problem:
        missing.append(WayNotSetUp(way="email", problem=problem))
    else:
        if service is None:
            missing.append(WayNotSetUp(way="email"))
        else:
            ours.append(("email", service.name))
    return ours, tuple(missing)


def _providers(ours: list[tuple[str, str]], *, now: datetime) -> tuple[ProviderState, ...]:
    recent = NoticeDelivery.objects.filter(sent_at__gt=now - RECENTLY, sent_at__lte=now)
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    latest: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    rows = recent.values_list("way", "provider", "state").annotate(n=Count("id"), at=Max("sent_at")).order_by()
    for way, provider, state, n, at in rows:
        counts[way, provider][state] = n
        latest[way, provider][state] = at
    known = [*ours, *sorted(set(counts) - set(ours))]
    return tuple(
        ProviderState(
            way=way,
            provider=provider,
            is_set_up=(way, provider) in ours,
            counts=counts[way, provider],
            last_taken_at=_last(latest[way, provider], ("accepted", "delivered", "undelivered")),
            last_trouble_at=_last(latest[way, provider], ("refused", "unknown", "unreached", "sending")),
        )
        for way, provider in known
    )


def _last(latest: dict[str, datetime], states: tuple[str, ...]) -> datetime | None:
    return max((at for state, at in latest.items() if state in states), default=None)


def _file(
    row: Notice, deliveries: tuple[DeliveryView, ...], words: Callable[[str, str, datetime], Wording]
) -> NoticeFile:
    told = words(row.message, row.language, row.told_at or row.due_at)
    return NoticeFile(
        message=row.message,
        language=row.language,
        title=filled(told.title, row.params),
        text=filled(told.text, row.params),
        state=row.state,
        reason=row.reason,
        weight=row.weight,
        due_at=row.due_at,
        is_read=row.read_at is not None,
        deliveries=deliveries,
    )


def _delivery(row: NoticeDelivery) -> DeliveryView:
    return DeliveryView(
        way=row.way,
        provider=row.provider,
        state=row.state,
        code=row.code,
        tries=row.tries,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )

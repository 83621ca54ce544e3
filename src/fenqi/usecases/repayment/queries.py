"""Reading plans, bills, payments and books of one customer. A fixed number of statements each."""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.errors import NotFound
from fenqi.domain.plans import Terms, late_fees, parse_event, rates, replay
from fenqi.domain.plans.covered import covered_rows
from fenqi.records.models import (
    Installment,
    JournalEntry,
    JournalLine,
    Order,
    OrderLine,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    Plan,
    PlanEvent,
)
from fenqi.usecases import clock, plan_file
from fenqi.usecases.closing.charged import late_fees_charged
from fenqi.usecases.no_fault_days import exempt_days, free_days, no_fault_of
from fenqi.usecases.paging import InvalidCursor, Page, from_cursor, from_time_cursor, page_of, to_cursor
from fenqi.usecases.projection import stored_row
from fenqi.usecases.summaries import plan_summaries
from fenqi.usecases.views import (
    AttemptView,
    BillItem,
    CurrencyBills,
    EntryView,
    EventView,
    JournalLineView,
    MonthSum,
    PaymentView,
    PlanSummary,
    PlanView,
)

DUE_SOON = timedelta(days=7)
_SEQ_DIGITS = 9
_OPEN_STATES = ("created", "submitted", "unknown")


def plan_view(
    customer_id: UUID,
    plan_id: UUID,
    *,
    today: date,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> PlanView:
    """The plan as it stands today, as it stood on `as_of`, or as was known of it at `known_at`. Raises NotFound."""
    file = plan_file.read(customer_id, plan_id)
    events = file.events
    if known_at is not None:
        known = PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id, recorded_at__lte=known_at)
        events = tuple(parse_event(body) for body in known.order_by("seq").values_list("body", flat=True))
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=customer_id, id=file.order_id)
    no_fault = no_fault_of(customer_id, [plan_id]).get(plan_id, ())
    state = replay(file.terms, events, as_of=_day_to_show(file.terms, as_of or today, known_at))
    return PlanView(
        plan_id=plan_id,
        order_id=file.order_id,
        order_no=order_no,
        title=_titles(customer_id, [file.order_id]).get(file.order_id, order_no),
        terms=file.terms,
        state=state,
        rates=rates(file.terms),
        provider=file.provider,
        fee_bearer=file.fee_bearer,
        version=file.version,
        open_attempt=_open_attempt(customer_id, plan_id),
        no_fault=no_fault,
        exempt_days=exempt_days(no_fault, today=today),
        late_fees_charged=late_fees_charged(customer_id, [plan_id]).get(plan_id, {}),
        covered_rows=covered_rows(file.terms, events, state),
    )


def _day_to_show(terms: Terms, day: date, known_at: datetime | None) -> date:
    """Never before the plan was opened: an order approved tomorrow opens tomorrow."""
    shown = min(day, clock.business_date(known_at)) if known_at else day
    return max(shown, terms.opened_on)


def _titles(customer_id: UUID, order_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What each order is called: its first line."""
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id__in=list(order_ids), line_no=1)
    return dict(lines.values_list("order_id", "name"))


def _open_attempt(customer_id: UUID, plan_id: UUID) -> AttemptView | None:
    payments = _repayments(customer_id).filter(plan_id=plan_id, state=PaymentState.OPEN)
    attempts = PaymentAttempt.objects.filter(
        customer_id=customer_id,
        payment_id__in=list(payments.values_list("id", flat=True)),
        state__in=_OPEN_STATES,
    ).order_by("-created_at")
    found = attempts.first()
    return _attempt_view(found) if found else None


def has_open_attempt(customer_id: UUID, plan_id: UUID) -> bool:
    """Whether a payment of the plan is under way, whose outcome may still be money."""
    return _open_attempt(customer_id, plan_id) is not None


def _attempt_view(attempt: PaymentAttempt) -> AttemptView:
    return AttemptView(
        attempt_id=attempt.id,
        payment_id=attempt.payment_id,
        attempt_no=attempt.attempt_no,
        channel=attempt.channel,
        out_trade_no=attempt.out_trade_no,
        trade_no=attempt.trade_no,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        state=attempt.state,
        code=attempt.code,
        category=attempt.category,
        asked=attempt.asked,
        next_query_at=attempt.next_query_at,
        created_at=attempt.created_at,
        expires_at=attempt.expires_at,
        resolved_at=attempt.resolved_at,
        paid_at=attempt.paid_at,
        reply=attempt.reply,
        method=attempt.method,
        card_id=attempt.card_id,
        retry=attempt.retry,
    )


def payment_view(customer_id: UUID, payment_id: UUID) -> PaymentView:
    """Raises NotFound."""
    found = _payment_views(customer_id, Payment.objects.filter(customer_id=customer_id, id=payment_id))
    if not found:
        raise NotFound
    return found[0]


def list_payments(customer_id: UUID, *, plan_id: UUID | None = None, limit: int = 200) -> tuple[PaymentView, ...]:
    """Newest first, with their attempts."""
    payments = _repayments(customer_id)
    if plan_id is not None:
        payments = payments.filter(plan_id=plan_id)
    return _payment_views(customer_id, payments.order_by("-created_at", "id")[:limit])


def page_of_payments(
    customer_id: UUID, *, plan_id: UUID | None = None, after: str | None = None, limit: int = 20
) -> Page[PaymentView]:
    """The same in pages. Raises InvalidCursor."""
    payments = _repayments(customer_id)
    if plan_id is not None:
        payments = payments.filter(plan_id=plan_id)
    if after is not None:
        created_at, payment_id = from_time_cursor(after)
        payments = payments.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__gt=payment_id))
    views = list(_payment_views(customer_id, payments.order_by("-created_at", "id")[: limit + 1]))
    return page_of(views, limit=limit, cursor_of=lambda last: to_cursor(last.created_at.isoformat(), last.payment_id))


def _repayments(customer_id: UUID) -> QuerySet[Payment]:
    """A reserve that is paid beforehand is a payment, but repays nothing."""
    return Payment.objects.filter(customer_id=customer_id).exclude(purpose=PaymentPurpose.RESERVE)


def _payment_views(customer_id: UUID, payments: QuerySet[Payment]) -> tuple[PaymentView, ...]:
    found = list(payments)
    plan_ids = {payment.plan_id for payment in found}
    orders = dict(Plan.objects.filter(customer_id=customer_id, id__in=plan_ids).values_list("id", "order_id"))
    titles = _titles(customer_id, orders.values())
    attempts: dict[UUID, list[AttemptView]] = defaultdict(list)
    of_these = PaymentAttempt.objects.filter(customer_id=customer_id, payment_id__in=[p.id for p in found])
    for attempt in of_these.order_by("payment_id", "attempt_no"):
        attempts[attempt.payment_id].append(_attempt_view(attempt))
    return tuple(
        _payment_view(payment, orders[payment.plan_id], titles.get(orders[payment.plan_id], ""), attempts[payment.id])
        for payment in found
    )


def _payment_view(payment: Payment, order_id: UUID, title: str, attempts: list[AttemptView]) -> PaymentView:
    paid = sum(attempt.amount_minor for attempt in attempts if attempt.state == "succeeded")
    booked = payment.amount_minor if payment.state == PaymentState.SUCCEEDED else 0
    return PaymentView(
        payment_id=payment.id,
        plan_id=payment.plan_id,
        order_id=order_id,
        title=title,
        purpose=payment.purpose,
        installments=tuple(payment.installments),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        state=payment.state,
        channel=payment.channel,
        event_id=payment.event_id,
        created_at=payment.created_at,
        succeeded_at=payment.succeeded_at,
        attempts=tuple(attempts),
        duplicate_minor=max(0, paid - booked),
    )


def bills(customer_id: UUID, *, today: date) -> tuple[CurrencyBills, ...]:
    """What is owed over all plans and when (R122), by currency; the currency with the nearest bill first."""
    plans = [plan for plan in plan_summaries(customer_id) if plan.outstanding_minor]
    titles = {plan.plan_id: plan for plan in plans}
    terms = {
        plan_id: plan_file.terms_of(document)
        for plan_id, document in Plan.objects.filter(customer_id=customer_id, id__in=list(titles)).values_list(
            "id", "terms"
        )
    }
    open_rows = [
        row
        for row in Installment.objects.filter(customer_id=customer_id, plan_id__in=list(titles)).order_by(
            "due_on", "plan_id", "n"
        )
        if row.outstanding_minor
    ]
    no_fault = no_fault_of(customer_id, titles)
    exempt = {plan_id: exempt_days(periods, today=today) for plan_id, periods in no_fault.items()}
    charged = late_fees_charged(customer_id, titles)
    items = [
        _bill_item(
            row,
            titles[row.plan_id],
            terms[row.plan_id],
            today,
            exempt=free_days(exempt.get(row.plan_id, late_fees.NO_DAYS), row.due_on),
            charged=charged.get(row.plan_id, {}).get(row.n, 0),
        )
        for row in open_rows
    ]
    currencies = list(dict.fromkeys(item.currency for item in items))
    return tuple(
        CurrencyBills(
            currency=currency,
            outstanding_minor=sum(item.outstanding_minor for item in items if item.currency == currency),
            due_soon=tuple(item for item in items if item.currency == currency and item.due_on <= today + DUE_SOON),
            months=_months(item for item in items if item.currency == currency),
            plans=tuple(plan for plan in plans if plan.currency == currency),
        )
        for currency in currencies
    )


def _bill_item(
    installment: Installment, plan: PlanSummary, terms: Terms, today: date, *, exempt: AbstractSet[date], charged: int
) -> BillItem:
    row = stored_row(installment)
    return BillItem(
        plan_id=plan.plan_id,
        order_id=plan.order_id,
        title=plan.title,
        n=row.n,
        number=None if row.is_down_payment else row.n - bool(terms.down_payment_amount),
        is_down_payment=row.is_down_payment,
        count=plan.count,
        due_on=row.due_on,
        outstanding=row.outstanding,
        currency=plan.currency,
        days=(row.due_on - today).days,
        grace_until=late_fees.last_free_on(terms, row, exempt),
        first_late_fee_on=late_fees.first_late_fee_on(terms, row, exempt),
        late_fee_charged_minor=charged,
        late_fee_daily_minor=late_fees.next_late_fee(terms, row, today, charged=charged, exempt=exempt),
        late_fee_left_minor=late_fees.late_fee_left(terms, row, charged=charged),
        provider=plan.provider,
    )


def _months(items: Iterable[BillItem]) -> tuple[MonthSum, ...]:
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for item in items:
        sums[item.due_on.year, item.due_on.month] += item.outstanding_minor
    return tuple(MonthSum(year=year, month=month, amount_minor=sums[year, month]) for year, month in sorted(sums))


def events_of(customer_id: UUID, plan_id: UUID) -> tuple[EventView, ...]:
    """All that is known of the plan, in the order it became known. Raises NotFound."""
    require_plan(customer_id, plan_id)
    return tuple(map(_event_view, PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("seq")))


def page_of_events(customer_id: UUID, plan_id: UUID, *, after: str | None = None, limit: int = 50) -> Page[EventView]:
    """The same in pages. Raises NotFound, InvalidCursor."""
    require_plan(customer_id, plan_id)
    events = PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id)
    if after is not None:
        events = events.filter(seq__gt=_read_seq_cursor(after))
    views = [_event_view(event) for event in events.order_by("seq")[: limit + 1]]
    return page_of(views, limit=limit, cursor_of=lambda last: to_cursor(last.seq))


def require_plan(customer_id: UUID, plan_id: UUID) -> None:
    """Raises NotFound."""
    if not Plan.objects.filter(customer_id=customer_id, id=plan_id).exists():
        raise NotFound


def _event_view(event: PlanEvent) -> EventView:
    return EventView(
        event_id=event.id,
        seq=event.seq,
        kind=event.kind,
        effective_on=event.effective_on,
        amount_minor=event.amount_minor,
        body=event.body,
        payment_id=event.payment_id,
        actor=event.actor,
        recorded_at=event.recorded_at,
    )


def _read_seq_cursor(cursor: str) -> int:
    """A sequence number, short enough for the database to compare."""
    (seq,) = from_cursor(cursor, parts=1)
    if not (seq.isascii() and seq.isdigit() and len(seq) <= _SEQ_DIGITS):
        raise InvalidCursor
    return int(seq)


def journal_of(
    customer_id: UUID, *, plan_id: UUID | None = None, after: str | None = None, limit: int = 50
) -> Page[EntryView]:
    """Entries with their lines, oldest first. Raises InvalidCursor."""
    entries = JournalEntry.objects.filter(customer_id=customer_id)
    if plan_id is not None:
        entries = entries.filter(plan_id=plan_id)
    if after is not None:
        entries = entries.filter(seq__gt=_read_seq_cursor(after))
    found = list(entries.order_by("seq")[: limit + 1])
    lines: dict[UUID, list[JournalLineView]] = defaultdict(list)
    of_these = JournalLine.objects.filter(customer_id=customer_id, entry_id__in=[entry.id for entry in found])
    for line in of_these.order_by("entry_id", "line_no"):
        lines[line.entry_id].append(
            JournalLineView(
                line_no=line.line_no,
                account=line.account,
                debit_minor=line.debit_minor,
                credit_minor=line.credit_minor,
            )
        )
    views = [_entry_view(entry, tuple(lines[entry.id])) for entry in found]
    return page_of(views, limit=limit, cursor_of=lambda last: to_cursor(last.seq))


def _entry_view(entry: JournalEntry, lines: tuple[JournalLineView, ...]) -> EntryView:
    return EntryView(
        entry_id=entry.id,
        seq=entry.seq,
        code=entry.code,
        effective_on=entry.effective_on,
        posted_at=entry.posted_at,
        currency=entry.currency,
        plan_id=entry.plan_id,
        order_id=entry.order_id,
        event_id=entry.event_id,
        payment_id=entry.payment_id,
        hash=bytes(entry.hash).hex(),
        lines=lines,
    )


def cashier_of(customer_id: UUID, attempt_id: UUID) -> dict[str, str]:
    """Where the payer was sent: `url`, or the `code` to scan. Raises NotFound."""
    where = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id).values_list("cashier", flat=True)
    for found in where:
        return dict(found)
    raise NotFound

"""Reading cases: for the customer who waits, for staff who review, and for the mall's programs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.cases import CaseSignal, CaseState, Party, possible
from fenqi.domain.errors import NotFound
from fenqi.records import directory
from fenqi.records.models import (
    Account,
    AftersalesCase,
    CaseEvidence,
    CaseLine,
    CaseStep,
    Customer,
    DirectoryKind,
    Order,
    OrderLine,
    QuoteRecord,
    Refund,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.quoting import QuoteView, quote_view
from fenqi.usecases.aftersales.refund_keys import keys_of
from fenqi.usecases.aftersales.review import approvals_of, needs_two_people
from fenqi.usecases.aftersales.stages import holder_of, stages_of
from fenqi.usecases.aftersales.steps import find_case
from fenqi.usecases.aftersales.views import (
    CaseLineView,
    CaseStepView,
    CaseSummary,
    CaseView,
    DeadlinesView,
    EvidenceInCase,
    QueueRow,
)
from fenqi.usecases.aftersales.waiting import is_our_turn, our_turn_after
from fenqi.usecases.refunds.queries import RefundView, refund_view

_REVIEWED = (CaseState.SUBMITTED.value, CaseState.IN_REVIEW.value)
_THE_CUSTOMERS = (CaseState.EVIDENCE_ASKED.value, CaseState.GOODS_AWAITED.value, CaseState.QUOTE_CHANGED.value)


def find_case_by_number(case_no: str) -> tuple[UUID, UUID]:
    """The customer and the case of a number. Raises NotFound."""
    holder = directory.find(DirectoryKind.CASE_NO, case_no)
    if holder is None:
        raise NotFound
    return holder.customer_id, holder.target_id


def case_view(customer_id: UUID, case_id: UUID) -> CaseView:
    """Raises NotFound."""
    case = find_case(customer_id, case_id)
    steps = list(CaseStep.objects.filter(customer_id=customer_id, case_id=case_id).order_by("seq"))
    names = _names({case.agent, *(step.actor for step in steps)})
    refunds = refunds_of(case)
    state = CaseState(case.state)
    shown = _deadlines(case, our_turn_after([case]).get(case.id), now=clock.now())
    return CaseView(
        case_id=case.id,
        case_no=case.case_no,
        customer_id=customer_id,
        order_id=case.order_id,
        order_no=Order.objects.values_list("order_no", flat=True).get(customer_id=customer_id, id=case.order_id),
        plan_id=case.plan_id,
        title=_titles(customer_id, [case]).get(case.id, ""),
        kind=case.kind,
        was_exchange=case.was_exchange,
        reason=case.reason,
        description=case.description,
        via=case.via,
        state=state,
        currency=case.currency,
        value_minor=case.value_minor,
        lines=_lines(case),
        steps=tuple(_step(step, names) for step in steps),
        stages=stages_of(case, steps, refunds, usual_by=shown.usual_by),
        holder=holder_of(case, refunds),
        quote_id=case.quote_id,
        quote=quote_view(customer_id, case.quote_id) if case.quote_id else None,
        offered_quote=_offered_quote(case),
        refunds=refunds,
        evidence=_evidence(case),
        deadlines=shown,
        policy_code=case.policy_code,
        policy_version=case.policy_version,
        rule=case.rule,
        next_step=case.next_step,
        decision_note=case.decision_note,
        decided_at=case.decided_at,
        agent=case.agent,
        agent_name=names.get(case.agent, case.agent),
        approvals=approvals_of(case),
        needs_two_people=needs_two_people(case),
        carrier=case.carrier,
        tracking_no=case.tracking_no,
        replacement_tracking_no=case.replacement_tracking_no,
        goods_received_at=case.goods_received_at,
        customer_may=possible(state, Party.CUSTOMER),
        staff_may=possible(state, Party.STAFF),
        ahead=_ahead(case),
        created_at=case.created_at,
        updated_at=case.updated_at,
        closed_at=case.closed_at,
    )


def cases_of(customer_id: UUID, order_id: UUID | None = None, *, limit: int = 200) -> tuple[CaseSummary, ...]:
    """Of one order or of all, newest first."""
    cases = AftersalesCase.objects.filter(customer_id=customer_id)
    if order_id is not None:
        cases = cases.filter(order_id=order_id)
    return _summaries(customer_id, cases.order_by("-created_at", "id")[:limit])


def refunds_of(case: AftersalesCase) -> tuple[RefundView, ...]:
    """What goes back for the case: over the rails first, then what was paid at ordering."""
    refunds = Refund.objects.filter(customer_id=case.customer_id, source_key__in=keys_of(case.id))
    ids = dict(refunds.values_list("source_key", "id"))
    return tuple(refund_view(case.customer_id, ids[key]) for key in keys_of(case.id) if key in ids)


def late_cases(*, now: datetime, limit: int = 500) -> tuple[QueueRow, ...]:
    """The open cases of which a clock has run out, over all customers, the longest overdue by the law first."""
    with across_customers():
        cases = AftersalesCase.objects.filter(_is_late(now), closed_at=None)
        return tuple(queue_rows(list(cases.order_by("law_by", "review_due_at", "id")[:limit]), now=now))


def _is_late(now: datetime) -> Q:
    """The clocks of `deadlines.binding` and `deadlines.waited_out`, for the database."""
    today = clock.business_date(now)
    ours = ~Q(state__in=_THE_CUSTOMERS)
    by_law = Q(law_by__lt=today) & ~Q(state=CaseState.REFUNDING.value)
    in_review = Q(state__in=_REVIEWED, review_due_at__lt=now)
    return ours & (by_law | in_review | Q(promise_by__lt=today)) | is_our_turn(today=today)


def queue_rows(cases: Sequence[AftersalesCase], *, now: datetime) -> list[QueueRow]:
    """Of rows that were read, in their order."""
    refs = dict(Customer.objects.filter(id__in=[case.customer_id for case in cases]).values_list("id", "ref"))
    orders = dict(Order.objects.filter(id__in=[case.order_id for case in cases]).values_list("id", "order_no"))
    titles = dict(OrderLine.objects.filter(order_id__in=list(orders), line_no=1).values_list("order_id", "name"))
    names = _names({case.agent for case in cases})
    turns = our_turn_after(cases)
    shown = {case.id: _deadlines(case, turns.get(case.id), now=now) for case in cases}
    return [
        QueueRow(
            case_id=case.id,
            case_no=case.case_no,
            customer_id=case.customer_id,
            customer_ref=refs[case.customer_id],
            order_no=orders[case.order_id],
            title=titles.get(case.order_id, ""),
            kind=case.kind,
            was_exchange=case.was_exchange,
            reason=case.reason,
            state=CaseState(case.state),
            value_minor=case.value_minor,
            currency=case.currency,
            agent=case.agent,
            agent_name=names.get(case.agent, case.agent),
            deadlines=shown[case.id],
            waits_for=_waits_for(CaseState(case.state), shown[case.id]),
            created_at=case.created_at,
        )
        for case in cases
    ]


def _waits_for(state: CaseState, shown: DeadlinesView) -> Party:
    """Who must do something next."""
    if state.value in _THE_CUSTOMERS and shown.binding is None:
        return Party.CUSTOMER
    return Party.STAFF if possible(state, Party.STAFF) - {CaseSignal.WITHDRAWN} else Party.HOUSE


def _deadlines(case: AftersalesCase, last_day: date | None, *, now: datetime) -> DeadlinesView:
    """`last_day`: the last one that it waits for its customer, where no such day closes it."""
    terms = rules_of_case.terms(case)
    today = clock.business_date(now)
    applied_on = clock.business_date(case.created_at)
    promised = deadlines.promised(terms, applied_at=case.created_at, applied_on=applied_on)
    binding = deadlines.binding(
        CaseState(case.state),
        review_due_on=clock.business_date(case.review_due_at),
        promise_by=case.promise_by,
        law_by=case.law_by,
    )
    if last_day is not None:
        binding = deadlines.waited_out(last_day, today=today)
    return DeadlinesView(
        review_due_at=case.review_due_at,
        usual_by=promised.usual_by,
        promise_by=case.promise_by,
        law_by=case.law_by,
        goods_due_on=case.goods_due_on,
        binding=binding,
        is_late=deadlines.is_late(binding, review_due_at=case.review_due_at, now=now, today=today),
        is_estimated=promised.is_estimated,
    )


def _ahead(case: AftersalesCase) -> int | None:
    """How many are reviewed before it; None of a case that is not waiting for review (R042)."""
    if case.state not in _REVIEWED:
        return None
    with across_customers():
        waiting = AftersalesCase.objects.filter(closed_at=None, state__in=_REVIEWED)
        return waiting.filter(review_due_at__lt=case.review_due_at).count()


def _offered_quote(case: AftersalesCase) -> QuoteView | None:
    """The newest quote of a case that waits for the customer to confirm it."""
    if case.state != CaseState.QUOTE_CHANGED:
        return None
    quotes = QuoteRecord.objects.filter(customer_id=case.customer_id, case_id=case.id)
    newest = quotes.order_by("-seq", "-created_at").values_list("id", flat=True).first()
    return quote_view(case.customer_id, newest) if newest else None


def _lines(case: AftersalesCase) -> tuple[CaseLineView, ...]:
    bought = {
        line.line_no: line for line in OrderLine.objects.filter(customer_id=case.customer_id, order_id=case.order_id)
    }
    lines = CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("line_no")
    return tuple(
        CaseLineView(
            line_no=line.line_no,
            sku=bought[line.line_no].sku,
            name=bought[line.line_no].name,
            pieces=line.pieces,
            bought=bought[line.line_no].quantity,
            unit_price_minor=bought[line.line_no].unit_price_minor,
            worth=line.worth,
            deduction_minor=line.deduction_minor,
            deduction_note=line.deduction_note,
            replacement_sku=line.replacement_sku,
        )
        for line in lines
    )


def _step(step: CaseStep, names: Mapping[str, str]) -> CaseStepView:
    return CaseStepView(
        seq=step.seq,
        signal=CaseSignal(step.signal),
        before=step.before,
        after=step.after,
        party=party_of(step.actor),
        actor=step.actor,
        actor_name=names.get(step.actor, step.actor),
        note=step.note,
        details=step.details,
        at=step.at,
    )


def party_of(actor: str) -> Party:
    """Who an actor is to the customer."""
    if actor == audit.SYSTEM:
        return Party.HOUSE
    return Party.STAFF if actor.startswith("staff:") else Party.CUSTOMER


def _names(actors: Iterable[str]) -> dict[str, str]:
    ids = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    return {audit.staff(account.id): account.username for account in Account.objects.filter(id__in=ids)}


def _evidence(case: AftersalesCase) -> tuple[EvidenceInCase, ...]:
    found = CaseEvidence.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("created_at", "id")
    return tuple(
        EvidenceInCase(
            evidence_id=one.id,
            kind=one.kind,
            media_type=one.media_type,
            size=one.size,
            width=one.width,
            height=one.height,
            seconds=one.seconds,
            uploaded_by=one.uploaded_by,
            created_at=one.created_at,
        )
        for one in found
    )


def _titles(customer_id: UUID, cases: Iterable[AftersalesCase]) -> dict[UUID, str]:
    """Case to the name of the first line that it is about."""
    lines_of: dict[UUID, int] = {}
    orders = {case.id: case.order_id for case in cases}
    for case_id, line_no in (
        CaseLine.objects.filter(customer_id=customer_id, case_id__in=list(orders))
        .order_by("line_no")
        .values_list("case_id", "line_no")
    ):
        lines_of.setdefault(case_id, line_no)
    names = {
        (order_id, line_no): name
        for order_id, line_no, name in OrderLine.objects.filter(
            customer_id=customer_id, order_id__in=list(orders.values())
        ).values_list("order_id", "line_no", "name")
    }
    return {case_id: names.get((orders[case_id], line_no), "") for case_id, line_no in lines_of.items()}


def _summaries(customer_id: UUID, cases: QuerySet[AftersalesCase]) -> tuple[CaseSummary, ...]:
    found = list(cases)
    titles = _titles(customer_id, found)
    orders = dict(
        Order.objects.filter(customer_id=customer_id, id__in=[case.order_id for case in found]).values_list(
            "id", "order_no"
        )
    )
    pieces: dict[UUID, int] = defaultdict(int)
    lines = CaseLine.objects.filter(customer_id=customer_id, case_id__in=[case.id for case in found])
    for case_id, count in lines.values_list("case_id", "pieces"):
        pieces[case_id] += count
    return tuple(
        CaseSummary(
            case_id=case.id,
            case_no=case.case_no,
            order_id=case.order_id,
            order_no=orders[case.order_id],
            title=titles.get(case.id, ""),
            kind=case.kind,
            was_exchange=case.was_exchange,
            reason=case.reason,
            state=CaseState(case.state),
            value_minor=case.value_minor,
            currency=case.currency,
            pieces=pieces[case.id],
            customer_must_act=case.state in _THE_CUSTOMERS,
            created_at=case.created_at,
            updated_at=case.updated_at,
            closed_at=case.closed_at,
        )
        for case in found
    )

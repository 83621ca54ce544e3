"""Short forms of orders and plans, read for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from fenqi.domain.plans.covered import GOODS_BACK, covered_rows
from fenqi.records.models import Installment, OrderLine, Plan, PlanEvent
from fenqi.usecases import plan_file
from fenqi.usecases.views import LineView, PlanSummary


def lines_by_order(customer_id: UUID, order_ids: Iterable[UUID]) -> dict[UUID, tuple[LineView, ...]]:
    """The lines of many orders in one statement; an order without lines has none."""
    found: dict[UUID, list[LineView]] = defaultdict(list)
    rows = OrderLine.objects.filter(customer_id=customer_id, order_id__in=list(order_ids))
    for line in rows.order_by("order_id", "line_no"):
        found[line.order_id].append(
            LineView(
                line_no=line.line_no,
                sku=line.sku,
                name=line.name,
                category=line.category,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                discount_minor=line.discount_minor,
                freight_minor=line.freight_minor,
            )
        )
    return defaultdict(tuple, {order_id: tuple(lines) for order_id, lines in found.items()})


def plan_summaries(customer_id: UUID, *, order_ids: Sequence[UUID] | None = None) -> list[PlanSummary]:
    """The customer's plans (of the orders given, or all) as their projection says: four statements, and one more for
    each plan of which goods went back.
    """
    plans = Plan.objects.filter(customer_id=customer_id)
    if order_ids is not None:
        plans = plans.filter(order_id__in=list(order_ids))
    found = list(plans.order_by("opened_on", "id"))
    titles = lines_by_order(customer_id, [plan.order_id for plan in found])
    rows: dict[UUID, list[Installment]] = defaultdict(list)
    installments = Installment.objects.filter(customer_id=customer_id, plan_id__in=[plan.id for plan in found])
    for row in installments.order_by("plan_id", "due_on", "n"):
        rows[row.plan_id].append(row)
    covered = _covered(customer_id, [plan.id for plan in found])
    return [
        _plan_summary(plan, titles[plan.order_id], rows[plan.id], covered.get(plan.id, frozenset())) for plan in found
    ]


def _covered(customer_id: UUID, plan_ids: Sequence[UUID]) -> dict[UUID, frozenset[int]]:
    """The rows that were never paid, since goods went back: only the events can tell them from those that were."""
    kinds = [kind.value for kind in GOODS_BACK]
    touched = PlanEvent.objects.filter(customer_id=customer_id, plan_id__in=plan_ids, kind__in=kinds)
    files = [plan_file.read(customer_id, plan_id) for plan_id in set(touched.values_list("plan_id", flat=True))]
    return {file.plan_id: covered_rows(file.terms, file.events, file.state()) for file in files}


def _plan_summary(
    plan: Plan, lines: tuple[LineView, ...], rows: list[Installment], covered: frozenset[int]
) -> PlanSummary:
    installments = [row for row in rows if not row.is_down_payment]
    following = next((row for row in rows if row.outstanding_minor), None)
    return PlanSummary(
        plan_id=plan.id,
        order_id=plan.order_id,
        title=lines[0].name if lines else "",
        currency=plan.currency,
        status=plan.status,
        principal_minor=plan.principal_minor,
        outstanding_minor=plan.outstanding_minor,
        balance_minor=plan.balance_minor,
        count=len(installments),
        paid_count=sum(not row.outstanding_minor and row.n not in covered for row in installments),
        covered_count=sum(row.n in covered for row in installments),
        next_due_on=following.due_on if following else None,
        next_amount_minor=following.outstanding_minor if following else 0,
        last_due_on=plan.last_due_on,
        opened_on=plan.opened_on,
        provider=plan.provider,
    )

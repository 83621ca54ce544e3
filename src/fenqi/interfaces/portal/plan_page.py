"""A plan as the pages show it: its installments, what comes next, and what is under way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fenqi.domain.payments import AttemptState
from fenqi.interfaces.portal.schedule import Calendar, Installment, Standing, installments_of, next_open
from fenqi.interfaces.portal.waiting import CostOfWaiting, cost_of_waiting
from fenqi.usecases.views import PaymentView, PlanView


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """`under_way` is the payment that is not ended, if there is one."""

    view: PlanView
    today: date
    installments: tuple[Installment, ...]
    under_way: PaymentView | None

    @property
    def currency(self) -> str:
        return self.view.terms.currency

    @property
    def outstanding_minor(self) -> int:
        return self.view.state.totals.outstanding.total

    @property
    def remaining_principal_minor(self) -> int:
        return self.view.state.totals.outstanding.principal

    @property
    def next(self) -> Installment | None:
        return next_open(self.installments)

    @property
    def last_due_on(self) -> date:
        return max(one.row.due_on for one in self.installments)

    @property
    def numbered(self) -> tuple[Installment, ...]:
        """The installments proper, without the down payment."""
        return tuple(one for one in self.installments if one.number is not None)

    @property
    def open_count(self) -> int:
        return sum(bool(one.outstanding_minor) for one in self.numbered)

    @property
    def paid_count(self) -> int:
        """Those that were paid, not those that fell away."""
        return sum(one.standing is Standing.PAID for one in self.numbered)

    @property
    def count(self) -> int:
        return len(self.numbered)

    @property
    def tones(self) -> list[str]:
        """One for each segment of the bar."""
        return [one.standing.tone for one in self.numbered]

    @property
    def due_now_minor(self) -> int:
        """Everything that is past due or due today."""
        return sum(one.outstanding_minor for one in self.installments if one.row.due_on <= self.today)

    @property
    def due_now_count(self) -> int:
        return sum(bool(one.outstanding_minor) for one in self.installments if one.row.due_on <= self.today)

    @property
    def waiting(self) -> CostOfWaiting | None:
        """What it costs to wait with the next installment."""
        following = self.next
        if following is None:
            return None
        view, row = self.view, following.row
        charged = view.late_fees_charged.get(row.n, 0)
        return cost_of_waiting(view.terms, row, today=self.today, exempt=view.exempt_days, charged=charged)

    @property
    def is_locked(self) -> bool:
        """A payment has no known outcome: nothing may be paid until it has."""
        return any(one.standing is Standing.UNKNOWN for one in self.installments)


def plan_page(view: PlanView, *, today: date, payments: Iterable[PaymentView] = ()) -> PlanPage:
    """`payments` are those of the plan; the one under way locks its installments while its outcome is unknown."""
    under_way = _under_way(view, payments)
    locked = set(under_way.installments) if under_way and _is_unknown(under_way) else set()
    calendar = Calendar(
        today=today,
        grace_days=view.terms.grace_days,
        locked=frozenset(locked),
        exempt=view.exempt_days,
        covered=view.covered_rows,
    )
    return PlanPage(
        view=view,
        today=today,
        installments=installments_of(view.state.rows, calendar),
        under_way=under_way,
    )


def _under_way(view: PlanView, payments: Iterable[PaymentView]) -> PaymentView | None:
    payment_id = view.open_attempt.payment_id if view.open_attempt else None
    return next((payment for payment in payments if payment.payment_id == payment_id), None)


def _is_unknown(payment: PaymentView) -> bool:
    attempt = payment.latest_attempt
    return attempt is not None and attempt.state == AttemptState.UNKNOWN

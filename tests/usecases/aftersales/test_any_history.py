"""Whatever customers, staff and jobs do to one order, in whatever order: the books agree, what is done was quoted, and
nobody gets back more than was paid.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import FenqiError
from fenqi.records.models import PlanEvent, Refund
from fenqi.usecases import clock
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.reconciliation.check import check_books
from returned import Case, Returning, a_return, delivered
from staff_members import agent

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)
TERMS = [
    {},
    {"method": "flat_fee", "fee_rate": "0.6"},
    {"method": "equal_installment", "annual_rate": "12"},
    {"at_ordering": 35_000},
]


@dataclass
class World:
    """One order, its payments and its cases; a day passes now and then."""

    order: Returning
    cases: list[Case] = field(default_factory=list)
    payments: int = 0

    @property
    def now(self) -> datetime:
        return self.order.now

    def act(self, move: tuple[str, int]) -> None:
        kind, n = move
        with suppress(FenqiError):  # what is refused does nothing, as the laws will show
            self._try(kind, n)

    def _try(self, kind: str, n: int) -> None:
        case = replace(self.cases[n % len(self.cases)], now=self.now) if self.cases else None
        match kind:
            case "a day passes":
                self.order = replace(self.order, now=self.now + timedelta(days=1))
            case "pays":
                self.payments += 1
                amount = 1 + (n * 7_919) % 45_000
                with clock.stopped(self.now):
                    self.order.plan.record(
                        amount,
                        on=clock.business_date(self.now),
                        now=self.now,
                        key=f"p{self.payments}",
                        allow_credit=True,
                    )
            case "applies":
                reason = (Reason.FAULTY, Reason.NO_REASON, Reason.DAMAGED_IN_TRANSIT)[n % 3]
                kinds = (WishKind.RETURN, WishKind.RETURN, WishKind.REFUND_ONLY, WishKind.EXCHANGE)
                lines = (((1, 1),), ((2, 1 + n % 4),), ((1, 1), (2, 1 + n % 3)))[n % 3]
                self.cases.append(self.order.apply(a_return(*lines, kind=kinds[n % 4], reason=reason)))
            case "approves" if case:
                case.approve()
            case "refuses" if case:
                review.reject(
                    agent(),
                    case.customer_id,
                    case.case_id,
                    rule="window_over",
                    next_step="appeal",
                    note="n",
                    now=self.now,
                )
            case "receives" if case:
                case.receive({1: (n % 9_000, "划痕")} if n % 3 == 0 else None)
            case "carries out" if case:
                case.execute()
            case "confirms" if case and (offered := case.view.offered_quote):
                confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=self.now)
            case "takes back" if case and n % 4 == 0:
                withdraw(case.customer_id, case.case_id, actor="customer", now=self.now)

    def in_the_end(self) -> None:
        """Every case is brought to its end."""
        for each in self.cases:
            case = replace(each, now=self.now)
            for kind in ("approves", "receives", "carries out", "confirms"):
                self.act((kind, 1 + 3 * self.cases.index(each)))
                case = replace(case, now=self.now)
            case.execute()


MOVES = (
    *("pays", "applies", "approves") * 2,
    *("receives", "carries out", "confirms", "takes back", "refuses", "a day passes"),
)
moves = st.tuples(st.sampled_from(MOVES), st.integers(0, 1_000))


@given(st.sampled_from(TERMS), st.lists(moves, min_size=4, max_size=14))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_books_agree_and_nobody_gets_back_more_than_was_paid(
    terms: dict[str, object], history: list[tuple[str, int]]
) -> None:
    world = World(delivered(now=NOW, **terms))  # type: ignore[arg-type]  # fields of the test
    for move in history:
        world.act(move)
    world.in_the_end()
    assert list(check_books()) == []
    assert all(case.state != CaseState.APPROVED for case in world.cases)
    customer_id = world.order.customer_id
    paid = sum(
        amount or 0
        for amount in PlanEvent.objects.filter(
            customer_id=customer_id, kind__in=("repayment", "settlement")
        ).values_list("amount_minor", flat=True)
    )
    at_ordering = terms.get("at_ordering", 0)
    back = sum(Refund.objects.filter(customer_id=customer_id).values_list("amount_minor", flat=True))
    assert isinstance(at_ordering, int)
    assert back <= paid + at_ordering

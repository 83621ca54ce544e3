"""Plans that move, for the tests: two lenders in the sandbox, a batch, and what the worker would do with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fenqi.channels.first_run import OTHER_PARTNER_CODE, PARTNER_CODE
from fenqi.domain.migration import BatchState, ItemState
from fenqi.domain.money import Money
from fenqi.records.models import Order, PlanMigration, PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases.migrating.approving import announce, approve
from fenqi.usecases.migrating.batches import find_batch
from fenqi.usecases.migrating.consent import Word, agree, text_of
from fenqi.usecases.migrating.drafting import Wanted, draft_from_file
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.migrating.running import go_on
from fenqi.usecases.partners.providers import ProviderTexts
from fenqi.usecases.staff.permissions import Staff
from malls import Bought

__all__ = ["ANXIN", "OTHER_PARTNER_CODE", "PARTNER_CODE", "Moving", "drafted"]

ANXIN = ProviderTexts(
    code=OTHER_PARTNER_CODE,
    kind="platform",
    name_zh="安心分期",
    name_en="Anxin",
    contact_phone="400-000-0009",
    contact_zh="安心分期 App 内还款",
    contact_en="Repay in the app of Anxin",
)
NOTICE = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Moving:
    """A batch and its plans."""

    migration_id: UUID
    plans: tuple[Bought, ...]

    @property
    def batch(self) -> PlanMigration:
        return find_batch(self.migration_id)

    @property
    def cutover_at(self) -> datetime:
        return self.batch.cutover_at

    def item(self, n: int = 0) -> PlanMigrationItem:
        plan = self.plans[n]
        return PlanMigrationItem.objects.get(
            customer_id=plan.customer_id, migration_id=self.migration_id, plan_id=plan.plan_id
        )

    def states(self) -> list[str]:
        return [self.item(n).state for n in range(len(self.plans))]

    def agree(self, n: int = 0, *, now: datetime) -> None:
        item = self.item(n)
        word = Word(digest=text_of(self.batch, language="zh").digest, language="zh", ip="203.0.113.9")
        agree(item.customer_id, item.id, word, now=now)

    def prepare(self, maker: Staff, second: Staff, *, now: datetime, agreeing: Sequence[int] | None = None) -> None:
        """Rehearsed, approved by the second, announced, and agreed to by those (all, when none are named)."""
        rehearse(self.migration_id, now=now)
        approve(second, self.migration_id, now=now)
        announce(maker, self.migration_id, now=now)
        for n in range(len(self.plans)) if agreeing is None else agreeing:
            if self.item(n).consent != "not_needed":
                self.agree(n, now=now)

    def go_on(self, *, now: datetime | None = None) -> BatchState:
        return go_on(self.migration_id, now=now or self.cutover_at)

    def until(self, state: ItemState, *, now: datetime, rounds: int = 12) -> datetime:
        """As the clock would bring it, an hour at a time; when the first plan stood there."""
        for _ in range(rounds):
            self.go_on(now=now)
            if self.item().state == state:
                return now
            now += timedelta(hours=1)
        raise AssertionError(f"{self.item().state} {self.item().reason}")


def sheet(plans: Sequence[Bought], *, wrong_fen: int = 0) -> bytes:
    """The file that names the plans with their balance; the last one may be wrong."""
    lines = ["order_no,balance"]
    with across_customers():
        numbers = dict(Order.objects.filter(id__in=[plan.order_id for plan in plans]).values_list("id", "order_no"))
    for n, plan in enumerate(plans, 1):
        owed = plan.state().totals.outstanding.total + (wrong_fen if n == len(plans) else 0)
        lines.append(f"{numbers[plan.order_id]},{Money(owed, 'CNY').as_decimal()}")
    return "\n".join(lines).encode()


def drafted(
    by: Staff | str,
    *plans: Bought,
    now: datetime,
    to: str = PARTNER_CODE,
    giver: str = "mall",
    wrong_fen: int = 0,
) -> Moving:
    wanted = Wanted(from_provider=giver, to_provider=to, cutover_at=now + NOTICE)
    made = draft_from_file(by, wanted, sheet(plans, wrong_fen=wrong_fen), name="plans.csv", now=now)
    return Moving(made, plans)

"""An order is registered whose plan somebody else finances: what the lender knows it by, and what it pays the mall."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.domain.errors import InvalidInput
from fenqi.domain.ledger import clearing, partner_funded_entry
from fenqi.domain.plans import PlanState, Terms
from fenqi.records import directory
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind, PartnerPlan
from fenqi.records.posting import Decision
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.projection import About, ChainHead, entry_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFunding:
    """What the mall says of a plan that a lender keeps; minor units. The lender paid the goods less the two sums."""

    plan_no: str
    commission_minor: int = 0
    subsidy_minor: int = 0


def check_funding(provider: str, funding: PartnerFunding | None, *, principal: int) -> None:
    """Raises UnknownProvider and InvalidInput."""
    if provider_of(provider) is None:
        if funding is not None:
            raise InvalidInput(
                where="plan.partner", problem="the mall finances this plan itself", problem_zh="该分期由商城自营"
            )
        return
    if funding is None or not (0 < len(funding.plan_no) <= 64 and funding.plan_no.isascii()):  # noqa: PLR2004 - the column
        raise InvalidInput(
            where="plan.partner.plan_no", problem="the lender's number is expected", problem_zh="应为资方的分期单号"
        )
    if min(funding.commission_minor, funding.subsidy_minor) < 0 or (
        funding.commission_minor + funding.subsidy_minor > principal
    ):
        raise InvalidInput(
            where="plan.partner", problem="commission and subsidy exceed the price", problem_zh="佣金与贴息超过价款"
        )


def note_funding(
    decision: Decision,
    funding: PartnerFunding,
    *,
    provider: str,
    plan_id: UUID,
    order_id: UUID,
    terms: Terms,
    state: PlanState,
    head: ChainHead,
    now: datetime,
) -> None:
    """Keep it, and put what it posts into the decision after the plan's own opening entry. Raises InvalidInput."""
    customer_id = decision.customer_id
    key = f"{provider}:{funding.plan_no}"
    held = directory.claim(DirectoryKind.PARTNER_NO, key, customer_id=customer_id, target_id=plan_id)
    if held.target_id != plan_id:
        raise InvalidInput(
            where="plan.partner.plan_no", problem="another order has this number", problem_zh="该单号已属于另一订单"
        )
    PartnerPlan.objects.create(
        customer_id=customer_id,
        id=new_id(),
        plan_id=plan_id,
        provider=provider,
        plan_no=funding.plan_no,
        amount_minor=terms.principal,
        currency=terms.currency,
        commission_minor=funding.commission_minor,
        subsidy_minor=funding.subsidy_minor,
        created_at=now,
    )
    entry = partner_funded_entry(
        state.opened,
        commission=funding.commission_minor,
        subsidy=funding.subsidy_minor,
        source=clearing(provider),
    )
    columns, lines, new_head = entry_columns(
        entry,
        code=entry.code,
        on=terms.opened_on,
        currency=terms.currency,
        about=About(customer_id=customer_id, plan_id=plan_id, order_id=order_id),
        head=head,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = new_head.seq

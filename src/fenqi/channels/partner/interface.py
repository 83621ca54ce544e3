"""What a finance partner is asked, and the frozen values that go in and out. Amounts are minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from fenqi.channels.interface import Reply


class PartnerPlanState(StrEnum):
    ACTIVE = "active"
    SETTLED = "settled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPartnerPlan:
    """A plan to be opened at the checkout. The same number opens it once."""

    plan_no: str
    """Ours, by the number rule; the partner calls the plan by it, too."""
    customer: str
    """A reference that tells the partner one customer from another, and nothing about them."""
    amount: int
    currency: str
    installments: int
    fee_rate: str
    """Percent of the amount for each installment, as text."""
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPlan:
    """A plan as the partner has it, with what its holder may spend or withdraw there."""

    plan_no: str
    state: PartnerPlanState
    amount: int
    outstanding_principal: int
    outstanding_fee: int
    balance: int
    withdrawable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEffect:
    """What a refund does at the partner. Always: amount = cancelled principal + surplus."""

    amount: int
    cancelled_principal: int
    dropped_fees: int
    """Fees of installments that will not come any more."""
    surplus: int
    """Becomes the holder's balance at the partner."""
    commission_back: int
    """Of what the partner kept from the mall."""
    subsidy_back: int
    """Of what the mall paid in the customer's place."""
    plan_state: PartnerPlanState

    @property
    def is_consistent(self) -> bool:
        parts = (
            self.cancelled_principal,
            self.dropped_fees,
            self.surplus,
            self.commission_back,
            self.subsidy_back,
        )
        return self.amount > 0 and min(parts) >= 0 and self.amount == self.cancelled_principal + self.surplus


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPlanReply(Reply):
    """With `outcome` SUCCEEDED `plan` is set."""

    plan_no: str
    plan: PartnerPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerQuoteReply(Reply):
    """With `outcome` SUCCEEDED `effect` is set: what a refund of that amount would do now."""

    plan_no: str
    effect: PartnerEffect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRefundRequest:
    """Goods went back: take `amount` off the plan. The same number and amount are refunded once."""

    number: str
    plan_no: str
    amount: int
    currency: str
    reason: str
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRefundReply(Reply):
    """With `outcome` SUCCEEDED `effect` is set. WAITING: accepted, the partner has not carried it out yet."""

    number: str
    effect: PartnerEffect | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """One line of the partner's daily file: what it owes the mall (above zero) or is owed."""

    kind: str
    """plan, refund, repayment or adjustment."""
    number: str
    plan_no: str
    amount: int
    commission: int
    subsidy: int

    @property
    def net(self) -> int:
        """What the line adds to the day's payment; a repayment only tells what the partner has collected."""
        return 0 if self.kind == "repayment" else self.amount + self.commission + self.subsidy


@runtime_checkable
class FinancePartner(Protocol):
    """One partner. Implementations are immutable and may be used from many threads at once."""

    @property
    def code(self) -> str:
        """The provider's code, as plans name it."""

    def open_plan(self, new: NewPartnerPlan) -> PartnerPlanReply:
        """Open a plan at the checkout; the same again changes nothing."""

    def plan(self, plan_no: str) -> PartnerPlanReply:
        """The plan as the partner has it now."""

    def quote_refund(self, *, plan_no: str, amount: int, effective_on: date) -> PartnerQuoteReply:
        """What a refund would do. Moves nothing."""

    def refund(self, request: PartnerRefundRequest) -> PartnerRefundReply:
        """Refund. The same request again is harmless and gives the same answer."""

    def query_refund(self, number: str) -> PartnerRefundReply:
        """Ask what became of a refund; NOT_FOUND for a number the partner never saw."""

    def settlement(self, day: date) -> tuple[SettlementLine, ...]:
        """The lines of that day's settlement file. Raises BillNotReady and BillRefused."""

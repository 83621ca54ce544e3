"""What a finance partner is asked, and the frozen values that go in and out. Amounts are minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from fenqi.channels.interface import Reply
from fenqi.domain.plans import Components


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


class TransferDirection(StrEnum):
    """Seen from the partner."""

    IN = "in"
    OUT = "out"


class TransferState(StrEnum):
    TAKEN = "taken"
    """Kept for us: nothing is collected for it yet, or any more."""
    CONFIRMED = "confirmed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRow:
    """An installment that is still open."""

    n: int
    due_on: date
    owed: Components


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """A plan moves to the partner, or away from it. The same number carries the same plan once.

    Of one that moves in, `amount` is what was financed at ordering; of one that moves out only the number is told, for
    the partner says what is owed on it.
    """

    number: str
    direction: TransferDirection
    plan_no: str
    customer: str
    currency: str
    effective_on: date
    amount: int = 0
    rows: tuple[TransferRow, ...] = ()

    @property
    def balance(self) -> Components:
        return Components(*(sum(parts) for parts in zip(*(row.owed for row in self.rows), strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer as the partner has it. `state` is None in a quote; `collected` is what it has had of the customer."""

    number: str
    direction: TransferDirection
    plan_no: str
    state: TransferState | None
    balance: Components
    price: int
    collected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReply(Reply):
    """With `outcome` SUCCEEDED `transfer` is set; FAILED: the partner does not take the plan, `code` says why."""

    number: str
    transfer: Transfer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """A repayment that came to us for a plan of the partner's, told under one number."""

    number: str
    plan_no: str
    amount: int
    currency: str
    received_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """One line of the partner's daily file: what it owes the mall (above zero) or is owed."""

    kind: str
    """plan, refund, repayment, transfer, revocation, passed_on or adjustment."""
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

    def quote_transfer(self, request: TransferRequest) -> TransferReply:
        """What the partner would say to it. Moves nothing."""

    def transfer(self, request: TransferRequest) -> TransferReply:
        """Take the plan, or let it go; not in force before it is confirmed. The same again is harmless."""

    def query_transfer(self, number: str) -> TransferReply:
        """How it stands; NOT_FOUND for a number the partner never saw."""

    def confirm_transfer(self, number: str) -> TransferReply:
        """It is booked on our side: in force from now on. The same again is harmless."""

    def revoke_transfer(self, number: str) -> TransferReply:
        """Everything as it was, but for what was collected meanwhile. The same again is harmless."""

    def pass_on(self, passed: PassedOn) -> Reply:
        """The customer has paid it to us. The same again is harmless."""

    def settlement(self, day: date) -> tuple[SettlementLine, ...]:
        """The lines of that day's settlement file. Raises BillNotReady and BillRefused."""

"""The documents that come in: what a mall says of its customers, orders and repayments. Unknown fields are refused."""

from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.money import LARGEST_MINOR, Rounding
from fenqi.domain.plans.terms import (
    LARGEST_ROUND_TO,
    MOST_GRACE_DAYS,
    MOST_INSTALLMENTS,
    MOST_PERIODS,
    Component,
    DayCount,
    FeeOnRefund,
    FeeTiming,
    FutureRule,
    LateFeeBase,
    Method,
    Remainder,
    Scope,
    Unit,
)
from fenqi.domain.reserves import HoldKind, ReleaseRule
from fenqi.interfaces.api.fields import (
    Code,
    Count,
    Currency,
    Day,
    Flag,
    Instant,
    Minor,
    Name,
    Number,
    Percent,
    Phone,
    PositiveMinor,
    Word,
    refuse,
)
from fenqi.records.models import FeeBearer, OrderStatus, PaymentPurpose, SalesChannel
from fenqi.usecases.orders.inputs import MOST_LINES, MOST_PAYMENTS
from fenqi.usecases.price_protection.feed import MOST_IN_A_BATCH

_MOST_TAGS = 20
_MOST_QUANTITY = 1_000_000


class Incoming(BaseModel):
    """A document from outside, read once."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerBody(Incoming):
    """Who owes. Personal data is stored encrypted and never shows in logs."""

    name: Annotated[Word, Field(examples=["陈小云"])] = ""
    phone: Annotated[Phone, Field(description="Bound to one customer at a time; empty: none")] = ""
    language: Annotated[str, Field(pattern="^(zh-hans|en)$", examples=["zh-hans"])] = "zh-hans"
    email: Annotated[
        StrictStr,
        Field(
            max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$", description="Written to once the customer has confirmed it"
        ),
    ] = ""


class LineBody(Incoming):
    sku: Annotated[Word, Field(min_length=1, examples=["PHONE-15-BLK"])]
    name: Annotated[Name, Field(examples=["手机 15 Pro 黑色 256G"])]
    category: Annotated[Word, Field(examples=["electronics"])] = ""
    quantity: Annotated[StrictInt, Field(ge=1, le=_MOST_QUANTITY)] = 1
    unit_price_minor: Annotated[Minor, Field(examples=[699900])]
    discount_minor: Annotated[Minor, Field(description="The line's share of coupons, for the whole line")] = 0
    freight_minor: Minor = 0
    tags: Annotated[tuple[Code, ...], Field(max_length=_MOST_TAGS, examples=[["custom"]])] = ()
    seller: Word = ""
    no_return_confirmed_at: Annotated[
        Instant | None,
        Field(
            description="When the buyer confirmed, for this line alone and before ordering, that it cannot be returned "
            "without a reason; unconfirmed, such an exclusion is void"
        ),
    ] = None
    no_return_text_version: Annotated[
        Word, Field(description="The version of the text that was confirmed", examples=["opened-goods-2026-01"])
    ] = ""


class OrderPaymentBody(Incoming):
    """What the mall took at ordering, or what the plan finances."""

    method: Annotated[Code, Field(examples=["credit_card"])]
    amount_minor: Annotated[Minor, Field(examples=[699900])]
    installments: Count = 0
    financed: Flag = False


class DownPaymentTerms(Incoming):
    """One of the two."""

    percent: Percent | None = None
    amount: Minor | None = None


class LateFeeTerms(Incoming):
    """`fixed` once, or `daily_rate` percent of the base a day up to `cap_percent` of it."""

    daily_rate: Percent | None = None
    base: LateFeeBase | None = None
    cap_percent: Percent | None = None
    fixed: PositiveMinor | None = None


class FutureTerms(Incoming):
    repayment: FutureRule = FutureRule.NEXT
    refund: FutureRule = FutureRule.LAST
    credit: FutureRule = FutureRule.LAST
    price_adjustment: FutureRule = FutureRule.LAST


class AllocationTerms(Incoming):
    order: Annotated[
        tuple[Component, ...],
        Field(min_length=4, max_length=4, examples=[["late_fee", "fee", "interest", "principal"]]),
    ] = (Component.LATE_FEE, Component.FEE, Component.INTEREST, Component.PRINCIPAL)
    by: Scope = Scope.INSTALLMENT
    future: FutureTerms = FutureTerms()


class TermsBody(Incoming):
    """The agreed terms, field by field as in a scenario file of `fenqi simulate`. Amounts are minor units."""

    principal: Annotated[PositiveMinor, Field(examples=[699900])]
    currency: Currency = "CNY"
    opened_on: Day
    down_payment: DownPaymentTerms | None = None
    installments: Annotated[StrictInt, Field(ge=1, le=MOST_INSTALLMENTS, examples=[12])]
    every: Annotated[StrictInt, Field(ge=1, le=MOST_PERIODS)] = 1
    unit: Unit = Unit.MONTH
    first_due_on: Day | None = None
    due_day: Annotated[StrictInt, Field(ge=1, le=31)] | None = None
    method: Method = Method.INTEREST_FREE
    annual_rate: Percent = "0"
    fee_rate: Percent = "0"
    fee_timing: FeeTiming = FeeTiming.EACH
    day_count: DayCount = DayCount.THIRTY_360
    rounding: Rounding = Rounding.HALF_EVEN
    round_to: Annotated[StrictInt, Field(ge=1, le=LARGEST_ROUND_TO)] = 1
    remainder: Remainder = Remainder.LAST
    grace_days: Annotated[StrictInt, Field(ge=0, le=MOST_GRACE_DAYS)] = 0
    late_fee: LateFeeTerms | None = None
    fee_on_refund: FeeOnRefund = FeeOnRefund.UNEARNED
    allocation: AllocationTerms = AllocationTerms()

    def to_mapping(self) -> dict[str, Any]:
        """As the plan engine reads it."""
        return self.model_dump(mode="json", exclude_none=True)


class PartnerBody(Incoming):
    """What a lender knows the plan by, and what it kept from the mall when it paid the goods, in minor units."""

    plan_no: Annotated[Number, Field(description="The lender's number of the plan")]
    commission_minor: Minor = 0
    subsidy_minor: Minor = 0


class PlanBody(Incoming):
    """Bears the order's financed payments. With a `provider` other than `mall`, `partner` says what it knows of it."""

    terms: TermsBody
    provider: Annotated[Code, Field(description="Who financed it")] = "mall"
    fee_bearer: FeeBearer = FeeBearer.CUSTOMER
    partner: PartnerBody | None = None


class ReserveBody(Incoming):
    """A sum to be held as security: frozen in the customer's own account, or paid beforehand."""

    amount_minor: Annotated[PositiveMinor, Field(examples=[30000])]
    kind: HoldKind = HoldKind.FROZEN
    channel: Annotated[
        Code, Field(description="Frozen: alipay or bank_card, the customer may choose the other. Prepaid: a cashier's")
    ] = "alipay"
    release_rule: Annotated[ReleaseRule, Field(description="What a partial return gives back of it")] = (
        ReleaseRule.WHEN_NOTHING_IS_OWED
    )
    may_advance: Annotated[Flag, Field(description="Of a prepaid one: refunds are advanced from it at once")] = False


class OrderBody(Incoming):
    """An order as the mall took it. Once registered, only status, approved_at and delivered_at move on."""

    customer_ref: Number
    currency: Currency
    placed_at: Instant
    status: OrderStatus
    sales_channel: SalesChannel = SalesChannel.OFFICIAL
    approved_at: Instant | None = None
    delivered_at: Instant | None = None
    lines: Annotated[tuple[LineBody, ...], Field(max_length=MOST_LINES)] = ()
    payments: Annotated[tuple[OrderPaymentBody, ...], Field(max_length=MOST_PAYMENTS)] = ()
    plan: PlanBody | None = None
    reserve: Annotated[ReserveBody | None, Field(description="To be asked for with the order")] = None

    @model_validator(mode="after")
    def _total_is_in_range(self) -> "OrderBody":
        if sum(line.quantity * line.unit_price_minor + line.freight_minor for line in self.lines) > LARGEST_MINOR:
            raise refuse("the order's total is too large", "订单总额过大")
        return self


class QuoteBody(Incoming):
    """What to repay: chosen installments from the earliest open one on, everything due today, a part, or all."""

    purpose: Annotated[PaymentPurpose, Field(examples=["installments"])]
    installments: Annotated[
        tuple[Annotated[StrictInt, Field(ge=1, le=10_000)], ...],
        Field(max_length=MOST_INSTALLMENTS + 2, description="Row numbers, for `installments` only", examples=[[2]]),
    ] = ()
    amount_minor: Annotated[StrictInt, Field(ge=0, le=LARGEST_MINOR, description="For `part` only: below all owed")] = 0

    @model_validator(mode="after")
    def _rows_belong_to_installments(self) -> "QuoteBody":
        if self.purpose in (PaymentPurpose.RECORDED, PaymentPurpose.RESERVE):
            raise refuse(
                "quotes are for installments, due, part or settlement",
                "报价用途须为 installments、due、part 或 settlement",
            )
        if bool(self.amount_minor) is not (self.purpose is PaymentPurpose.PART):
            raise refuse("name an amount for the purpose part, and only for it", "仅当用途为 part 时填写金额")
        if bool(self.installments) is not (self.purpose is PaymentPurpose.INSTALLMENTS):
            raise refuse(
                "name rows for the purpose installments, and only for it", "仅当用途为 installments 时填写期次"
            )
        return self


class RepaymentBody(Incoming):
    """Start what was quoted."""

    quote_token: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[!-~]+$", description="From the quote")]
    method: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9_]{1,32}(:[0-9a-f-]{36})?$",
            examples=["wechat_pay"],
            description="A rail, or `bank_card:<id>` of a card that the customer has bound; wins over `channel`",
        ),
    ] = ""
    channel: Annotated[Code, Field(examples=["alipay"], description="A rail; the same as `method`")] = "alipay"
    device: Annotated[
        Literal["phone", "desktop"],
        Field(description="What the payer holds: a desktop may be answered with a code to scan"),
    ] = "phone"
    payer_ip: Annotated[
        IPvAnyAddress,
        Field(
            description="The payer's network address, for the channel's risk control; kept with the attempt",
            json_schema_extra={"pattern": "^[0-9A-Fa-f.:]{2,45}$"},
        ),
    ] = IPv4Address("127.0.0.1")


class WishedLineBody(Incoming):
    line_no: Annotated[StrictInt, Field(ge=1, le=MOST_LINES)]
    pieces: Annotated[StrictInt, Field(ge=1, le=_MOST_QUANTITY)]


class WishBody(Incoming):
    """What the customer wants, of which goods, and why."""

    kind: Annotated[WishKind, Field(examples=["return"])]
    reason: Annotated[Reason, Field(examples=["no_reason"])]
    lines: Annotated[tuple[WishedLineBody, ...], Field(min_length=1, max_length=MOST_LINES)]

    @model_validator(mode="after")
    def _each_line_is_named_once(self) -> "WishBody":
        if len({line.line_no for line in self.lines}) < len(self.lines):
            raise refuse("name each line once", "每行商品只写一次")
        return self

    def to_wish(self) -> Wish:
        """As eligibility and quotes take it."""
        lines = tuple(WishedLine(line_no=line.line_no, pieces=line.pieces) for line in self.lines)
        return Wish(kind=self.kind, reason=self.reason, lines=lines)


EvidenceIds = Annotated[
    tuple[UUID, ...], Field(max_length=20, description="Photos and videos that were uploaded for the order before")
]


class ApplicationBody(WishBody):
    """The same wish with the quote that the customer has confirmed."""

    quote_id: Annotated[UUID, Field(description="Of the quote that the customer was shown, while it is valid")]
    description: Annotated[StrictStr, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""
    evidence_ids: EvidenceIds = ()


class AnswerBody(Incoming):
    """What the review asked the customer for: a word, evidence, or both."""

    note: Annotated[StrictStr, Field(max_length=1_000, pattern=r"^[^\x00]*$")] = ""
    evidence_ids: EvidenceIds = ()


Shown = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="`digest` of the line as it was shown to the customer")
]


class PromiseBody(Incoming):
    """The customer promises a sum, in minor units of the plan's currency, by the end of a day."""

    amount_minor: Annotated[StrictInt, Field(ge=1, le=10**12)]
    pay_by: Day


class ExtensionQuoteBody(Incoming):
    """By how many days the next due date moves: one of the days that the plan's help lists."""

    days: Annotated[StrictInt, Field(ge=1, le=366)]


class ExtensionBody(Incoming):
    """The customer agreed to what was quoted."""

    quote_token: Annotated[StrictStr, Field(min_length=1, max_length=2_000)]


class ClaimBody(Incoming):
    """The customer claims the difference of a line as it was shown; `unused`: what they say of the goods."""

    line_no: Annotated[StrictInt, Field(ge=1, le=MOST_LINES)]
    digest: Shown
    unused: StrictBool | None = None
    description: Annotated[StrictStr, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class TakenOfferBody(Incoming):
    """The customer takes an offer as it was shown."""

    digest: Shown
    unused: StrictBool = False


class SentBody(Incoming):
    """How the goods were sent back."""

    carrier: Annotated[StrictStr, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["顺丰"])]
    tracking_no: Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z-]{6,40}$", examples=["SF1234567890"])]


class WithdrawalBody(Incoming):
    note: Annotated[StrictStr, Field(max_length=1_000, pattern=r"^[^\x00]*$")] = ""


class ConfirmationBody(Incoming):
    quote_id: Annotated[UUID, Field(description="`offered_quote` of the case")]


class ReceivedBody(Incoming):
    """Money the mall received itself. `received_on` is its value date, today or earlier."""

    amount_minor: Annotated[PositiveMinor, Field(examples=[58325])]
    currency: Currency
    received_on: Day
    channel: Annotated[str, Field(pattern="^(mall|cash)$", examples=["mall"])] = "mall"
    surplus: Annotated[
        str,
        Field(
            pattern="^(refuse|credit)$",
            description="What to do with more than is owed; `credit` only where the mall's policy allows it",
        ),
    ] = "refuse"


class PriceBody(Incoming):
    """One piece of the product could be bought for this at that instant."""

    sku: Annotated[Word, Field(min_length=1, examples=["PHONE-15-BLK"])]
    price_minor: Minor
    currency: Currency = "CNY"
    observed_at: Instant
    seller: Annotated[Word, Field(description="Empty: the mall itself")] = ""
    sales_channel: Literal["OFFICIAL", "PARTNER"] = "OFFICIAL"


Scalar = (
    Annotated[StrictStr, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | StrictInt | StrictFloat | StrictBool
)
FieldName = Annotated[StrictStr, Field(pattern=r"^[a-z_]{1,32}$")]
PriceRow = Annotated[dict[FieldName, Scalar | None], Field(json_schema_extra={"additionalProperties": False})]
"""Other names are refused with the whole body: what a pattern of names leaves open, the document must close."""


class PricesBody(Incoming):
    """A batch of prices. Each is judged by itself, so that one bad row costs no other."""

    prices: Annotated[
        list[PriceRow],
        Field(
            min_length=1,
            max_length=MOST_IN_A_BATCH,
            description="Each as `sku`, `price_minor`, `observed_at`, and `currency` (CNY), `seller`, `sales_channel`",
        ),
    ]

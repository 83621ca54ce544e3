"""What was agreed when the plan was opened: the `terms` of the scenario format, checked, frozen and hashable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fenqi.domain.money import LARGEST_MINOR, Rounding, exponent_of, round_ratio
from fenqi.domain.plans.errors import FirstDueBeforeOpening, NothingToFinance, TermsOutOfCalendar
from fenqi.domain.reading import LATEST_ON, Fields

MOST_INSTALLMENTS = 600
MOST_PERIODS = 1200
MOST_GRACE_DAYS = 3650
MOST_ANNUAL_RATE = 1000
MOST_FEE_RATE = 100
LARGEST_ROUND_TO = 10**9
LAST_DAY_OF_MONTH = 31
ZERO = Decimal(0)


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Method(StrEnum):
    INTEREST_FREE = "interest_free"
    FLAT_FEE = "flat_fee"
    EQUAL_PRINCIPAL = "equal_principal"
    EQUAL_INSTALLMENT = "equal_installment"


class FeeTiming(StrEnum):
    EACH = "each"
    FIRST = "first"


class DayCount(StrEnum):
    THIRTY_360 = "30/360"
    ACTUAL_360 = "actual/360"
    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/actual"


class Remainder(StrEnum):
    LAST = "last"
    FIRST = "first"


class FeeOnRefund(StrEnum):
    UNEARNED = "unearned"
    PRORATA = "prorata"
    ALL = "all"
    NONE = "none"


class Component(StrEnum):
    """What an amount on a row is owed for."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEE = "fee"
    LATE_FEE = "late_fee"


class Scope(StrEnum):
    """What is served whole before the next (rule 4): a row, or one component over a group of rows."""

    INSTALLMENT = "installment"
    COMPONENT = "component"


class FutureRule(StrEnum):
    """Which row due in the future takes money first (rule 4)."""

    NEXT = "next"
    LAST = "last"
    NEXT_LAST = "next_last"
    SPREAD = "spread"


class LateFeeBase(StrEnum):
    OVERDUE_PRINCIPAL = "overdue_principal"
    OVERDUE_AMOUNT = "overdue_amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownPayment:
    """A percentage of the principal, or an amount; never both."""

    percent: Decimal | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeRule:
    """`fixed` minor units once, or `daily_rate` percent of the base a day, up to `cap_percent` of the base."""

    daily_rate: Decimal | None = None
    base: LateFeeBase = LateFeeBase.OVERDUE_AMOUNT
    cap_percent: Decimal | None = None
    fixed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureRules:
    """The rule for the future by kind of money; an event may override it."""

    repayment: FutureRule = FutureRule.NEXT
    refund: FutureRule = FutureRule.LAST
    credit: FutureRule = FutureRule.LAST
    price_adjustment: FutureRule = FutureRule.LAST


USUAL_ORDER = (Component.LATE_FEE, Component.FEE, Component.INTEREST, Component.PRINCIPAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRules:
    order: tuple[Component, ...] = USUAL_ORDER
    by: Scope = Scope.INSTALLMENT
    future: FutureRules = field(default_factory=FutureRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The agreed terms. Amounts are whole minor units of `currency`, rates are percentages.

    Build it with `parse_terms`, which checks it; the rest of the engine trusts a Terms.
    """

    principal: int
    currency: str
    opened_on: date
    installments: int
    every: int = 1
    unit: Unit = Unit.MONTH
    down_payment: DownPayment | None = None
    first_due_on: date | None = None
    due_day: int | None = None
    method: Method = Method.INTEREST_FREE
    annual_rate: Decimal = ZERO
    fee_rate: Decimal = ZERO
    fee_timing: FeeTiming = FeeTiming.EACH
    day_count: DayCount = DayCount.THIRTY_360
    rounding: Rounding = Rounding.HALF_EVEN
    round_to: int = 1
    remainder: Remainder = Remainder.LAST
    grace_days: int = 0
    late_fee: LateFeeRule | None = None
    fee_on_refund: FeeOnRefund = FeeOnRefund.UNEARNED
    allocation: AllocationRules = field(default_factory=AllocationRules)

    @property
    def down_payment_amount(self) -> int:
        """Minor units due on the opening day; a percentage is rounded to `round_to`."""
        if self.down_payment is None:
            return 0
        if self.down_payment.amount is not None:
            return self.down_payment.amount
        part, whole = (self.down_payment.percent or ZERO).as_integer_ratio()
        return round_ratio(self.principal * part, whole * 100, self.rounding, unit=self.round_to)

    @property
    def financed(self) -> int:
        """Principal less the down payment."""
        return self.principal - self.down_payment_amount

    def to_mapping(self) -> dict[str, object]:
        """The terms as JSON can carry them; `parse_terms` reads them back to an equal value."""
        return {
            "principal": self.principal,
            "currency": self.currency,
            "opened_on": self.opened_on.isoformat(),
            "down_payment": _down_payment_mapping(self.down_payment),
            "installments": self.installments,
            "every": self.every,
            "unit": self.unit.value,
            "first_due_on": self.first_due_on.isoformat() if self.first_due_on else None,
            "due_day": self.due_day,
            "method": self.method.value,
            "annual_rate": _decimal_text(self.annual_rate),
            "fee_rate": _decimal_text(self.fee_rate),
            "fee_timing": self.fee_timing.value,
            "day_count": self.day_count.value,
            "rounding": self.rounding.value,
            "round_to": self.round_to,
            "remainder": self.remainder.value,
            "grace_days": self.grace_days,
            "late_fee": _late_fee_mapping(self.late_fee),
            "fee_on_refund": self.fee_on_refund.value,
            "allocation": {
                "order": [component.value for component in self.allocation.order],
                "by": self.allocation.by.value,
                "future": {kind: getattr(self.allocation.future, kind).value for kind in _FUTURE_FIELDS},
            },
        }


_FUTURE_FIELDS = ("repayment", "refund", "credit", "price_adjustment")
_TERMS_FIELDS = frozenset(Terms.__dataclass_fields__)


def parse_terms(mapping: Mapping[str, object], *, where: str = "terms") -> Terms:
    """Terms from a mapping of the scenario format. Raises a FenqiError whose `where` names the field."""
    fields = Fields(mapping, where=where, allowed=_TERMS_FIELDS)
    terms = Terms(
        principal=fields.amount("principal"),
        currency=_currency(fields),
        opened_on=fields.day("opened_on"),
        down_payment=_down_payment(fields),
        installments=fields.whole("installments", least=1, most=MOST_INSTALLMENTS),
        every=fields.whole("every", least=1, most=MOST_PERIODS, default=1),
        unit=fields.choice("unit", Unit, Unit.MONTH),
        first_due_on=fields.day("first_due_on") if fields.has("first_due_on") else None,
        due_day=_due_day(fields),
        method=fields.choice("method", Method, Method.INTEREST_FREE),
        annual_rate=fields.percent("annual_rate", most=MOST_ANNUAL_RATE, default=ZERO),
        fee_rate=fields.percent("fee_rate", most=MOST_FEE_RATE, default=ZERO),
        fee_timing=fields.choice("fee_timing", FeeTiming, FeeTiming.EACH),
        day_count=fields.choice("day_count", DayCount, DayCount.THIRTY_360),
        rounding=fields.choice("rounding", Rounding, Rounding.HALF_EVEN),
        round_to=fields.whole("round_to", least=1, most=LARGEST_ROUND_TO, default=1),
        remainder=fields.choice("remainder", Remainder, Remainder.LAST),
        grace_days=fields.whole("grace_days", least=0, most=MOST_GRACE_DAYS, default=0),
        late_fee=_late_fee(fields),
        fee_on_refund=fields.choice("fee_on_refund", FeeOnRefund, FeeOnRefund.UNEARNED),
        allocation=_allocation(fields),
    )
    _refuse_contradictions(terms, where=where)
    return terms


def _refuse_contradictions(terms: Terms, *, where: str) -> None:
    if terms.financed <= 0:
        raise NothingToFinance(
            where=f"{where}.down_payment", down_payment=terms.down_payment_amount, principal=terms.principal
        )
    if terms.first_due_on is not None and terms.first_due_on < terms.opened_on:
        raise FirstDueBeforeOpening(where=f"{where}.first_due_on", on=terms.first_due_on, opened_on=terms.opened_on)
    longest_days = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}[terms.unit] * terms.every * (terms.installments + 1)
    if longest_days > (LATEST_ON - (terms.first_due_on or terms.opened_on)).days:
        raise TermsOutOfCalendar(where=f"{where}.installments", latest_on=LATEST_ON)


def _currency(fields: Fields) -> str:
    if not fields.has("currency"):
        return "CNY"
    code = fields.text("currency")
    exponent_of(code, where=fields.path("currency"))
    return code


def _down_payment(fields: Fields) -> DownPayment | None:
    """An absent or zero down payment is none (零首付, P706)."""
    if not fields.has("down_payment"):
        return None
    inner = Fields(
        fields.value("down_payment"), where=fields.path("down_payment"), allowed=frozenset({"percent", "amount"})
    )
    if inner.has("percent") == inner.has("amount"):
        fields.refuse("down_payment", "give either percent or amount", "请填写 percent 或 amount 之一")
    if inner.has("percent"):
        return DownPayment(percent=inner.percent("percent", most=100))
    return DownPayment(amount=inner.whole("amount", least=0, most=LARGEST_MINOR))


def _due_day(fields: Fields) -> int | None:
    if not fields.has("due_day"):
        return None
    day = fields.whole("due_day", least=1, most=LAST_DAY_OF_MONTH)
    if fields.choice("unit", Unit, Unit.MONTH) is not Unit.MONTH:
        fields.refuse("due_day", "a day of the month needs unit: month", "仅当 unit 为 month 时可用")
    return day


def _late_fee(fields: Fields) -> LateFeeRule | None:
    if not fields.has("late_fee"):
        return None
    inner = Fields(
        fields.value("late_fee"),
        where=fields.path("late_fee"),
        allowed=frozenset({"daily_rate", "base", "cap_percent", "fixed"}),
    )
    if inner.has("daily_rate") == inner.has("fixed"):
        fields.refuse("late_fee", "give either daily_rate or fixed", "请填写 daily_rate 或 fixed 之一")
    if inner.has("fixed"):
        if inner.has("base") or inner.has("cap_percent"):
            fields.refuse("late_fee", "a fixed late fee has no base and no cap", "固定违约金没有基数和上限")
        return LateFeeRule(fixed=inner.amount("fixed"))
    return LateFeeRule(
        daily_rate=inner.percent("daily_rate", most=100),
        base=inner.choice("base", LateFeeBase, LateFeeBase.OVERDUE_AMOUNT),
        cap_percent=inner.percent("cap_percent", most=1000) if inner.has("cap_percent") else None,
    )


def _allocation(fields: Fields) -> AllocationRules:
    if not fields.has("allocation"):
        return AllocationRules()
    inner = Fields(
        fields.value("allocation"), where=fields.path("allocation"), allowed=frozenset({"order", "by", "future"})
    )
    return AllocationRules(
        order=_order(inner), by=inner.choice("by", Scope, Scope.INSTALLMENT), future=_future_rules(inner)
    )


def _order(fields: Fields) -> tuple[Component, ...]:
    """All four components, once each: one left out could never be paid."""
    if not fields.has("order"):
        return USUAL_ORDER
    raw = fields.value("order")
    names = list(raw) if isinstance(raw, Sequence) and not isinstance(raw, str) else []
    if not all(isinstance(name, str) for name in names) or sorted(names) != sorted(Component):
        fields.refuse("order", "name each of the four components once", "四个组成部分须各出现一次")
    return tuple(Component(name) for name in names)


def _future_rules(fields: Fields) -> FutureRules:
    if not fields.has("future"):
        return FutureRules()
    inner = Fields(fields.value("future"), where=fields.path("future"), allowed=frozenset(_FUTURE_FIELDS))
    usual = FutureRules()
    return FutureRules(**{kind: inner.choice(kind, FutureRule, getattr(usual, kind)) for kind in _FUTURE_FIELDS})


def _decimal_text(number: Decimal) -> str:
    return format(number, "f")


def _down_payment_mapping(down_payment: DownPayment | None) -> dict[str, object] | None:
    if down_payment is None:
        return None
    if down_payment.percent is not None:
        return {"percent": _decimal_text(down_payment.percent)}
    return {"amount": down_payment.amount}


def _late_fee_mapping(rule: LateFeeRule | None) -> dict[str, object] | None:
    if rule is None:
        return None
    if rule.daily_rate is None:
        return {"fixed": rule.fixed}
    return {
        "daily_rate": _decimal_text(rule.daily_rate),
        "base": rule.base.value,
        "cap_percent": None if rule.cap_percent is None else _decimal_text(rule.cap_percent),
    }

"""Policies as data: what a published rule about returns or about price protection says (R019-R027, R084-R091, R164).

A body is a mapping kept on record. Reading it refuses whatever would take from the customer what the law gives:
a shorter window, more excluded goods, a later refund (P101-P108, P113). Numbers left out are those of the defaults.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

from fenqi.domain.aftersales.reasons import SELLERS_FAULT, Reason, ReasonGroup, group_of
from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.money import LARGEST_MINOR
from fenqi.domain.plans.terms import FeeOnRefund, FutureRule
from fenqi.domain.reading import Fields, shown

FeeRule = FeeOnRefund
"""What is given back of fees and interest: the same words as in a plan's terms."""

NAME: Final = "policy"
LONGEST_PROCEDURE: Final = 2_000
MOST_TAGS: Final = 30
_LONGEST_TAG: Final = 64
_MOST_DAYS: Final = 3_650
_MOST_FILES: Final = 20

LEAST_WINDOW_DAYS: Final = 7  # P101
MOST_REFUND_DAYS: Final = 7  # P108
MOST_HANDLING_DAYS: Final = 15  # P113
MOST_PROMISE_WORKING_DAYS: Final = 15  # P201
LEAST_PROTECTION_DAYS, MOST_PROTECTION_DAYS = 7, 30  # P401

EnumT = TypeVar("EnumT", bound=StrEnum)
WordT = TypeVar("WordT", bound=StrEnum)


class Subject(StrEnum):
    """What a policy is about."""

    RETURN = "return"
    PRICE_PROTECTION = "price_protection"


class Payer(StrEnum):
    CUSTOMER = "customer"
    SELLER = "seller"


class FeeOccasion(StrEnum):
    """The returns that a fee rule tells apart (policy section 9)."""

    SELLERS_FAULT = "sellers_fault"
    WHOLE_WITHIN_WINDOW = "whole_within_window"  # everything that is left of the order, inside the no-reason window
    OTHERWISE = "otherwise"


class LegalExclusion(StrEnum):
    """Tags of goods that the law itself takes out of the no-reason return (P103)."""

    CUSTOM = "custom"
    PERISHABLE = "perishable"
    VIRTUAL = "virtual"
    OPENED_MEDIA = "opened_media"
    PERIODICAL = "periodical"


class ConfirmedExclusion(StrEnum):
    """Tags of goods that may be taken out of it if the buyer confirmed so at that purchase (P104)."""

    SEALED = "sealed"
    ACTIVATED = "activated"
    NEAR_EXPIRY = "near_expiry"
    FLAWED = "flawed"


class Clock(StrEnum):
    """How a window of days runs: to the same hour, or to the end of the last day."""

    HOURS = "hours"
    CALENDAR = "calendar"


class ProtectionRoute(StrEnum):
    """Where a refunded difference goes (P409)."""

    PAYMENT_ACCOUNT = "payment_account"
    PLAN = "plan"


class PolicyBelowLaw(FenqiError):
    """The draft gives the customer less than the law does. Details: `where`, `problem`, `problem_zh`."""

    code = "policy_below_law"
    status = 422
    zh = "「{where}」低于法律规定：{problem_zh}"
    en = "{where} gives less than the law: {problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """What holds for returns, refunds and exchanges of an order line. Days are calendar days unless named otherwise.

    `procedure_zh` and `procedure_en`: where goods of a partner's shopping platform are returned; when they are given,
    the mall hands over instead of taking an application (R027, R028).
    """

    window_days: int = 7  # no reason needed; day 1 is the day after receipt (P101, P102)
    window_ends_on_working_day: bool = True  # P102
    excluded_by_law: frozenset[LegalExclusion] = frozenset(LegalExclusion)
    excluded_if_confirmed: frozenset[ConfirmedExclusion] = frozenset(ConfirmedExclusion)
    requires_resalable: bool = True  # P107
    fault_window_days: int = 180  # a fault within it is the seller's to disprove
    review_hours: int = 48
    promise_working_days: int = 15  # the outer promise, from the application (P201)
    usual_working_days: int = 3
    refund_after_received_days: int = 7  # P108
    hard_limit_days: int = 15  # P113
    goods_due_days: int = 7  # from the approval
    freight_back: Mapping[ReasonGroup, bool] = field(
        default_factory=lambda: {ReasonGroup.PERSONAL: False, ReasonGroup.SELLERS_FAULT: True}
    )
    return_freight: Mapping[ReasonGroup, Payer] = field(
        default_factory=lambda: {ReasonGroup.PERSONAL: Payer.CUSTOMER, ReasonGroup.SELLERS_FAULT: Payer.SELLER}
    )
    fees: Mapping[FeeOccasion, FeeRule | None] = field(
        default_factory=lambda: {
            FeeOccasion.SELLERS_FAULT: FeeRule.ALL,
            FeeOccasion.WHOLE_WITHIN_WINDOW: FeeRule.ALL,
            FeeOccasion.OTHERWISE: None,
        }
    )
    late_fees_back_when_faulty: bool = True
    two_people_above_minor: int = 500_000
    evidence_asked_for: frozenset[Reason] = frozenset(
        {Reason.NOT_AS_DESCRIBED, Reason.FAULTY, Reason.DAMAGED_IN_TRANSIT, Reason.MISSING_PARTS, Reason.WRONG_ITEM}
    )
    most_photos: int = 6
    most_videos: int = 1
    future_rule: FutureRule | None = None  # None: the rule of the plan's terms
    procedure_zh: str = ""
    procedure_en: str = ""

    @property
    def hands_over(self) -> bool:
        """Whether the goods are returned at another platform, by its procedure."""
        return bool(self.procedure_zh)

    def return_freight_paid_by(self, reason: Reason) -> Payer:
        return self.return_freight[group_of(reason)]

    def gives_freight_back(self, reason: Reason) -> bool:
        """Whether the freight of the delivery is part of what is refunded."""
        return self.freight_back[group_of(reason)]

    def fee_rule(self, reason: Reason, *, whole_order: bool, within_window: bool) -> FeeRule | None:
        """What is given back of fees and interest; None: as the plan's terms say."""
        if reason in SELLERS_FAULT:
            return self.fees[FeeOccasion.SELLERS_FAULT]
        if whole_order and within_window:
            return self.fees[FeeOccasion.WHOLE_WITHIN_WINDOW]
        return self.fees[FeeOccasion.OTHERWISE]

    def gives_late_fees_back(self, reason: Reason) -> bool:
        """Whether late fees charged before the return go back, too."""
        return self.late_fees_back_when_faulty and reason in SELLERS_FAULT

    def asks_evidence_for(self, reason: Reason) -> bool:
        return reason in self.evidence_asked_for

    def to_mapping(self) -> dict[str, Any]:
        """The body as it is kept: parsing it gives the same policy."""
        return {
            "window_days": self.window_days,
            "window_ends_on_working_day": self.window_ends_on_working_day,
            "excluded_by_law": _words(self.excluded_by_law),
            "excluded_if_confirmed": _words(self.excluded_if_confirmed),
            "requires_resalable": self.requires_resalable,
            "fault_window_days": self.fault_window_days,
            "review_hours": self.review_hours,
            "promise_working_days": self.promise_working_days,
            "usual_working_days": self.usual_working_days,
            "refund_after_received_days": self.refund_after_received_days,
            "hard_limit_days": self.hard_limit_days,
            "goods_due_days": self.goods_due_days,
            "freight_back": {group.value: self.freight_back[group] for group in ReasonGroup},
            "return_freight": {group.value: self.return_freight[group].value for group in ReasonGroup},
            "fees": {occasion.value: _word(self.fees[occasion]) for occasion in FeeOccasion},
            "late_fees_back_when_faulty": self.late_fees_back_when_faulty,
            "two_people_above_minor": self.two_people_above_minor,
            "evidence_asked_for": _words(self.evidence_asked_for),
            "most_photos": self.most_photos,
            "most_videos": self.most_videos,
            "future_rule": _word(self.future_rule),
            "procedure_zh": self.procedure_zh,
            "procedure_en": self.procedure_en,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceProtectionPolicy:
    """What holds when a price falls after the purchase (P401-P413). The window starts with the payment (P402)."""

    window_days: int = 7
    clock: Clock = Clock.CALENDAR
    excluded_tags: frozenset[str] = frozenset({"custom", "flash_sale", "virtual", "presale", "bundle", "group_buy"})
    requires_unused: bool = True  # R087, R088: said by the customer
    same_seller: bool = True
    counts_coupons: bool = True  # the paid unit price is after its share of coupons (P405)
    route: ProtectionRoute = ProtectionRoute.PAYMENT_ACCOUNT
    fee_on_lower_price: bool = True  # P410: fees are worked out anew on the lower price
    self_service: bool = True  # False: the application is handed to an agent (R096)
    most_claims_per_line: int = 5
    review_hours: int = 48
    promise_working_days: int = 15
    usual_working_days: int = 3
    procedure_zh: str = ""
    procedure_en: str = ""

    @property
    def hands_over(self) -> bool:
        """Whether claims are made at another platform, by its procedure."""
        return bool(self.procedure_zh)

    def to_mapping(self) -> dict[str, Any]:
        """The body as it is kept: parsing it gives the same policy."""
        return {
            "window_days": self.window_days,
            "clock": self.clock.value,
            "excluded_tags": sorted(self.excluded_tags),
            "requires_unused": self.requires_unused,
            "same_seller": self.same_seller,
            "counts_coupons": self.counts_coupons,
            "route": self.route.value,
            "fee_on_lower_price": self.fee_on_lower_price,
            "self_service": self.self_service,
            "most_claims_per_line": self.most_claims_per_line,
            "review_hours": self.review_hours,
            "promise_working_days": self.promise_working_days,
            "usual_working_days": self.usual_working_days,
            "procedure_zh": self.procedure_zh,
            "procedure_en": self.procedure_en,
        }


DEFAULT_RETURN_POLICY: Final = ReturnPolicy()
DEFAULT_PRICE_PROTECTION_POLICY: Final = PriceProtectionPolicy()

Policy = ReturnPolicy | PriceProtectionPolicy


def parse_policy(subject: Subject, raw: Mapping[str, Any]) -> Policy:
    """The policy of that subject. Raises as the two below do."""
    return parse_return_policy(raw) if subject is Subject.RETURN else parse_price_protection_policy(raw)


def parse_return_policy(raw: Mapping[str, Any]) -> ReturnPolicy:
    """Read a body; what is left out is as in the default. Raises InvalidInput, UnknownField, PolicyBelowLaw."""
    usual = DEFAULT_RETURN_POLICY
    fields = _PolicyFields(raw, where=NAME, allowed=frozenset(usual.to_mapping()))
    policy = ReturnPolicy(
        window_days=fields.days("window_days", usual.window_days),
        window_ends_on_working_day=fields.flag("window_ends_on_working_day", default=usual.window_ends_on_working_day),
        excluded_by_law=fields.lawful_tags("excluded_by_law", LegalExclusion, usual.excluded_by_law),
        excluded_if_confirmed=fields.lawful_tags(
            "excluded_if_confirmed", ConfirmedExclusion, usual.excluded_if_confirmed
        ),
        requires_resalable=fields.flag("requires_resalable", default=usual.requires_resalable),
        fault_window_days=fields.days("fault_window_days", usual.fault_window_days),
        review_hours=fields.hours("review_hours", usual.review_hours),
        promise_working_days=fields.days("promise_working_days", usual.promise_working_days),
        usual_working_days=fields.days("usual_working_days", usual.usual_working_days),
        refund_after_received_days=fields.days("refund_after_received_days", usual.refund_after_received_days),
        hard_limit_days=fields.days("hard_limit_days", usual.hard_limit_days),
        goods_due_days=fields.days("goods_due_days", usual.goods_due_days),
        freight_back=fields.flags("freight_back", ReasonGroup, usual.freight_back),
        return_freight=fields.words("return_freight", ReasonGroup, Payer, usual.return_freight),
        fees=fields.words_or_none("fees", FeeOccasion, FeeRule, usual.fees),
        late_fees_back_when_faulty=fields.flag("late_fees_back_when_faulty", default=usual.late_fees_back_when_faulty),
        two_people_above_minor=fields.whole(
            "two_people_above_minor", least=0, most=LARGEST_MINOR, default=usual.two_people_above_minor
        ),
        evidence_asked_for=fields.kinds("evidence_asked_for", Reason, usual.evidence_asked_for),
        most_photos=fields.whole("most_photos", least=0, most=_MOST_FILES, default=usual.most_photos),
        most_videos=fields.whole("most_videos", least=0, most=_MOST_FILES, default=usual.most_videos),
        future_rule=fields.choice("future_rule", FutureRule) if fields.has("future_rule") else None,
        procedure_zh=fields.prose("procedure_zh"),
        procedure_en=fields.prose("procedure_en"),
    )
    _check_lawful(policy)
    return policy


def parse_price_protection_policy(raw: Mapping[str, Any]) -> PriceProtectionPolicy:
    """Read a body; what is left out is as in the default. Raises InvalidInput, UnknownField."""
    usual = DEFAULT_PRICE_PROTECTION_POLICY
    fields = _PolicyFields(raw, where=NAME, allowed=frozenset(usual.to_mapping()))
    policy = PriceProtectionPolicy(
        window_days=fields.whole(
            "window_days", least=LEAST_PROTECTION_DAYS, most=MOST_PROTECTION_DAYS, default=usual.window_days
        ),
        clock=fields.choice("clock", Clock, usual.clock),
        excluded_tags=fields.tags("excluded_tags", usual.excluded_tags),
        requires_unused=fields.flag("requires_unused", default=usual.requires_unused),
        same_seller=fields.flag("same_seller", default=usual.same_seller),
        counts_coupons=fields.flag("counts_coupons", default=usual.counts_coupons),
        route=fields.choice("route", ProtectionRoute, usual.route),
        fee_on_lower_price=fields.flag("fee_on_lower_price", default=usual.fee_on_lower_price),
        self_service=fields.flag("self_service", default=usual.self_service),
        most_claims_per_line=fields.whole(
            "most_claims_per_line", least=1, most=100, default=usual.most_claims_per_line
        ),
        review_hours=fields.hours("review_hours", usual.review_hours),
        promise_working_days=fields.days("promise_working_days", usual.promise_working_days),
        usual_working_days=fields.days("usual_working_days", usual.usual_working_days),
        procedure_zh=fields.prose("procedure_zh"),
        procedure_en=fields.prose("procedure_en"),
    )
    _check_promises(policy)
    return policy


def policy_code(subject: Subject, *, sku: str = "", category: str = "", sales_channel: str = "") -> str:
    """The name under which the versions of one narrowing follow each other, such as `return.category.phone`."""
    for kind, name in (("product", sku), ("category", category), ("channel", sales_channel)):
        if name:
            return f"{subject.value}.{kind}.{name}"
    return f"{subject.value}.default"


def _check_lawful(policy: ReturnPolicy) -> None:
    """Raises PolicyBelowLaw for what a shop may not promise less of."""
    if policy.window_days < LEAST_WINDOW_DAYS:
        _below("window_days", f"at least {LEAST_WINDOW_DAYS} days", f"不得少于 {LEAST_WINDOW_DAYS} 天")
    if policy.fault_window_days < policy.window_days:
        _below("fault_window_days", "not shorter than without a reason", "不得短于无理由退货期限")
    if policy.refund_after_received_days > MOST_REFUND_DAYS:
        _below("refund_after_received_days", f"at most {MOST_REFUND_DAYS} days", f"不得超过 {MOST_REFUND_DAYS} 天")
    if policy.hard_limit_days > MOST_HANDLING_DAYS:
        _below("hard_limit_days", f"at most {MOST_HANDLING_DAYS} days", f"不得超过 {MOST_HANDLING_DAYS} 天")
    if Reason.NO_REASON in policy.evidence_asked_for:
        _below("evidence_asked_for", "no reason needs no evidence", "无理由退货不得要求举证")
    if not policy.freight_back[ReasonGroup.SELLERS_FAULT]:
        _below("freight_back", "freight goes back for goods at fault", "商品有问题时须退还运费")
    if policy.return_freight[ReasonGroup.SELLERS_FAULT] is not Payer.SELLER:
        _below("return_freight", "the seller pays for goods at fault", "商品有问题时运费由商家承担")
    _check_promises(policy)


def _check_promises(policy: Policy) -> None:
    if policy.promise_working_days > MOST_PROMISE_WORKING_DAYS:
        most = MOST_PROMISE_WORKING_DAYS
        _below("promise_working_days", f"at most {most} working days", f"不得超过 {most} 个工作日")
    if bool(policy.procedure_zh) != bool(policy.procedure_en):
        raise InvalidInput(
            where=f"{NAME}.procedure_en", problem="both languages are needed", problem_zh="须同时填写中文和英文"
        )


def _below(name: str, problem: str, problem_zh: str) -> NoReturn:
    raise PolicyBelowLaw(where=f"{NAME}.{name}", problem=problem, problem_zh=problem_zh)


class _PolicyFields(Fields):
    """The fields of a body, each with the default's value when it is left out."""

    def days(self, name: str, default: int) -> int:
        return self.whole(name, least=1, most=_MOST_DAYS, default=default)

    def hours(self, name: str, default: int) -> int:
        return self.whole(name, least=1, most=24 * MOST_HANDLING_DAYS, default=default)

    def flag(self, name: str, *, default: bool) -> bool:
        found = self.value(name) if self.has(name) else default
        if not isinstance(found, bool):
            self.refuse(name, "yes or no is expected", "应为是或否")
        return found

    def prose(self, name: str) -> str:
        found = self.value(name) if self.has(name) else ""
        if not isinstance(found, str) or len(found) > LONGEST_PROCEDURE or "\x00" in found:
            self.refuse(name, f"text of at most {LONGEST_PROCEDURE} characters is expected", "应为文字，且不宜过长")
        return found.strip()

    def tags(self, name: str, default: frozenset[str]) -> frozenset[str]:
        """Any tags: what is excluded is an open list (R091)."""
        return frozenset(self._list(name)) if self.has(name) else default

    def kinds(self, name: str, kinds: type[EnumT], default: frozenset[EnumT]) -> frozenset[EnumT]:
        if not self.has(name):
            return default
        known = {kind.value: kind for kind in kinds}
        found = self._list(name)
        for word in found:
            if word not in known:
                listed = ", ".join(known)
                self.refuse(name, f"only {listed} are expected", f"只能是：{listed}")
        return frozenset(known[word] for word in found)

    def lawful_tags(self, name: str, kinds: type[EnumT], default: frozenset[EnumT]) -> frozenset[EnumT]:
        """A shop may not widen the list of the law (P106)."""
        known = set(kinds)
        for tag in self._list(name) if self.has(name) else ():
            if tag not in known:
                _below(name, f"the law does not exclude {shown(tag)}", f"法律没有排除「{shown(tag)}」类商品")
        return self.kinds(name, kinds, default)

    def flags(self, name: str, kinds: type[EnumT], default: Mapping[EnumT, bool]) -> Mapping[EnumT, bool]:
        inner = self._inner(name, kinds)
        return {kind: inner.flag(kind.value, default=default[kind]) for kind in kinds}

    def words(
        self, name: str, kinds: type[EnumT], words: type[WordT], default: Mapping[EnumT, WordT]
    ) -> Mapping[EnumT, WordT]:
        inner = self._inner(name, kinds)
        return {kind: inner.choice(kind.value, words, default[kind]) for kind in kinds}

    def words_or_none(
        self, name: str, kinds: type[EnumT], words: type[WordT], default: Mapping[EnumT, WordT | None]
    ) -> Mapping[EnumT, WordT | None]:
        """A null says that nothing is laid down; only a kind that is not named at all is as in the default."""
        raw = self.value(name) if self.has(name) else {}
        inner = self._inner(name, kinds)
        named = raw if isinstance(raw, Mapping) else {}
        return {
            kind: (inner.choice(kind.value, words) if inner.has(kind.value) else None)
            if kind.value in named
            else default[kind]
            for kind in kinds
        }

    def _inner(self, name: str, kinds: type[EnumT]) -> "_PolicyFields":
        return _PolicyFields(
            self.value(name) if self.has(name) else {},
            where=self.path(name),
            allowed=frozenset(kind.value for kind in kinds),
        )

    def _list(self, name: str) -> list[str]:
        found = self.value(name)
        if not isinstance(found, list | tuple) or len(found) > MOST_TAGS:
            self.refuse(name, f"a list of at most {MOST_TAGS} words is expected", f"应为最多 {MOST_TAGS} 个词的列表")
        for word in found:
            if not isinstance(word, str) or not 0 < len(word) <= _LONGEST_TAG or "\x00" in word:
                self.refuse(name, f"words of 1 to {_LONGEST_TAG} characters are expected", "每个词长度须合适")
        return list(found)


def _words(kinds: Iterable[StrEnum]) -> list[str]:
    return sorted(kind.value for kind in kinds)


def _word(kind: StrEnum | None) -> str | None:
    return kind.value if kind is not None else None

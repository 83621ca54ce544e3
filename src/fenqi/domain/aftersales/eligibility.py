"""Who may return, exchange or be refunded what, until when (P101-P117, R020-R030).

The order of decision: is it ours, in force and delivered; is a piece left; does the reason fit; is the line excluded by
law, or by a confirmation that is on record; is it still time. Exclusions and the short window hold for personal reasons
only: goods at fault can always be reported. A refusal cites one rule and names the next step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from fenqi.domain.aftersales.policies import (
    Clock,
    ConfirmedExclusion,
    LegalExclusion,
    PriceProtectionPolicy,
    ReturnPolicy,
)
from fenqi.domain.aftersales.reasons import ABOUT_DELIVERY, REASONS_FOR, SELLERS_FAULT, Reason, WishKind
from fenqi.domain.aftersales.resolution import OFFICIAL
from fenqi.domain.aftersales.rules import RULES, NextStep, RuleId
from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.workdays import Deadline, next_workday

_NOT_IN_FORCE: Final = frozenset({"cancelled", "unavailable"})

_BY_LAW: Final[Mapping[LegalExclusion, RuleId]] = {
    LegalExclusion.CUSTOM: RuleId.MADE_TO_ORDER,
    LegalExclusion.PERISHABLE: RuleId.PERISHABLE,
    LegalExclusion.VIRTUAL: RuleId.DIGITAL,
    LegalExclusion.OPENED_MEDIA: RuleId.OPENED_MEDIA,
    LegalExclusion.PERIODICAL: RuleId.PERIODICAL,
}
_IF_CONFIRMED: Final[Mapping[ConfirmedExclusion, RuleId]] = {
    ConfirmedExclusion.SEALED: RuleId.CONFIRMED_SEALED,
    ConfirmedExclusion.ACTIVATED: RuleId.CONFIRMED_ACTIVATED,
    ConfirmedExclusion.NEAR_EXPIRY: RuleId.CONFIRMED_NEAR_EXPIRY,
    ConfirmedExclusion.FLAWED: RuleId.CONFIRMED_FLAWED,
}


class NotEligible(FenqiError):
    """The wish is refused by a rule. Details: `rule`, `next_step`, `text_zh`, `text_en`, `line_no` (or None)."""

    code = "not_eligible"
    status = 422
    zh = "{text_zh}"
    en = "{text_en}"


class TooManyPieces(FenqiError):
    """More pieces than the customer still has. Details: `line_no`, `left`."""

    code = "too_many_pieces"
    status = 422
    zh = "「{item}」最多还可申请 {left} 件。"
    en = "At most {left} pieces of “{item}” are left to apply for."


class NotBought(FenqiError):
    """The order has no such line. Details: `line_no`."""

    code = "not_bought"
    status = 404
    zh = "这笔订单里没有第 {line_no} 项商品。"
    en = "The order has no line {line_no}."


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedLine:
    """Pieces of an order line that the wish is about."""

    line_no: int
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the customer wants, and why."""

    kind: WishKind
    reason: Reason
    lines: tuple[WishedLine, ...]

    def to_mapping(self) -> dict[str, object]:
        """As JSON keeps it."""
        return {
            "kind": self.kind.value,
            "reason": self.reason.value,
            "lines": [{"line_no": line.line_no, "pieces": line.pieces} for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """An order line as eligibility reads it. `gone`: pieces returned, refunded, or in a case that is open.

    `confirmed_at`: when the buyer confirmed, for this line, that it cannot be returned without a reason (P105).
    `claims`: price differences already asked for.
    """

    line_no: int
    sku: str = ""
    name: str = ""
    category: str = ""
    tags: frozenset[str] = frozenset()
    quantity: int = 1
    gone: int = 0
    confirmed_at: datetime | None = None
    claims: int = 0

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order as eligibility reads it; days and instants on the mall's clock. `received_on` None: not delivered."""

    order_no: str
    status: str
    sales_channel: str
    placed_on: date
    paid_at: datetime
    received_on: date | None
    lines: tuple[LineFacts, ...]

    def line(self, line_no: int) -> LineFacts:
        """Raises NotBought."""
        for line in self.lines:
            if line.line_no == line_no:
                return line
        raise NotBought(line_no=line_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether the wish may be applied for, by which rule, and what to do next.

    `last_on` is the last day to apply by the rule (estimated when the calendar of that year is not out), if it has one;
    `within_window`: no reason would be needed that day. `procedure_*`: how the other platform wants it done.
    """

    allowed: bool
    rule: RuleId
    next_step: NextStep
    zh: str
    en: str
    evidence_asked: bool = False
    within_window: bool = False
    line_no: int | None = None
    last_on: date | None = None
    last_is_estimated: bool = False
    procedure_zh: str = ""
    procedure_en: str = ""

    def require(self) -> None:
        """Raises NotEligible if it is a refusal."""
        if not self.allowed:
            raise NotEligible(
                rule=self.rule.value,
                next_step=self.next_step.value,
                text_zh=self.zh,
                text_en=self.en,
                line_no=self.line_no,
            )


def decide(order: OrderFacts, policy: ReturnPolicy, wish: Wish, on: date) -> Decision:
    """Judge a wish by one policy for all its lines. Raises as `decide_each` does."""
    return decide_each(order, {line.line_no: policy for line in order.lines}, wish, on)


def decide_each(order: OrderFacts, policies: Mapping[int, ReturnPolicy], wish: Wish, on: date) -> Decision:
    """Judge a wish to return, exchange or be refunded, each line by its policy; the first refusal is the answer.

    Of several lines that are allowed the one whose time ends first is told, and evidence is asked if any asks for it.
    Raises NotBought, TooManyPieces, InvalidInput for a wish without lines, without pieces, or with a line twice.
    """
    check_pieces(order, wish)
    decisions = [
        decide_line(order, order.line(line.line_no), policies[line.line_no], kind=wish.kind, reason=wish.reason, on=on)
        for line in wish.lines
    ]
    for decision in decisions:
        if not decision.allowed:
            return decision
    first = min(decisions, key=lambda decision: decision.last_on or date.max)
    return replace(
        first,
        evidence_asked=any(decision.evidence_asked for decision in decisions),
        within_window=all(decision.within_window for decision in decisions),
    )


def check_pieces(order: OrderFacts, wish: Wish) -> None:
    """Refuse a wish that is none. Raises NotBought, TooManyPieces, InvalidInput."""
    if not wish.lines:
        raise InvalidInput(where="lines", problem="choose at least one", problem_zh="请至少选择一件商品")
    if len({line.line_no for line in wish.lines}) < len(wish.lines):
        raise InvalidInput(where="lines", problem="a line is named twice", problem_zh="同一商品重复选择")
    for wished in wish.lines:
        line = order.line(wished.line_no)
        if wished.pieces < 1:
            raise InvalidInput(where="lines", problem="at least one piece", problem_zh="件数至少为 1")
        if wished.pieces > line.left > 0:
            raise TooManyPieces(line_no=line.line_no, left=line.left, item=line.name)


def decide_line(
    order: OrderFacts, line: LineFacts, policy: ReturnPolicy, *, kind: WishKind, reason: Reason, on: date
) -> Decision:
    """Judge the wish for one line, however many of its pieces are wished for."""
    barred = _barred(order, line, policy)
    if barred is not None:
        return barred
    if reason not in REASONS_FOR[kind]:
        is_kept = kind is WishKind.REFUND_ONLY and reason not in SELLERS_FAULT
        return _cite(RuleId.GOODS_ARE_KEPT if is_kept else RuleId.REASON_DOES_NOT_FIT, line)
    if order.received_on is None:
        awaited = kind is WishKind.REFUND_ONLY and reason in ABOUT_DELIVERY
        return _cite(RuleId.NOT_RECEIVED, line) if awaited else _cite(RuleId.NOT_DELIVERED, line)
    window = last_day_without_reason(policy, order.received_on)
    judged = _Judged(line=line, policy=policy, received_on=order.received_on, window=window, on=on)
    return judged.of_fault(reason) if reason in SELLERS_FAULT else judged.of_wish()


def exclusion_of(line: LineFacts, policy: ReturnPolicy) -> RuleId | None:
    """Why the line cannot be returned without a reason, or None. Unconfirmed exclusions are void (P104)."""
    for by_law, rule in _BY_LAW.items():
        if by_law in policy.excluded_by_law and by_law in line.tags:
            return rule
    if line.confirmed_at is None:
        return None
    for confirmed, rule in _IF_CONFIRMED.items():
        if confirmed in policy.excluded_if_confirmed and confirmed in line.tags:
            return rule
    return None


def last_day_without_reason(policy: ReturnPolicy, received_on: date) -> Deadline:
    """The window's last day, at whose 24:00 it ends; day 1 is the day after receipt (P102)."""
    last_on = received_on + timedelta(days=policy.window_days)
    return next_workday(last_on) if policy.window_ends_on_working_day else Deadline(last_on, is_estimated=False)


def last_day_for_faults(policy: ReturnPolicy, received_on: date) -> Deadline:
    """Until when goods at fault can be reported; never before the window without a reason ends."""
    without_reason = last_day_without_reason(policy, received_on)
    last_on = received_on + timedelta(days=policy.fault_window_days)
    return max(without_reason, Deadline(last_on, is_estimated=False), key=lambda deadline: deadline.on)


def decide_price_claim(
    order: OrderFacts,
    line: LineFacts,
    policy: PriceProtectionPolicy,
    *,
    at: datetime,
    unused: bool | None = None,
) -> Decision:
    """Judge a claim on a price difference (R084-R091). How far the price fell is not this rule's matter.

    `unused` is what the customer says of the goods; None: not asked yet. `at` is on the mall's clock.
    """
    barred = _barred(order, line, policy)
    if barred is not None:
        return barred
    until = protected_until(order, policy)
    if line.tags & policy.excluded_tags:
        return _cite(RuleId.PRICE_KIND_EXCLUDED, line)
    if at >= until:
        return _cite(RuleId.PRICE_WINDOW_OVER, line, last=_last_day(until))
    if policy.requires_unused and unused is False:
        return _cite(RuleId.PRICE_NOT_UNUSED, line)
    if line.claims >= policy.most_claims_per_line:
        return _cite(RuleId.PRICE_CLAIMED_OFTEN, line)
    return _cite(RuleId.PRICE_PROTECTED, line, days=policy.window_days, last=_last_day(until))


def protected_until(order: OrderFacts, policy: PriceProtectionPolicy) -> datetime:
    """The first instant that is no longer protected: by the hour, or the end of the last day (P402)."""
    days = timedelta(days=policy.window_days)
    if policy.clock is Clock.HOURS:
        return order.paid_at + days
    midnight = datetime.combine(order.paid_at.date(), time(), tzinfo=order.paid_at.tzinfo)
    return midnight + days + timedelta(days=1)


def _barred(order: OrderFacts, line: LineFacts, policy: ReturnPolicy | PriceProtectionPolicy) -> Decision | None:
    """What stands against any application: nothing was bought, not from us, or nothing is left."""
    if order.status in _NOT_IN_FORCE:
        return _cite(RuleId.ORDER_NOT_IN_FORCE, line)
    if order.sales_channel != OFFICIAL or policy.hands_over:
        handed_over = _cite(RuleId.OTHER_PLATFORM, line)
        return replace(handed_over, procedure_zh=policy.procedure_zh, procedure_en=policy.procedure_en)
    return None if line.left else _cite(RuleId.NOTHING_LEFT, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A line that was received, on the day of the application; `window`: until when no reason is needed."""

    line: LineFacts
    policy: ReturnPolicy
    received_on: date
    window: Deadline
    on: date

    def of_wish(self) -> Decision:
        """Personal reasons: what the law or a confirmation excludes, then the window."""
        excluded = exclusion_of(self.line, self.policy)
        if excluded is not None:
            return _cite(excluded, self.line)
        return self._by(RuleId.NO_REASON_RETURN if self.on <= self.window.on else RuleId.WINDOW_OVER, self.window)

    def of_fault(self, reason: Reason) -> Decision:
        """What the seller answers for: with evidence, for longer, and whatever the goods are."""
        if reason is Reason.LATE_DELIVERY:
            return self._by(RuleId.LATE_GOODS if self.on <= self.window.on else RuleId.WINDOW_OVER, self.window)
        last = last_day_for_faults(self.policy, self.received_on)
        if self.on > last.on:
            return self._by(RuleId.FAULT_WINDOW_OVER, last)
        rule = RuleId.NOT_RECEIVED if reason is Reason.NEVER_ARRIVED else RuleId.FAULTY_GOODS
        return self._by(rule, last, evidence_asked=self.policy.asks_evidence_for(reason))

    def _by(self, rule: RuleId, last: Deadline, *, evidence_asked: bool = False) -> Decision:
        return _cite(
            rule,
            self.line,
            days=self.policy.window_days,
            last=last,
            within_window=self.on <= self.window.on,
            evidence_asked=evidence_asked,
        )


def _cite(  # all that a decision can say beside its rule
    rule_id: RuleId,
    line: LineFacts,
    *,
    days: int = 0,
    last: Deadline | None = None,
    within_window: bool = False,
    evidence_asked: bool = False,
) -> Decision:
    rule = RULES[rule_id]
    last_on = last.on if last else None
    known = {"days": days, "last_on": last_on, "item": line.name}
    return Decision(
        allowed=rule.next_step is NextStep.APPLY,
        rule=rule_id,
        next_step=rule.next_step,
        zh=rule.zh.format_map(known),
        en=rule.en.format_map(known),
        evidence_asked=evidence_asked,
        within_window=within_window,
        line_no=line.line_no,
        last_on=last_on,
        last_is_estimated=last is not None and last.is_estimated,
    )


def _last_day(until: datetime) -> Deadline:
    """The last day on which an instant before `until` lies."""
    return Deadline((until - timedelta(microseconds=1)).date(), is_estimated=False)

"""What a draft of a policy would change: the last cases judged once more, and recent orders while there are few cases.

Both are judged twice, by what rules them now and by the draft as if it had ruled when they were bought. Nothing is kept
and no case is changed: what was ordered before a version's first day keeps its own (R024).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from fenqi.domain.aftersales.eligibility import Decision, LineFacts, OrderFacts, decide_line, decide_price_claim
from fenqi.domain.aftersales.policies import Policy, ReturnPolicy, Subject
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.aftersales.resolution import Goods, ruling
from fenqi.records.models import AftersalesCase, CaseLine, Order, OrderLine, OrderStatus
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.aftersales.eligibility import facts_of
from fenqi.usecases.aftersales.policies import PolicyDraft, PublishedPolicy, all_versions, check_draft
from fenqi.usecases.aftersales.wishes import applied_kind
from fenqi.usecases.staff.permissions import Permission, Staff

MOST_CASES: Final = 1_000
MOST_ORDERS: Final = 300
"""Recent orders are looked at while there are fewer cases than would tell."""
MOST_EXAMPLES: Final = 8
_RECENT: Final = timedelta(days=90)

_WISHES: Final[Mapping[Subject, tuple[tuple[WishKind, Reason], ...]]] = {
    Subject.RETURN: (
        (WishKind.RETURN, Reason.NO_REASON),
        (WishKind.EXCHANGE, Reason.WRONG_SIZE_OR_COLOUR),
        (WishKind.RETURN, Reason.FAULTY),
        (WishKind.REFUND_ONLY, Reason.DAMAGED_IN_TRANSIT),
    ),
    Subject.PRICE_PROTECTION: ((WishKind.PRICE_DIFFERENCE, Reason.PRICE_FELL),),
}
_DAYS: Final[Mapping[Subject, tuple[int, ...]]] = {
    Subject.RETURN: (3, 7, 10, 15, 30, 60, 180, 365),
    Subject.PRICE_PROTECTION: (3, 7, 10, 15, 20, 30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of the body that the draft says otherwise than what rules now."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExample:
    """A case that the draft would have judged otherwise."""

    customer_id: UUID
    case_id: UUID
    case_no: str
    item: str
    kind: str
    reason: str
    applied_on: date
    before: Decision
    after: Decision


@dataclass(slots=True, kw_only=True)
class CaseCounts:
    """Cases looked at, those the draft would have ruled, and how it would have judged these."""

    looked_at: int = 0
    concerned: int = 0
    allowed_before: int = 0
    allowed_after: int = 0
    newly_allowed: int = 0
    newly_refused: int = 0
    examples: list[CaseExample] = field(default_factory=list)

    def count(self, example: CaseExample) -> None:
        before, after = example.before.allowed, example.after.allowed
        self.concerned += 1
        self.allowed_before += before
        self.allowed_after += after
        self.newly_allowed += after and not before
        self.newly_refused += before and not after
        if example.before.rule is not example.after.rule and len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many lines could be asked for that many days after receipt (or payment), before and after."""

    day: int
    before: int
    after: int

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class WishCounts:
    kind: WishKind
    reason: Reason
    days: tuple[DayCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPreview:
    """`lines`: lines of recent orders that the draft would rule, of `lines_looked_at`; zero when cases say enough."""

    draft: PolicyDraft
    rules: Policy
    replaces: PublishedPolicy | None
    changes: tuple[FieldChange, ...]
    cases: CaseCounts
    lines_looked_at: int
    lines: int
    wishes: tuple[WishCounts, ...]


def preview(staff: Staff, draft: PolicyDraft, *, now: datetime) -> PolicyPreview:
    """Judge without keeping anything. Raises as `publish` does."""
    staff.require(Permission.EDIT_POLICIES)
    rules = check_draft(draft, today=clock.business_date(now))
    bench = _Bench(draft=draft, rules=rules, versions=all_versions(draft.subject))
    replaces = bench.replaced()
    with across_customers():
        cases = _judge_cases(bench)
        orders = _recent_orders(now) if cases.looked_at < MOST_CASES else []
        looked_at, concerned = _lines_ruled(bench, orders)
    return PolicyPreview(
        draft=draft,
        rules=rules,
        replaces=replaces,
        changes=_changes(rules, replaces),
        cases=cases,
        lines_looked_at=looked_at,
        lines=len(concerned),
        wishes=_judge_wishes(draft.subject, concerned) if concerned else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hypothesis:
    """The draft as if it had ruled from the first day on."""

    sku: str
    category: str
    sales_channel: str
    version: int
    valid_from: date = date.min
    ruled_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    draft: PolicyDraft
    rules: Policy
    versions: tuple[PublishedPolicy, ...]

    def replaced(self) -> PublishedPolicy | None:
        """What rules exactly the draft's goods on its first day, if anything does."""
        same = [one for one in self.versions if one.code == self.draft.code and one.valid_from <= self.draft.valid_from]
        standing = [one for one in same if one.ruled_until is None or one.ruled_until >= self.draft.valid_from]
        return max(standing, key=lambda one: one.version, default=None)

    def both(self, order: OrderFacts, line: LineFacts) -> tuple[Policy, Policy] | None:
        """What rules the line now and what the draft says, if it would rule the line."""
        goods = Goods(
            sku=line.sku, category=line.category, sales_channel=order.sales_channel, placed_on=order.placed_on
        )
        now = ruling(self.versions, goods)
        latest = max((one.version for one in self.versions), default=0)
        drafted = _Hypothesis(
            sku=self.draft.sku,
            category=self.draft.category,
            sales_channel=self.draft.sales_channel,
            version=latest + 1,
        )
        candidates: list[PublishedPolicy | _Hypothesis] = [*self.versions, drafted]
        if now is None or ruling(candidates, goods) is not drafted:
            return None
        return now.rules, self.rules


def _changes(rules: Policy, replaces: PublishedPolicy | None) -> tuple[FieldChange, ...]:
    """Beside what it replaces; a first version of a narrowing is told beside the defaults."""
    before = replaces.rules.to_mapping() if replaces else type(rules)().to_mapping()
    after = rules.to_mapping()
    return tuple(
        FieldChange(name=name, before=before[name], after=after[name]) for name in after if before[name] != after[name]
    )


def _judge(
    policy: Policy, order: OrderFacts, line: LineFacts, wish: tuple[WishKind, Reason], *, at: datetime
) -> Decision:
    kind, reason = wish
    if isinstance(policy, ReturnPolicy):
        return decide_line(order, line, policy, kind=kind, reason=reason, on=at.date())
    return decide_price_claim(order, line, policy, at=at)


# Cases ---------------------------------------------------------------------------------------------------------------


def _judge_cases(bench: _Bench) -> CaseCounts:
    """The last cases of the subject, each as of the day of its application: the first line that is judged otherwise."""
    about_prices = bench.draft.subject is Subject.PRICE_PROTECTION
    of_prices = Q(kind=WishKind.PRICE_DIFFERENCE)
    cases = list(
        AftersalesCase.objects.filter(of_prices if about_prices else ~of_prices).order_by("-created_at")[:MOST_CASES]
    )
    case_lines = defaultdict(list)
    for row in CaseLine.objects.filter(case_id__in=[case.id for case in cases]).order_by("line_no"):
        case_lines[row.case_id].append(row.line_no)
    orders = _facts(Order.objects.filter(id__in={case.order_id for case in cases}))
    counts = CaseCounts(looked_at=len(cases))
    for case in cases:
        example = _example(bench, case, orders[case.order_id], case_lines[case.id])
        if example is not None:
            counts.count(example)
    return counts


def _example(bench: _Bench, case: AftersalesCase, order: OrderFacts, line_nos: Sequence[int]) -> CaseExample | None:
    """How the case would have been judged, by the line that makes the difference; None: not ruled by the draft."""
    at = case.created_at.astimezone(clock.mall_zone())
    then = _as_of(order, at.date())
    found: CaseExample | None = None
    for line in (line for line in then.lines if line.line_no in line_nos):
        both = bench.both(then, line)
        if both is None:
            continue
        wish = applied_kind(case), Reason(case.reason)
        before, after = (_judge(policy, then, line, wish, at=at) for policy in both)
        if found is None or before.allowed is not after.allowed:
            found = CaseExample(
                customer_id=case.customer_id,
                case_id=case.id,
                case_no=case.case_no,
                item=line.name,
                kind=applied_kind(case).value,
                reason=case.reason,
                applied_on=at.date(),
                before=before,
                after=after,
            )
    return found


def _as_of(order: OrderFacts, on: date) -> OrderFacts:
    """The order on that day: what was delivered later was still awaited."""
    return replace(order, received_on=None) if order.received_on and order.received_on > on else order


# Recent orders -------------------------------------------------------------------------------------------------------

_Judged = tuple[OrderFacts, LineFacts, Policy, Policy]


def _recent_orders(now: datetime) -> list[OrderFacts]:
    recent = Order.objects.filter(status=OrderStatus.DELIVERED, created_at__gte=now - _RECENT)
    return list(_facts(recent.order_by("-created_at")[:MOST_ORDERS]).values())


def _lines_ruled(bench: _Bench, orders: Iterable[OrderFacts]) -> tuple[int, list[_Judged]]:
    """How many lines there are, and those that the draft would rule, each with both policies."""
    lines = [(order, line) for order in orders for line in order.lines]
    found = ((order, line, bench.both(order, line)) for order, line in lines)
    return len(lines), [(order, line, *both) for order, line, both in found if both is not None]


def _judge_wishes(subject: Subject, lines: Sequence[_Judged]) -> tuple[WishCounts, ...]:
    """Each wish on each day after receipt (or payment): how many lines it would be allowed for."""
    moment = _after_payment if subject is Subject.PRICE_PROTECTION else _after_receipt
    return tuple(
        WishCounts(
            kind=wish[0],
            reason=wish[1],
            days=tuple(_day_count(lines, wish, day, moment) for day in _DAYS[subject]),
        )
        for wish in _WISHES[subject]
    )


def _day_count(
    lines: Sequence[_Judged],
    wish: tuple[WishKind, Reason],
    day: int,
    moment: Callable[[OrderFacts, int], datetime],
) -> DayCount:
    before = after = 0
    for order, line, ruled_by, drafted in lines:
        at = moment(order, day)
        before += _judge(ruled_by, order, line, wish, at=at).allowed
        after += _judge(drafted, order, line, wish, at=at).allowed
    return DayCount(day, before, after)


def _after_payment(order: OrderFacts, days: int) -> datetime:
    return order.paid_at + timedelta(days=days)


def _after_receipt(order: OrderFacts, days: int) -> datetime:
    received_on = order.received_on or order.placed_on
    return datetime.combine(received_on + timedelta(days=days), order.paid_at.timetz())


def _facts(orders: Iterable[Order]) -> dict[UUID, OrderFacts]:
    """As they were bought: what went back since does not count against a wish of then."""
    kept = {order.id: order for order in orders}
    lines = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=list(kept)).order_by("line_no"):
        lines[line.order_id].append(line)
    return {order_id: facts_of(order, lines[order_id], ()) for order_id, order in kept.items()}

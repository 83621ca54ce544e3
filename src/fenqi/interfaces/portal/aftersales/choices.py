"""What can be chosen when applying: goods, wish and reason, each that cannot be chosen with why (R020-R033)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.aftersales.eligibility import Decision
from fenqi.domain.aftersales.reasons import REASONS_FOR, Reason, WishKind
from fenqi.domain.aftersales.rules import NEXT_STEPS, RULES, RuleId
from fenqi.interfaces.portal.aftersales.drafts import Draft
from fenqi.interfaces.portal.aftersales.words import kind_named, reason_named
from fenqi.usecases.aftersales.eligibility import LineOptions, ReturnOptions

GOODS_KINDS = (WishKind.RETURN, WishKind.REFUND_ONLY, WishKind.EXCHANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChoice:
    """Goods; `left` pieces can be chosen, none when `caption` says why."""

    line_no: int
    name: str
    caption: str
    left: int
    chosen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several; not `is_open` with `why`."""

    value: str
    name: str
    caption: str
    why: str
    is_open: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that holds, with its title."""

    name: str
    caption: str


def told(decision: Decision) -> str:
    """The rule of a decision in the reader's words."""
    return decision.zh if _reads_chinese() else decision.en


def next_step_told(decision: Decision) -> str:
    words = NEXT_STEPS[decision.next_step]
    return words.zh if _reads_chinese() else words.en


def _reads_chinese() -> bool:
    return (get_language() or "zh-hans").startswith("zh")


def can_apply(options: ReturnOptions) -> bool:
    """Whether anything can be returned, refunded or exchanged."""
    return any(_kinds(line) for line in options.lines)


def _kinds(line: LineOptions) -> tuple[WishKind, ...]:
    return tuple(kind for kind in GOODS_KINDS if kind in line.open)


def line_choices(options: ReturnOptions, draft: Draft) -> tuple[LineChoice, ...]:
    """What there is of only one is chosen already."""
    open_lines = [line for line in options.lines if _kinds(line)]
    alone = len(open_lines) == 1 and open_lines[0].left == 1
    return tuple(
        LineChoice(
            line_no=line.line_no,
            name=line.line.name,
            caption=told(_said_of(line)),
            left=line.left if _kinds(line) else 0,
            chosen=min(draft.pieces.get(line.line_no, int(alone)), line.left),
        )
        for line in options.lines
    )


def _said_of(line: LineOptions) -> Decision:
    """What matters most to whoever wants to give it back: that no reason is needed, or why one is."""
    return line.without_reason


def kind_choices(options: ReturnOptions, draft: Draft) -> tuple[Option, ...]:
    return tuple(_kind_choice(kind, options, draft) for kind in GOODS_KINDS)


def _kind_choice(kind: WishKind, options: ReturnOptions, draft: Draft) -> Option:
    named = kind_named(kind)
    is_open = any(kind in line.open for line in options.lines)
    return Option(
        value=kind.value,
        name=named.name,
        caption=named.caption,
        why="" if is_open else _("Not possible for these goods now"),
        is_open=is_open,
        is_chosen=draft.kind == kind,
    )


def reason_choices(lines: Iterable[LineOptions], kind: WishKind, draft: Draft) -> tuple[Option, ...]:
    """In the order they are shown; one that is not open for all the goods says by which rule."""
    chosen = tuple(lines)
    return tuple(_reason_choice(reason, chosen, kind, draft) for reason in REASONS_FOR[kind])


def _reason_choice(reason: Reason, lines: tuple[LineOptions, ...], kind: WishKind, draft: Draft) -> Option:
    named = reason_named(reason)
    closed = [line for line in lines if reason not in line.open.get(kind, ())]
    asks = any(line.policy.of_return.asks_evidence_for(reason) for line in lines)
    caption = " · ".join(part for part in (named.caption, _("please add a photo or a video") if asks else "") if part)
    return Option(
        value=reason.value,
        name=named.name,
        caption=caption,
        why=_why_not(closed[0]) if closed else "",
        is_open=not closed,
        is_chosen=draft.reason == reason,
    )


def _why_not(line: LineOptions) -> str:
    """The rule that stands against a reason."""
    for decision in (line.without_reason, line.if_faulty):
        if not decision.allowed:
            return told(decision)
    rule = RULES[RuleId.REASON_DOES_NOT_FIT]
    return rule.zh if _reads_chinese() else rule.en


def policy_told(lines: Iterable[LineOptions]) -> tuple[str, ...]:
    """The sentences of every policy that rules the goods, each once (R026)."""
    language = get_language() or "zh-hans"
    policies = {(line.policy.code, line.policy.version): line.policy for line in lines}
    return tuple(dict.fromkeys(sentence for policy in policies.values() for sentence in policy.summary(language)))


def goods_named(lines: Iterable[LineOptions], draft: Draft) -> str:
    chosen = [line for line in lines if draft.pieces.get(line.line_no)]
    return ", ".join(f"{line.line.name} × {draft.pieces[line.line_no]}" for line in chosen)


def order_action(options: ReturnOptions) -> Told:
    """The line below the order page's after-sales action: until when, or why not (R031, R032)."""
    name = _("Apply for after-sales: refund, return, exchange")
    if options.handed_over:
        return Told(name=name, caption=told(options.handed_over))
    if not options.lines:
        return Told(name=name, caption=_("The mall has not told us what was in this order."))
    return Told(name=name, caption=told(_most_open(options.lines)))


def _most_open(lines: tuple[LineOptions, ...]) -> Decision:
    """A return without a reason if there is one, else what can still be reported, else why nothing can."""
    decisions = [line.without_reason for line in lines] + [line.if_faulty for line in lines]
    allowed = (decision for decision in decisions if decision.allowed)
    return next(allowed, decisions[0])


def refusals(options: ReturnOptions) -> Iterator[str]:
    """Why nothing can be applied for and what to do instead, each once."""
    decisions = [line.if_faulty for line in options.lines]
    yield from dict.fromkeys(f"{told(one)} {next_step_told(one)}" for one in decisions)

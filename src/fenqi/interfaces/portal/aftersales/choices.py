"""What can be chosen when applying: goods, wish and reason, each that cannot be chosen with why (R020-R033)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.aftersales.eligibility import Decision, decide_line
from fenqi.domain.aftersales.reasons import REASONS_FOR, Reason, WishKind
from fenqi.domain.aftersales.rules import NEXT_STEPS
from fenqi.interfaces.portal.aftersales.drafts import Draft
from fenqi.interfaces.portal.aftersales.words import kind_named, reason_named
from fenqi.interfaces.portal.pages import reader
from fenqi.interfaces.shared import formats
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
    """The rule of a decision in the reader's words, its day written as on every page."""
    words = decision.zh if _reads_chinese() else decision.en
    if decision.last_on is None:
        return words
    read = reader()
    day = formats.plain_day(decision.last_on, read.language, today=read.today)
    return formats.spaced(words.replace(decision.last_on.isoformat(), day))


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
            caption=_line_told(line),
            left=line.left if _kinds(line) else 0,
            chosen=min(draft.pieces.get(line.line_no, int(alone)), line.left),
        )
        for line in options.lines
    )


def _line_told(line: LineOptions) -> str:
    """Until when no reason is needed; past that, until when a fault can still be reported."""
    decisions = [line.without_reason]
    if not line.without_reason.allowed and line.if_faulty.allowed:
        decisions.append(line.if_faulty)
    return " ".join(map(told, decisions))


def kind_choices(options: ReturnOptions, draft: Draft) -> tuple[Option, ...]:
    return tuple(_kind_choice(kind, options, draft) for kind in GOODS_KINDS)


def _kind_choice(kind: WishKind, options: ReturnOptions, draft: Draft) -> Option:
    named = kind_named(kind)
    is_open = any(kind in line.open for line in options.lines)
    return Option(
        value=kind.value,
        name=named.name,
        caption=named.caption,
        why="" if is_open or not options.lines else told(options.lines[0].without_reason),
        is_open=is_open,
        is_chosen=draft.kind == kind,
    )


def reason_choices(
    options: ReturnOptions, lines: Iterable[LineOptions], kind: WishKind, draft: Draft
) -> tuple[Option, ...]:
    """Those that are open for all the goods first; each of the others says by which rule it is not."""
    chosen = tuple(lines)
    found = [_reason_choice(options, reason, chosen, kind, draft) for reason in REASONS_FOR[kind]]
    return tuple(sorted(found, key=lambda choice: not choice.is_open))


def _reason_choice(
    options: ReturnOptions, reason: Reason, lines: tuple[LineOptions, ...], kind: WishKind, draft: Draft
) -> Option:
    named = reason_named(reason)
    closed = [line for line in lines if reason not in line.open.get(kind, ())]
    asks = any(line.policy.of_return.asks_evidence_for(reason) for line in lines)
    caption = " · ".join(part for part in (named.caption, _("please add a photo or a video") if asks else "") if part)
    return Option(
        value=reason.value,
        name=named.name,
        caption=caption,
        why=_why_not(options, closed[0], kind, reason) if closed else "",
        is_open=not closed,
        is_chosen=draft.reason == reason,
    )


def _why_not(options: ReturnOptions, line: LineOptions, kind: WishKind, reason: Reason) -> str:
    """The rule that stands against the reason."""
    policy = line.policy.of_return
    return told(decide_line(options.order, line.line, policy, kind=kind, reason=reason, on=options.on))


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
    decision = _most_open(options.lines)
    return Told(
        name=name, caption=told(decision) if decision.allowed else f"{told(decision)} {next_step_told(decision)}"
    )


def _most_open(lines: tuple[LineOptions, ...]) -> Decision:
    """A return without a reason if there is one, else what can still be reported, else why nothing can."""
    decisions = [line.without_reason for line in lines] + [line.if_faulty for line in lines]
    allowed = (decision for decision in decisions if decision.allowed)
    return next(allowed, decisions[0])


def refusals(options: ReturnOptions) -> Iterator[str]:
    """Why nothing can be applied for and what to do instead, each once."""
    decisions = [line.if_faulty for line in options.lines]
    yield from dict.fromkeys(f"{told(one)} {next_step_told(one)}" for one in decisions)

"""The rules that hold for an order, on its page: until when, what is excluded and why, freight, fees (R019-R026)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.aftersales.rules import NEXT_STEPS, RULES, NextStep, RuleId, Words
from fenqi.domain.aftersales.sentences import fee_sentence, freight_sentence
from fenqi.interfaces.portal.aftersales.choices import told
from fenqi.usecases.aftersales.eligibility import LineOptions, ReturnOptions
from fenqi.usecases.aftersales.policies import PublishedPolicy

MOST_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsRule:
    """Goods for which the same holds: can they go back without a reason, and is their price protected."""

    names: str
    is_open: bool
    returns: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FullRule:
    """One policy with all its sentences, and which version of it."""

    title: str
    version: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    """`elsewhere`: how it is done at the platform that sold the goods, instead of all else."""

    goods: tuple[GoodsRule, ...]
    freight: str
    fees: str
    full: tuple[FullRule, ...]
    elsewhere: str


def order_policy(options: ReturnOptions, *, has_plan: bool) -> OrderPolicy | None:
    """What the order's page tells; None of an order whose goods are not known."""
    if not options.lines:
        return None
    handed_over = options.handed_over
    if handed_over is not None:
        there = _said(Words(handed_over.procedure_zh or handed_over.zh, handed_over.procedure_en or handed_over.en))
        return OrderPolicy(goods=(), freight="", fees="", full=(), elsewhere=there)
    own = [line.policy.of_return for line in options.lines if not line.policy.of_return.hands_over]
    return OrderPolicy(
        goods=tuple(_goods_rules(options.lines)),
        freight=" ".join(dict.fromkeys(_said(freight_sentence(policy)) for policy in own)),
        fees=" ".join(dict.fromkeys(_said(fee_sentence(policy)) for policy in own)) if has_plan else "",
        full=(
            *_full(_("Returns, refunds, exchanges"), (line.policy for line in options.lines)),
            *_full(_("Price protection"), (line.price_policy for line in options.lines)),
        ),
        elsewhere="",
    )


def _goods_rules(lines: Iterable[LineOptions]) -> Iterable[GoodsRule]:
    """Lines of which the same is said share a row."""
    alike: dict[tuple[str, str], list[LineOptions]] = {}
    for line in lines:
        alike.setdefault((_returns(line), told(line.price_difference)), []).append(line)
    for (returns, price), these in alike.items():
        decision = these[0].without_reason
        yield GoodsRule(
            names=_names([line.line.name for line in these]),
            is_open=decision.allowed,
            returns=returns,
            price="" if these[0].price_difference.rule is decision.rule else price,
        )


def _returns(line: LineOptions) -> str:
    """Until when no reason is needed; or why one is, also while the goods are on their way, and what to do then."""
    decision = line.without_reason
    if decision.allowed:
        return told(decision)
    excluded = line.excluded if decision.rule is RuleId.NOT_DELIVERED else None
    if excluded is None:
        return _sentences(told(decision), _next_step(decision.next_step))
    rule = RULES[excluded]
    words = Words(rule.zh.format(item=line.line.name), rule.en.format(item=line.line.name))
    return _sentences(_said(words), _next_step(rule.next_step))


def _sentences(*texts: str) -> str:
    """Chinese sentences follow each other without a blank."""
    return ("" if _said(Words("zh", "en")) == "zh" else " ").join(texts)


def _names(names: list[str]) -> str:
    shown = " · ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else _("%(names)s and %(more)s more") % {
        "names": shown,
        "more": len(names) - MOST_NAMES,
    }  # fmt: skip


def _full(title: str, policies: Iterable[PublishedPolicy]) -> Iterable[FullRule]:
    """Each policy once."""
    different = {(policy.code, policy.version): policy for policy in policies}
    for policy in different.values():
        yield FullRule(title=title, version=policy.version, sentences=policy.summary(get_language() or "zh-hans"))


def _next_step(step: NextStep) -> str:
    words = NEXT_STEPS[step]
    return _said(Words(f"{words.zh}。", f"{words.en}."))


def _said(words: Words) -> str:
    return words.zh if (get_language() or "zh-hans").startswith("zh") else words.en

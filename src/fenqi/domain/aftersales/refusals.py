"""Answers that staff give most often when they refuse: which rule, what next, and the words in both languages (R045).

They are where an answer begins; staff write into it what they saw. Each cites a rule of `rules` and a step of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.aftersales.rules import NextStep, RuleId


class Answer(StrEnum):
    FAULT_NOT_SHOWN = "fault_not_shown"
    NOTHING_SENT = "nothing_sent"
    USED = "used"
    DAMAGED_BY_USE = "damaged_by_use"
    OTHER_GOODS = "other_goods"
    WINDOW_OVER = "window_over"
    FAULT_WINDOW_OVER = "fault_window_over"
    WAS_DELIVERED = "was_delivered"
    RETURN_INSTEAD = "return_instead"
    PRICE_NOT_LOWER = "price_not_lower"
    PRICE_WINDOW_OVER = "price_window_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardAnswer:
    """`zh` and `en` say why, in words that the customer reads."""

    rule: RuleId
    next_step: NextStep
    zh: str
    en: str
    kinds: frozenset[WishKind]

    def text(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


_WITH_GOODS: Final = frozenset({WishKind.RETURN, WishKind.EXCHANGE})
_FOR_A_FAULT: Final = frozenset({WishKind.RETURN, WishKind.EXCHANGE, WishKind.REFUND_ONLY})

ANSWERS: Final[Mapping[Answer, StandardAnswer]] = {
    Answer.FAULT_NOT_SHOWN: StandardAnswer(
        rule=RuleId.FAULTY_GOODS,
        next_step=NextStep.APPLY_AGAIN,
        zh="照片或视频里没有看到你说的问题，所以这次没有通过。请重新申请，并拍下问题出现时的画面。",
        en="The photos or the video do not show the fault you describe, so we could not approve this. Apply again and "
        "show it as it happens.",
        kinds=_FOR_A_FAULT,
    ),
    Answer.NOTHING_SENT: StandardAnswer(
        rule=RuleId.FAULTY_GOODS,
        next_step=NextStep.APPLY_AGAIN,
        zh="我们请你补充照片或视频，没有收到，无法判断。准备好以后可以随时重新申请。",
        en="We asked for a photo or a video and none came, so we cannot judge it. You can apply again at any time.",
        kinds=_FOR_A_FAULT,
    ),
    Answer.USED: StandardAnswer(
        rule=RuleId.NO_REASON_RETURN,
        next_step=NextStep.APPEAL,
        zh="无理由退货要求商品完好。为确认品质而拆封、试用不影响退货，但从照片看已超出试用的必要。",
        en="Goods that go back without a reason must be sound. Opening and trying them is fine; the photos show use "
        "beyond that.",
        kinds=_WITH_GOODS,
    ),
    Answer.DAMAGED_BY_USE: StandardAnswer(
        rule=RuleId.FAULTY_GOODS,
        next_step=NextStep.REPAIR,
        zh="检查发现问题由使用不当造成，不属于质量问题。我们可以安排维修，费用会先告诉你。",
        en="We found that the damage comes from how it was used and is no fault of the goods. We can arrange a repair "
        "and tell you its price first.",
        kinds=_FOR_A_FAULT,
    ),
    Answer.OTHER_GOODS: StandardAnswer(
        rule=RuleId.FAULTY_GOODS,
        next_step=NextStep.CONTACT,
        zh="照片里的商品序列号与这笔订单售出的不一致。请核对后联系客服。",
        en="The serial number in the photo is not that of the goods sold in this order. Check it and talk to us.",
        kinds=_FOR_A_FAULT,
    ),
    Answer.WINDOW_OVER: StandardAnswer(
        rule=RuleId.WINDOW_OVER,
        next_step=NextStep.REPORT_FAULT,
        zh="无理由退换的期限已过。如果商品有质量问题，仍可以按质量问题申请。",
        en="The time for returns without a reason is over. If something is wrong with the goods, you can still report "
        "that.",
        kinds=_WITH_GOODS,
    ),
    Answer.FAULT_WINDOW_OVER: StandardAnswer(
        rule=RuleId.FAULT_WINDOW_OVER,
        next_step=NextStep.REPAIR,
        zh="质量问题退换的期限已过，保修仍然有效，我们可以安排维修。",
        en="The time to return or exchange faulty goods is over. The warranty still holds: we can arrange a repair.",
        kinds=_FOR_A_FAULT,
    ),
    Answer.WAS_DELIVERED: StandardAnswer(
        rule=RuleId.NOT_RECEIVED,
        next_step=NextStep.CONTACT,
        zh="承运公司的记录显示商品已经签收。如果不是你或家人签收的，请联系客服，我们去追查。",
        en="The carrier's record shows that the goods were signed for. If it was not you or yours, talk to us and we "
        "trace it.",
        kinds=frozenset({WishKind.REFUND_ONLY}),
    ),
    Answer.RETURN_INSTEAD: StandardAnswer(
        rule=RuleId.GOODS_ARE_KEPT,
        next_step=NextStep.RETURN_INSTEAD,
        zh="保留商品只退款的条件不满足。你可以改为退货退款，商品寄回后按原路退款。",
        en="The goods cannot be kept with all the money back. You can return them instead, and the money goes back.",
        kinds=frozenset({WishKind.REFUND_ONLY}),
    ),
    Answer.PRICE_NOT_LOWER: StandardAnswer(
        rule=RuleId.PRICE_PROTECTED,
        next_step=NextStep.APPEAL,
        zh="在价格保护期内没有查到同一商品更低的价格，所以没有差价可退。",
        en="Within the time of price protection we found no lower price of the same product, so none is owed.",
        kinds=frozenset({WishKind.PRICE_DIFFERENCE}),
    ),
    Answer.PRICE_WINDOW_OVER: StandardAnswer(
        rule=RuleId.PRICE_WINDOW_OVER,
        next_step=NextStep.APPEAL,
        zh="降价发生在价格保护期结束之后，所以没有差价可退。",
        en="The price fell after price protection had ended, so there is no difference to refund.",
        kinds=frozenset({WishKind.PRICE_DIFFERENCE}),
    ),
}


def answers_for(kind: WishKind) -> Mapping[Answer, StandardAnswer]:
    """Those that fit what was wished for."""
    return {answer: said for answer, said in ANSWERS.items() if kind in said.kinds}

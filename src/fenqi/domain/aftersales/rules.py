"""The rules that a decision cites: each has a stable id, says itself in two languages, and knows what to do next.

The texts are format strings over what the decision knows: `days`, `last_on`, `item`. `sources` names the law or the
house rule behind each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class NextStep(StrEnum):
    """What the customer can do now; a refusal always names one."""

    APPLY = "apply"
    WAIT_FOR_DELIVERY = "wait_for_delivery"
    REPORT_FAULT = "report_fault"
    APPLY_AGAIN = "apply_again"
    RETURN_INSTEAD = "return_instead"
    REPAIR = "repair"
    SEE_CASES = "see_cases"
    PARTNER_PLATFORM = "partner_platform"
    CONTACT = "contact"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class Words:
    zh: str
    en: str


NEXT_STEPS: Final[Mapping[NextStep, Words]] = {
    NextStep.APPLY: Words("可以提交申请", "Apply now"),
    NextStep.WAIT_FOR_DELIVERY: Words(
        "收到商品后再申请；如果一直没有收到，请选择「仅退款」并说明未收到货",
        "Apply once the goods are here; if they do not come, ask for a refund because they never arrived",
    ),
    NextStep.REPORT_FAULT: Words(
        "如果商品有质量问题，请改选质量问题并附上照片；有疑问可联系客服",
        "If the goods are at fault, choose that reason and add photos; customer service helps with any question",
    ),
    NextStep.APPLY_AGAIN: Words(
        "补上缺少的照片或视频后，可以随时重新申请；有疑问可联系客服",
        "Apply again at any time with the photo or video that was missing; customer service helps with any question",
    ),
    NextStep.RETURN_INSTEAD: Words("请改为申请退货退款", "Ask to return the goods instead"),
    NextStep.REPAIR: Words(
        "可联系客服安排保修维修；不同意这一结果，可以申诉",
        "Customer service arranges a repair under warranty; if you disagree with this, you can appeal",
    ),
    NextStep.SEE_CASES: Words("请在售后记录中查看进度", "See how it goes among your after-sales cases"),
    NextStep.PARTNER_PLATFORM: Words(
        "请在原购买平台按其流程办理；需要帮助可联系客服",
        "Follow the procedure of the platform where you bought; customer service helps if you get stuck",
    ),
    NextStep.CONTACT: Words("请联系客服", "Talk to customer service"),
    NextStep.APPEAL: Words("可以联系客服申诉", "Appeal through customer service"),
}


class RuleId(StrEnum):
    """Stable: cases keep it, customers quote it."""

    NO_REASON_RETURN = "no_reason_return"
    FAULTY_GOODS = "faulty_goods"
    NOT_RECEIVED = "not_received"
    LATE_GOODS = "late_goods"
    PRICE_PROTECTED = "price_protected"

    ORDER_NOT_IN_FORCE = "order_not_in_force"
    OTHER_PLATFORM = "other_platform"
    NOT_DELIVERED = "not_delivered"
    NOTHING_LEFT = "nothing_left"
    GOODS_ARE_KEPT = "goods_are_kept"
    REASON_DOES_NOT_FIT = "reason_does_not_fit"
    MADE_TO_ORDER = "made_to_order"
    PERISHABLE = "perishable"
    DIGITAL = "digital"
    OPENED_MEDIA = "opened_media"
    PERIODICAL = "periodical"
    CONFIRMED_SEALED = "confirmed_sealed"
    CONFIRMED_ACTIVATED = "confirmed_activated"
    CONFIRMED_NEAR_EXPIRY = "confirmed_near_expiry"
    CONFIRMED_FLAWED = "confirmed_flawed"
    WINDOW_OVER = "window_over"
    FAULT_WINDOW_OVER = "fault_window_over"

    PRICE_WINDOW_OVER = "price_window_over"
    PRICE_KIND_EXCLUDED = "price_kind_excluded"
    PRICE_NOT_UNUSED = "price_not_unused"
    PRICE_CLAIMED_OFTEN = "price_claimed_often"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a decision says: in Chinese, in English, the next step, and where the rule comes from."""

    zh: str
    en: str
    next_step: NextStep
    sources: tuple[str, ...]


_LAW_25: Final = "消费者权益保护法 art 25"
_LAW_24: Final = "消费者权益保护法 art 24"

RULES: Final[Mapping[RuleId, Rule]] = {
    RuleId.NO_REASON_RETURN: Rule(
        "收货次日起 {days} 天内可以无理由退换，最晚 {last_on} 24:00 前申请。",
        "Within {days} days of the day after receipt no reason is needed: apply until the end of {last_on}.",
        NextStep.APPLY,
        (_LAW_25, "P101", "P102"),
    ),
    RuleId.FAULTY_GOODS: Rule(
        "商品有问题的，最晚 {last_on} 24:00 前可以申请，由客服审核。",
        "If the goods are at fault, you can apply until the end of {last_on}; customer service reviews it.",
        NextStep.APPLY,
        (_LAW_24, "P110"),
    ),
    RuleId.NOT_RECEIVED: Rule(
        "没有收到商品的，可以申请退款，由客服核实物流。",
        "If the goods never came, you can ask for the money back; customer service looks into the delivery.",
        NextStep.APPLY,
        (_LAW_24, "R029"),
    ),
    RuleId.LATE_GOODS: Rule(
        "商品送达过晚的，最晚 {last_on} 24:00 前可以申请。",
        "If the goods came late, you can apply until the end of {last_on}.",
        NextStep.APPLY,
        (_LAW_24, "R029"),
    ),
    RuleId.PRICE_PROTECTED: Rule(
        "付款次日起 {days} 天内降价，可以申请退差价，最晚 {last_on}。",
        "If the price falls within {days} days of payment, the difference is refunded: apply until {last_on}.",
        NextStep.APPLY,
        ("P401", "P402"),
    ),
    RuleId.ORDER_NOT_IN_FORCE: Rule(
        "订单已取消或无货，没有可以退换的商品。",
        "The order was cancelled or could not be supplied: there is nothing to return.",
        NextStep.CONTACT,
        ("R020",),
    ),
    RuleId.OTHER_PLATFORM: Rule(
        "商品在合作平台购买，款项由该平台收取，须按该平台的流程办理。",
        "The goods were bought on a partner's platform, which took the money: its own procedure applies.",
        NextStep.PARTNER_PLATFORM,
        ("R027", "R028"),
    ),
    RuleId.NOT_DELIVERED: Rule(
        "订单还没有签收，暂时不能申请退换。",
        "The order has not been delivered yet, so nothing can be returned.",
        NextStep.WAIT_FOR_DELIVERY,
        (_LAW_25, "P102"),
    ),
    RuleId.NOTHING_LEFT: Rule(
        "「{item}」的全部件数已退货或正在售后处理中。",
        "All pieces of “{item}” were returned already or are in a case.",
        NextStep.SEE_CASES,
        ("R020",),
    ),
    RuleId.GOODS_ARE_KEPT: Rule(
        "保留商品只退款，须是商品或配送有问题。",
        "To keep the goods and have the money back, something must be wrong with the goods or their delivery.",
        NextStep.RETURN_INSTEAD,
        ("R025",),
    ),
    RuleId.REASON_DOES_NOT_FIT: Rule(
        "所选原因不适用于这种申请，请另选原因。",
        "This reason does not go with what you ask for: choose another one.",
        NextStep.CONTACT,
        ("R025",),
    ),
    RuleId.MADE_TO_ORDER: Rule(
        "「{item}」是定制商品，依法不适用无理由退货。",
        "“{item}” was made to order: by law it cannot be returned without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P103"),
    ),
    RuleId.PERISHABLE: Rule(
        "「{item}」是鲜活易腐商品，依法不适用无理由退货。",
        "“{item}” is fresh or perishable: by law it cannot be returned without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P103"),
    ),
    RuleId.DIGITAL: Rule(
        "「{item}」是在线下载的数字化商品，依法不适用无理由退货。",
        "“{item}” is a digital product: by law it cannot be returned without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P103"),
    ),
    RuleId.OPENED_MEDIA: Rule(
        "「{item}」是已拆封的音像制品或软件，依法不适用无理由退货。",
        "“{item}” is a recording or software that was opened: by law it cannot be returned without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P103"),
    ),
    RuleId.PERIODICAL: Rule(
        "「{item}」是已交付的报纸、期刊，依法不适用无理由退货。",
        "“{item}” is a newspaper or periodical that was delivered: by law it cannot be returned without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P103"),
    ),
    RuleId.CONFIRMED_SEALED: Rule(
        "「{item}」拆封后影响安全或品质，你在下单时已单独确认不支持无理由退货。",
        "“{item}” may spoil once opened; at that purchase you confirmed that it cannot go back without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P104", "P105"),
    ),
    RuleId.CONFIRMED_ACTIVATED: Rule(
        "「{item}」激活或试用后价值贬损较大，你在下单时已单独确认不支持无理由退货。",
        "“{item}” is worth less once activated; you confirmed at that purchase that it cannot go back without reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P104", "P105"),
    ),
    RuleId.CONFIRMED_NEAR_EXPIRY: Rule(
        "「{item}」是临近保质期的商品，你在下单时已单独确认不支持无理由退货。",
        "“{item}” was sold near its expiry; at that purchase you confirmed that it cannot go back without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P104", "P105"),
    ),
    RuleId.CONFIRMED_FLAWED: Rule(
        "「{item}」是明示瑕疵的商品，你在下单时已单独确认不支持无理由退货。",
        "“{item}” was sold as flawed; at that purchase you confirmed that it cannot go back without a reason.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P104", "P105"),
    ),
    RuleId.WINDOW_OVER: Rule(
        "无理由退换期已于 {last_on} 24:00 结束。",
        "The time for returns without a reason ended on {last_on}.",
        NextStep.REPORT_FAULT,
        (_LAW_25, "P102"),
    ),
    RuleId.FAULT_WINDOW_OVER: Rule(
        "质量问题退换的期限已于 {last_on} 结束。",
        "The time to return or exchange faulty goods ended on {last_on}.",
        NextStep.REPAIR,
        (_LAW_24, "P110"),
    ),
    RuleId.PRICE_WINDOW_OVER: Rule(
        "价格保护期已于 {last_on} 结束。",
        "Price protection ended on {last_on}.",
        NextStep.APPEAL,
        ("P401", "R085"),
    ),
    RuleId.PRICE_KIND_EXCLUDED: Rule(
        "「{item}」属于不参加价格保护的商品类别。",
        "“{item}” is of a kind that price protection does not cover.",
        NextStep.APPEAL,
        ("P404", "R089", "R090"),
    ),
    RuleId.PRICE_NOT_UNUSED: Rule(
        "退差价要求商品未使用、原包装完整。",
        "The difference is refunded for goods that are unused and in their original packing.",
        NextStep.APPEAL,
        ("P403", "R087", "R088"),
    ),
    RuleId.PRICE_CLAIMED_OFTEN: Rule(
        "「{item}」的退差价次数已用完。",
        "The differences that may be claimed for “{item}” are used up.",
        NextStep.APPEAL,
        ("P407",),
    ),
}

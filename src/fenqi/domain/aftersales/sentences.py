"""What a policy says, in sentences: worked out from its numbers, so that the text can never promise something else.

Each sentence is a pair of Chinese and English (R019, R026). A policy's published summary is these sentences.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from fenqi.domain.aftersales.policies import (
    Clock,
    ConfirmedExclusion,
    FeeOccasion,
    FeeRule,
    LegalExclusion,
    Payer,
    Policy,
    PriceProtectionPolicy,
    ProtectionRoute,
    ReturnPolicy,
)
from fenqi.domain.aftersales.reasons import ReasonGroup
from fenqi.domain.aftersales.rules import Words

EXCLUSION_NAMES: Final = {
    LegalExclusion.CUSTOM: Words("定制商品", "goods made to order"),
    LegalExclusion.PERISHABLE: Words("鲜活易腐商品", "fresh or perishable goods"),
    LegalExclusion.VIRTUAL: Words("在线下载的数字化商品", "digital goods"),
    LegalExclusion.OPENED_MEDIA: Words("已拆封的音像制品、软件", "recordings and software that were opened"),
    LegalExclusion.PERIODICAL: Words("已交付的报纸、期刊", "newspapers and periodicals that were delivered"),
    ConfirmedExclusion.SEALED: Words("拆封后影响安全或品质的商品", "goods that may spoil once opened"),
    ConfirmedExclusion.ACTIVATED: Words("激活或试用后价值贬损较大的商品", "goods that are worth less once activated"),
    ConfirmedExclusion.NEAR_EXPIRY: Words("临近保质期的商品", "goods near their expiry"),
    ConfirmedExclusion.FLAWED: Words("明示瑕疵的商品", "goods sold as flawed"),
}

TAG_NAMES: Final = {
    "custom": Words("定制", "made to order"),
    "flash_sale": Words("秒杀", "flash sale"),
    "virtual": Words("虚拟商品", "digital"),
    "presale": Words("预售", "pre-sale"),
    "bundle": Words("套装", "bundle"),
    "group_buy": Words("拼团", "group purchase"),
    "gift": Words("赠品", "gift"),
    "member_price": Words("会员专享价", "members' price"),
}
"""Tags that price protection often leaves out; any other tag is told as it is (R091)."""

FEE_NAMES: Final = {
    FeeRule.ALL: Words("已收和未收的手续费、利息全部退回", "all fees and interest are given back"),
    FeeRule.UNEARNED: Words("已到期的不退，未到期的不再收取", "what has run is kept, what has not is dropped"),
    FeeRule.PRORATA: Words("按剩余天数退回", "given back by the days that are left"),
    FeeRule.NONE: Words("不退", "none is given back"),
    None: Words("按分期协议约定处理", "as the terms of the plan say"),
}


def sentences(policy: Policy) -> tuple[Words, ...]:
    """All that the customer should know beforehand."""
    if policy.hands_over:
        return (Words(policy.procedure_zh, policy.procedure_en),)
    if isinstance(policy, ReturnPolicy):
        return tuple(_of_return(policy))
    return tuple(_of_price_protection(policy))


def summary(policy: Policy) -> Words:
    """The sentences as one text each."""
    told = sentences(policy)
    return Words("\n".join(words.zh for words in told), "\n".join(words.en for words in told))


def fee_sentence(policy: ReturnPolicy) -> Words:
    """What happens to installment fees and interest when goods go back."""
    fault, whole, otherwise = (policy.fees[occasion] for occasion in FeeOccasion)
    return Words(
        f"分期手续费和利息：商品有问题的，{FEE_NAMES[fault].zh}；无理由期限内整单退货的，{FEE_NAMES[whole].zh}；"
        f"其他情况，{FEE_NAMES[otherwise].zh}。",
        f"Installment fees and interest: for goods at fault, {FEE_NAMES[fault].en}; for a whole order returned in time "
        f"without a reason, {FEE_NAMES[whole].en}; otherwise {FEE_NAMES[otherwise].en}.",
    )


def freight_sentence(policy: ReturnPolicy) -> Words:
    """Who pays for sending goods back, and what becomes of the freight of the delivery."""
    we_pay = policy.return_freight[ReasonGroup.PERSONAL] is Payer.SELLER
    gives_back = policy.freight_back[ReasonGroup.PERSONAL]
    return Words(
        f"寄回运费：商品有问题的由我们承担，其他原因{'也由我们' if we_pay else '由你'}承担；"
        f"下单时付的运费{'一并退还' if gives_back else '只在商品有问题时退还'}。",
        f"Sending goods back: we pay if they are at fault, {'and otherwise, too' if we_pay else 'you pay otherwise'}; "
        f"the freight of the delivery is refunded {'as well' if gives_back else 'only when they are at fault'}.",
    )


def _of_return(policy: ReturnPolicy) -> Iterator[Words]:
    moves = policy.window_ends_on_working_day
    yield Words(
        f"自收货次日起 {policy.window_days} 天内可以无理由退货、换货"
        + ("，最后一天是休息日的顺延到下一个工作日。" if moves else "。"),
        f"Goods can be returned or exchanged without a reason within {policy.window_days} days from the day after "
        + ("receipt; a window that ends on a rest day ends with the next working day." if moves else "receipt."),
    )
    if policy.requires_resalable:
        yield Words(
            "商品及配件、说明书须完好；为检查商品拆开包装、合理试用，不影响退货。",
            "Goods, parts and manuals must be intact; opening the parcel to look, or a reasonable trial, is fine.",
        )
    if policy.excluded_by_law:
        zh, en = _listed(EXCLUSION_NAMES[kind] for kind in LegalExclusion if kind in policy.excluded_by_law)
        yield Words(f"依法不适用无理由退货：{zh}。", f"By law these are not returned without a reason: {en}.")
    if policy.excluded_if_confirmed:
        zh, en = _listed(EXCLUSION_NAMES[kind] for kind in ConfirmedExclusion if kind in policy.excluded_if_confirmed)
        yield Words(
            f"下单时经你单独确认才不适用：{zh}；没有确认的照常退货。",
            f"Only if you confirmed it at that purchase: {en}; unconfirmed, they are returned as any other.",
        )
    yield Words(
        f"商品有质量问题的，{policy.fault_window_days} 天内可以凭照片或视频申请退货、换货或退款，定制等商品也一样。",
        f"Goods at fault can be returned, exchanged or refunded within {policy.fault_window_days} days, with photos "
        "or a video; so can goods made to order and the like.",
    )
    yield freight_sentence(policy)
    yield fee_sentence(policy)
    yield Words(
        f"申请后 {policy.review_hours} 小时内审核；收到退回商品后 {policy.refund_after_received_days} 天内退款；"
        f"通常 {policy.usual_working_days} 个、最迟 {policy.promise_working_days} 个工作日到账。",
        f"We review within {policy.review_hours} hours and refund within {policy.refund_after_received_days} days of "
        f"receiving the goods; the money usually arrives within {policy.usual_working_days} working days of the "
        f"application, at the latest within {policy.promise_working_days}.",
    )


def _of_price_protection(policy: PriceProtectionPolicy) -> Iterator[Words]:
    by_hour = policy.clock is Clock.HOURS
    yield Words(
        f"付款后 {policy.window_days} 天内降价，可以退差价"
        + ("（按小时计算）。" if by_hour else "（次日起算，到最后一天 24:00）。"),
        f"If the price falls within {policy.window_days} days of payment, the difference is refunded "
        + ("(to the hour)." if by_hour else "(from the next day to the end of the last)."),
    )
    if policy.excluded_tags:
        zh, en = _listed(TAG_NAMES.get(tag, Words(tag, tag)) for tag in sorted(policy.excluded_tags))
        yield Words(f"不参加的商品：{zh}。", f"Not covered: {en}.")
    if policy.requires_unused:
        yield Words("商品须未使用、原包装完整。", "The goods must be unused and in their original packing.")
    if policy.same_seller:
        yield Words("与同一商家的价格比较。", "Prices of the same seller are compared.")
    if policy.route is ProtectionRoute.PLAN:
        yield Words("差额从分期未还本金中扣减。", "The difference is taken off what is left to pay in installments.")
    else:
        yield Words(
            "差额退回原付款账户，分期金额不变。", "The difference goes to the account you paid with; installments stay."
        )
    if not policy.self_service:
        yield Words("请联系客服申请。", "Customer service files the claim for you.")


def _listed(names: Iterable[Words]) -> tuple[str, str]:
    known = tuple(names)
    return "、".join(words.zh for words in known), ", ".join(words.en for words in known)

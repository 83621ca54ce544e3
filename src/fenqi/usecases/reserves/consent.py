"""What the customer agrees to before a sum is held, by version: the words are evidence, so none is ever changed."""

from uuid import UUID

from fenqi.domain.money import Money
from fenqi.domain.reserves import NOTICE, HoldKind, ReleaseRule
from fenqi.records.models import Order, ReserveHold
from fenqi.usecases.agreements.consent import ConsentText
from fenqi.usecases.reserves.rows import find_hold

VERSION = "2026-11"


def conditions_of(hold: ReserveHold, *, language: str) -> ConsentText:
    """The words of the current version with this hold's figures; `zh` or, for every other language, English."""
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=hold.customer_id, id=hold.order_id)
    return _text(hold, order_no, "zh" if language.startswith("zh") else "en")


def conditions_for(customer_id: UUID, hold_id: UUID, *, language: str) -> ConsentText:
    """The same for a page. Raises NotFound."""
    return conditions_of(find_hold(customer_id, hold_id), language=language)


def _text(hold: ReserveHold, order_no: str, language: str) -> ConsentText:
    facts = {
        "order": order_no,
        "amount": _written(Money(hold.amount_minor, hold.currency), language),
        "notice": NOTICE.days,
    }
    first, back, share, advance, capture, loan = _WORDS[language]
    words = [
        first[HoldKind(hold.kind)],
        back[HoldKind(hold.kind)],
        share[ReleaseRule(hold.release_rule)],
        *([advance] if hold.may_advance else []),
        capture,
        loan,
    ]
    return ConsentText(
        version=VERSION, language=language, paragraphs=tuple(paragraph.format_map(facts) for paragraph in words)
    )


def _written(amount: Money, language: str) -> str:
    figures = f"{amount.as_decimal():,f}"
    return f"{figures} 元" if (amount.currency, language) == ("CNY", "zh") else f"{amount.currency} {figures}"


_WORDS = {
    "zh": (
        {
            HoldKind.FROZEN: "我同意为订单 {order} 冻结 {amount} 作为备用金。钱仍在我自己的账户里，只是暂时不能用。",
            HoldKind.PREPAID: "我同意为订单 {order} 预付 {amount} 作为备用金。这笔钱仍是我的，由商城代管。",
        },
        {
            HoldKind.FROZEN: (
                "订单退款全部完成，或分期全部还清后，自动解冻回原账户，不用申请；到账时间视支付渠道和银行而定。"
            ),
            HoldKind.PREPAID: (
                "订单退款全部完成，或分期全部还清后，自动退回原支付方式，不用申请；到账时间视支付渠道和银行而定。"
            ),
        },
        {
            ReleaseRule.WHEN_NOTHING_IS_OWED: "只退一部分商品时，备用金先不退，等没有应还金额了再一次退回。",
            ReleaseRule.IN_PROPORTION: "只退一部分商品时，退款完成后按退货比例先退一部分，其余等没有应还金额了再退。",
        },
        "订单有退款时，可先用备用金垫付给我，等渠道的退款到账后再结清，总数不多也不少。",
        "只有逾期的款项才可以用备用金抵扣：先用短信告诉我，{notice} 天后才抵扣，抵扣后给我回执；我自己先还了就不抵扣。",
        "这笔备用金是担保，不是借款，没有利息和手续费，与其他产品里同名的小额借款无关。",
    ),
    "en": (
        {
            HoldKind.FROZEN: (
                "I agree that {amount} is frozen as the reserve of order {order}. It stays in my own account; I only "
                "cannot spend it for a while."
            ),
            HoldKind.PREPAID: (
                "I agree to pay {amount} beforehand as the reserve of order {order}. It stays my money; the mall keeps "
                "it for me."
            ),
        },
        {
            HoldKind.FROZEN: (
                "Once the refund of the order is complete, or the plan is repaid in full, it is unfrozen by itself to "
                "the same account. I need not ask. When it shows there is up to the channel and the bank."
            ),
            HoldKind.PREPAID: (
                "Once the refund of the order is complete, or the plan is repaid in full, it goes back by itself the "
                "way I paid. I need not ask. When it arrives is up to the channel and the bank."
            ),
        },
        {
            ReleaseRule.WHEN_NOTHING_IS_OWED: (
                "When only some of the goods go back it stays, and all of it goes back once nothing is owed."
            ),
            ReleaseRule.IN_PROPORTION: (
                "When only some of the goods go back, the same share of it goes back once their refund is complete, "
                "and the rest once nothing is owed."
            ),
        },
        (
            "When something of the order is refunded, it may be advanced to me from the reserve at once and settled "
            "when the channel's refund arrives: no more in all, and no less."
        ),
        (
            "Only what is overdue may be taken from it: I am told by a text message first, it is taken {notice} days "
            "later at the earliest, and I get a receipt. What I have repaid by then is not taken."
        ),
        (
            "It is a security, not a loan: no interest, no fee. It has nothing to do with the small cash loans that "
            "other products sell under the same Chinese name."
        ),
    ),
}

"""What the customer agrees to before a sum is held, by version: the words are evidence, so none is ever changed."""

from collections.abc import Iterator
from uuid import UUID

from fenqi.channels.interface import CardReserveChannel
from fenqi.domain.money import Money
from fenqi.domain.reserves import NOTICE, HoldKind, ReleaseRule
from fenqi.records.models import Order, ReserveHold
from fenqi.usecases.agreements.consent import ConsentText
from fenqi.usecases.cards.queries import CardView, card_view
from fenqi.usecases.rails import rail
from fenqi.usecases.reserves.rows import find_hold

VERSION = "2026-11"


def conditions_of(hold: ReserveHold, *, language: str, card: CardView | None = None) -> ConsentText:
    """The words of the current version with this hold's figures; `zh` or, for every other language, English.

    `card`: the bound card that it would be held on, before that was agreed to.
    """
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=hold.customer_id, id=hold.order_id)
    if card is None and hold.card_id is not None:
        card = card_view(hold.customer_id, hold.card_id)
    return _text(hold, card, order_no, "zh" if language.startswith("zh") else "en")


def conditions_for(customer_id: UUID, hold_id: UUID, *, language: str, card: CardView | None = None) -> ConsentText:
    """The same for a page. Raises NotFound."""
    return conditions_of(find_hold(customer_id, hold_id), language=language, card=card)


def _text(hold: ReserveHold, card: CardView | None, order_no: str, language: str) -> ConsentText:
    facts = {
        "order": order_no,
        "amount": _written(Money(hold.amount_minor, hold.currency), language),
        "notice": NOTICE.days,
    }
    if card is not None:
        facts |= {"bank": card.bank.name(language), "last4": card.last4, "days": _hold_days(card.channel)}
    words = _words_on_card(language) if card is not None else _words(hold, language)
    return ConsentText(
        version=VERSION, language=language, paragraphs=tuple(paragraph.format_map(facts) for paragraph in words)
    )


def _hold_days(channel_name: str) -> int:
    channel = rail(channel_name)
    assert isinstance(channel, CardReserveChannel)  # no other card is offered
    return channel.hold_days


def _words_on_card(language: str) -> Iterator[str]:
    yield from _ON_CARD[language]
    yield _WORDS[language][-1]


def _words(hold: ReserveHold, language: str) -> Iterator[str]:
    first, back, share, advance, capture, loan = _WORDS[language]
    yield first[HoldKind(hold.kind)]
    yield back[HoldKind(hold.kind)]
    yield share[ReleaseRule(hold.release_rule)]
    if hold.may_advance:
        yield advance
    yield capture
    yield loan


def _written(amount: Money, language: str) -> str:
    figures = f"{amount.as_decimal():,f}"
    return f"{figures} 元" if (amount.currency, language) == ("CNY", "zh") else f"{amount.currency} {figures}"


_ON_CARD = {
    "zh": (
        (
            "我同意在我的{bank}储蓄卡（尾号 {last4}）上为订单 {order} 冻结 {amount} 作为备用金（预授权）。"
            "钱仍在我自己的卡里，只是暂时不能用。"
        ),
        "订单退款全部完成，或分期全部还清后，自动解冻到这张卡，不用申请；到账时间视银行而定。",
        "卡上的备用金只能整笔解冻：只退一部分商品时先不退，等没有应还金额了一次解冻。",
        "银行最多保留约 {days} 天，到期自动解冻，不会扣款；届时仍需要备用金，会重新征求我同意。",
        (
            "只有逾期的款项才可以用备用金抵扣，且只抵扣一次：先用短信告诉我，{notice} 天后才抵扣，抵扣后给我回执，"
            "其余部分同时解冻；我自己先还了就不抵扣。"
        ),
    ),
    "en": (
        (
            "I agree that {amount} is held on my {bank} debit card ending {last4} as the reserve of order {order} "
            "(a pre-authorisation). It stays in my own account; I only cannot spend it for a while."
        ),
        (
            "Once the refund of the order is complete, or the plan is repaid in full, it is released by itself to this "
            "card. I need not ask. When it shows there is up to the bank."
        ),
        (
            "On a card it is released whole: when only some of the goods go back it stays, and all of it is released "
            "once nothing is owed."
        ),
        (
            "The bank keeps it for about {days} days at most and then releases it by itself; nothing is taken. If a "
            "reserve is still needed then, I am asked again."
        ),
        (
            "Only what is overdue may be taken from it, and once: I am told by a text message first, it is taken "
            "{notice} days later at the earliest, I get a receipt, and the rest is released at the same time. What I "
            "have repaid by then is not taken."
        ),
    ),
}

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

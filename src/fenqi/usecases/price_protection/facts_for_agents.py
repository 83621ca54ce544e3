"""What an agent needs to know of a claim, filled in by the system instead of asked for (R097, G2)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fenqi.domain.payments import AttemptState
from fenqi.records.models import AftersalesCase, CaseLine, OrderPayment, Payment, PaymentAttempt
from fenqi.usecases import clock
from fenqi.usecases.aftersales.steps import find_case
from fenqi.usecases.customers import customer_view
from fenqi.usecases.notices.sending import written_amount
from fenqi.usecases.notices.templates import language_of
from fenqi.usecases.price_protection.lines import (
    LineUnderProtection,
    OrderUnderProtection,
    order_under_protection,
)
from fenqi.usecases.price_protection.quoting import seen_from
from fenqi.usecases.support.conversation import open_thread, say

_WORDS: Final = {
    "zh": (
        "申请退差价，单号 {case_no}。\n订单：{order_no}\n商品：{name}（{sku}）× {pieces}\n购买单价：{paid}\n"
        "现价：{lowest}（{source}，{seen_at}）\n购买日期：{bought_on}\n商品状态：{goods}\n支付方式：{methods}\n联系电话：{phone}"
    ),
    "en": (
        "I claim a price difference, case {case_no}.\nOrder: {order_no}\nProduct: {name} ({sku}) x {pieces}\n"
        "Paid for one: {paid}\nPrice now: {lowest} ({source}, {seen_at})\nBought on: {bought_on}\nGoods: {goods}\n"
        "Paid by: {methods}\nPhone: {phone}"
    ),
}
_SOURCES: Final = {
    "zh": {"order": "商城成交价", "feed": "商城价格"},
    "en": {"order": "sold by the mall", "feed": "the mall's price list"},
}
_GOODS: Final = {
    "zh": {True: "未使用，原包装完整（客户声明）", False: "已使用", None: "未说明"},
    "en": {True: "unused, in the original packing (the customer's word)", False: "used", None: "not stated"},
}
_METHODS: Final = {
    "zh": {"alipay": "支付宝", "wechat_pay": "微信支付", "bank_card": "银行卡"},
    "en": {"alipay": "Alipay", "wechat_pay": "WeChat Pay", "bank_card": "bank card"},
}


def hand_to_agent(customer_id: UUID, case_id: UUID, *, now: datetime) -> UUID:
    """Open a conversation about the case that begins with the facts; its id. Said again, nothing is added.

    Raises NotFound, TooManyRequests.
    """
    case = find_case(customer_id, case_id)
    customer = customer_view(customer_id)
    thread_id = open_thread(customer_id, case_id=case_id, language=customer.language, now=now)
    say(customer_id, thread_id, _facts_as_claimed(case), request_key=f"price_claim:{case_id}"[:64], now=now)
    return thread_id


def _facts_as_claimed(case: AftersalesCase) -> str:
    claimed = CaseLine.objects.get(customer_id=case.customer_id, case_id=case.id)
    price = claimed.worth["price"]
    found = order_under_protection(
        case.customer_id,
        case.order_id,
        at=case.created_at,
        unused=price["unused"],
        besides=case.id,
        snapshots={claimed.line_no: seen_from(price)},
    )
    (line,) = (line for line in found.lines if line.line_no == claimed.line_no)
    return facts_of(case, found, line, unused=price["unused"])


def facts_of(
    case: AftersalesCase, found: OrderUnderProtection, line: LineUnderProtection, *, unused: bool | None
) -> str:
    """In the customer's language, one fact a line."""
    customer = customer_view(case.customer_id)
    language, currency = language_of(customer.language), case.currency
    lowest = line.lowest
    assert lowest is not None, "a claim is about a price"
    zone = clock.mall_zone()
    return _WORDS[language].format(
        case_no=case.case_no,
        order_no=found.order.order_no,
        name=line.name,
        sku=line.sku,
        pieces=len(line.bought.kept),
        paid=written_amount(line.paid_each, currency, language),
        lowest=written_amount(lowest.price, currency, language),
        source=_SOURCES[language].get(lowest.source, lowest.source),
        seen_at=f"{lowest.at.astimezone(zone):%Y-%m-%d %H:%M}",
        bought_on=clock.business_date(found.order.placed_at).isoformat(),
        goods=_GOODS[language][unused],
        methods=_methods(case, language),
        phone=customer.phone_masked or "-",
    )


def _methods(case: AftersalesCase, language: str) -> str:
    """The rails that carried repayments, else how the order was paid."""
    plans = [case.plan_id] if case.plan_id else []
    payments = Payment.objects.filter(customer_id=case.customer_id, plan_id__in=plans)
    attempts = PaymentAttempt.objects.filter(
        customer_id=case.customer_id,
        payment_id__in=list(payments.values_list("id", flat=True)),
        state=AttemptState.SUCCEEDED.value,
    )
    names = set(attempts.values_list("channel", flat=True)) or set(
        OrderPayment.objects.filter(customer_id=case.customer_id, order_id=case.order_id).values_list(
            "method", flat=True
        )
    )
    return ", ".join(_METHODS[language].get(name, name) for name in sorted(names)) or "-"

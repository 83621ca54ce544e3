from datetime import UTC, date, datetime

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fenqi.records.identifiers import derived_id

# The first versions, as they were published: written out, because a version never changes when a default does.
RETURN_BODY = {
    "window_days": 7,
    "window_ends_on_working_day": True,
    "excluded_by_law": ["custom", "opened_media", "periodical", "perishable", "virtual"],
    "excluded_if_confirmed": ["activated", "flawed", "near_expiry", "sealed"],
    "requires_resalable": True,
    "fault_window_days": 180,
    "review_hours": 48,
    "promise_working_days": 15,
    "usual_working_days": 3,
    "refund_after_received_days": 7,
    "hard_limit_days": 15,
    "goods_due_days": 7,
    "freight_back": {"personal": False, "sellers_fault": True},
    "return_freight": {"personal": "customer", "sellers_fault": "seller"},
    "fees": {"sellers_fault": "all", "whole_within_window": "all", "otherwise": None},
    "late_fees_back_when_faulty": True,
    "two_people_above_minor": 500000,
    "evidence_asked_for": ["damaged_in_transit", "faulty", "missing_parts", "not_as_described", "wrong_item"],
    "most_photos": 6,
    "most_videos": 1,
    "future_rule": None,
}
PRICE_PROTECTION_BODY = {
    "window_days": 7,
    "clock": "calendar",
    "excluded_tags": ["bundle", "custom", "flash_sale", "group_buy", "presale", "virtual"],
    "requires_unused": True,
    "same_seller": True,
    "counts_coupons": True,
    "route": "payment_account",
    "fee_on_lower_price": True,
    "self_service": True,
    "most_claims_per_line": 5,
    "review_hours": 48,
    "promise_working_days": 15,
    "usual_working_days": 3,
}
RETURN_ZH = (
    "自收货次日起 7 天内可以无理由退货、换货，最后一天是休息日的顺延到下一个工作日。\n"
    "商品及配件、说明书须完好；为检查商品拆开包装、合理试用，不影响退货。\n"
    "依法不适用无理由退货：定制商品、鲜活易腐商品、在线下载的数字化商品、已拆封的音像制品、软件、已交"
    "付的报纸、期刊。\n"
    "下单时经你单独确认才不适用：拆封后影响安全或品质的商品、激活或试用后价值贬损较大的商品、临近保质"
    "期的商品、明示瑕疵的商品；没有确认的照常退货。\n"
    "商品有质量问题的，180 天内可以凭照片或视频申请退货、换货或退款，定制等商品也一样。\n"
    "寄回运费：商品有问题的由我们承担，其他原因由你承担；下单时付的运费只在商品有问题时退还。\n"
    "分期手续费和利息：商品有问题的，已收和未收的手续费、利息全部退回；无理由期限内整单退货的，已收和"
    "未收的手续费、利息全部退回；其他情况，按分期协议约定处理。\n"
    "申请后 48 小时内审核；收到退回商品后 7 天内退款；通常 3 个、最迟 15 个工作日到账。"
)
RETURN_EN = (
    "Goods can be returned or exchanged without a reason within 7 days from the day after receipt; a window that "
    "ends on a rest day ends with the next working day.\n"
    "Goods, parts and manuals must be intact; opening the parcel to look, or a reasonable trial, is fine.\n"
    "By law these are not returned without a reason: goods made to order, fresh or perishable goods, digital "
    "goods, recordings and software that were opened, newspapers and periodicals that were delivered.\n"
    "Only if you confirmed it at that purchase: goods that may spoil once opened, goods that are worth less once "
    "activated, goods near their expiry, goods sold as flawed; unconfirmed, they are returned as any other.\n"
    "Goods at fault can be returned, exchanged or refunded within 180 days, with photos or a video; so can goods "
    "made to order and the like.\n"
    "Sending goods back: we pay if they are at fault, you pay otherwise; the freight of the delivery is refunded "
    "only when they are at fault.\n"
    "Installment fees and interest: for goods at fault, all fees and interest are given back; for a whole order "
    "returned in time without a reason, all fees and interest are given back; otherwise as the terms of the plan "
    "say.\n"
    "We review within 48 hours and refund within 7 days of receiving the goods; the money usually arrives within "
    "3 working days of the application, at the latest within 15."
)
PRICE_PROTECTION_ZH = (
    "付款后 7 天内降价，可以退差价（次日起算，到最后一天 24:00）。\n"
    "不参加的商品：套装、定制、秒杀、拼团、预售、虚拟商品。\n"
    "商品须未使用、原包装完整。\n"
    "与同一商家的价格比较。\n"
    "差额退回原付款账户，分期金额不变。"
)
PRICE_PROTECTION_EN = (
    "If the price falls within 7 days of payment, the difference is refunded (from the next day to the end of the "
    "last).\n"
    "Not covered: bundle, made to order, flash sale, group purchase, pre-sale, digital.\n"
    "The goods must be unused and in their original packing.\n"
    "Prices of the same seller are compared.\n"
    "The difference goes to the account you paid with; installments stay."
)
ELSEWHERE_ZH = (
    "本商品在合作购物平台购买，货款由该平台收取，我们没有收到这笔款，也无法代为退回。请在该平台「我的"
    "订单」中按其流程申请退货、退款或退差价；分期账单仍可在这里查看。遇到困难请联系客服，我们会协助你"
    "与平台沟通。"
)
ELSEWHERE_EN = (
    "These goods were bought on a partner's shopping platform, which took the money: we did not receive it and "
    "cannot send it back. Apply for a return, a refund or a price difference under My orders on that platform, by "
    "its own procedure; your installment bills stay here. If you get stuck, talk to customer service, who will "
    "take it up with the platform with you."
)
OWN = {"procedure_zh": "", "procedure_en": ""}
ELSEWHERE = {"procedure_zh": ELSEWHERE_ZH, "procedure_en": ELSEWHERE_EN}

DEFAULTS = (
    ("return", "", RETURN_BODY | OWN, RETURN_ZH, RETURN_EN),
    ("return", "PARTNER", RETURN_BODY | ELSEWHERE, ELSEWHERE_ZH, ELSEWHERE_EN),
    ("price_protection", "", PRICE_PROTECTION_BODY | OWN, PRICE_PROTECTION_ZH, PRICE_PROTECTION_EN),
    ("price_protection", "PARTNER", PRICE_PROTECTION_BODY | ELSEWHERE, ELSEWHERE_ZH, ELSEWHERE_EN),
)


def publish_defaults(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """The policies that rule until somebody publishes others: for every order, whenever it was placed."""
    policies = apps.get_model("records", "AftersalesPolicy").objects
    for subject, sales_channel, body, zh, en in DEFAULTS:
        code = f"{subject}.channel.{sales_channel}" if sales_channel else f"{subject}.default"
        policies.create(
            id=derived_id("policy", code, 1),
            code=code,
            version=1,
            subject=subject,
            sales_channel=sales_channel,
            valid_from=date(1970, 1, 1),
            body=body,
            summary_zh=zh,
            summary_en=en,
            published_by="system",
            published_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


class Migration(migrations.Migration):
    dependencies = [("records", "0014_policies")]

    operations = [migrations.RunPython(publish_defaults, migrations.RunPython.noop)]

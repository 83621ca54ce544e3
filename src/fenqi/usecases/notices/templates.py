"""The text messages we send. The service sends approved templates only: these are the texts to have approved.

The number each got there comes from the environment, by the name `FENQI_SMS_TEMPLATE_<MESSAGE>_<ZH or EN>`; without it,
the number is the one that the sandbox's service knows it by.
"""

import os
from collections.abc import Mapping
from enum import StrEnum


class Message(StrEnum):
    SIGN_IN_CODE = "sign_in_code"
    REPAYMENT_SUCCEEDED = "repayment_succeeded"
    DUPLICATE_RETURNED = "duplicate_returned"
    AUTO_DEBIT_SIGNED = "auto_debit_signed"
    AUTO_DEBIT_ENDED = "auto_debit_ended"
    AUTO_DEBIT_FAILED = "auto_debit_failed"
    AUTO_DEBIT_GIVEN_UP = "auto_debit_given_up"
    AUTO_DEBIT_ABOVE_LIMIT = "auto_debit_above_limit"
    RETRY_REMINDER = "retry_reminder"
    PRICE_OFFERED = "price_offered"
    CASE_RECEIVED = "case_received"
    CASE_EVIDENCE_ASKED = "case_evidence_asked"
    CASE_SEND_GOODS = "case_send_goods"
    CASE_SEND_GOODS_TO_EXCHANGE = "case_send_goods_to_exchange"
    CASE_REJECTED = "case_rejected"
    CASE_QUOTE_CHANGED = "case_quote_changed"
    CASE_REMINDED = "case_reminded"
    CASE_EXPIRED = "case_expired"
    CASE_REFUNDING = "case_refunding"
    CASE_OFF_PLAN = "case_off_plan"
    CASE_TO_LENDER = "case_to_lender"
    CASE_REPLACEMENT_SENT = "case_replacement_sent"
    CASE_REFUND_INSTEAD = "case_refund_instead"
    CASE_ARRIVED = "case_arrived"
    CASE_LATE = "case_late"
    CASE_CAME_BACK = "case_came_back"
    CAPTURE_ANNOUNCED = "capture_announced"
    CAPTURE_DONE = "capture_done"
    ACCOUNT_CODE = "account_code"
    PHONE_CHANGED = "phone_changed"
    PHONE_CHANGE_ANNOUNCED = "phone_change_announced"
    CLOSING_ASKED = "closing_asked"
    CLOSING_STOPPED = "closing_stopped"


TEXTS: Mapping[tuple[Message, str], str] = {
    (Message.SIGN_IN_CODE, "zh"): "您的登录验证码是 ${code}，5 分钟内有效。请勿告诉任何人，包括自称客服的人。",
    (Message.SIGN_IN_CODE, "en"): "Your sign-in code is ${code}, valid for 5 minutes. Tell nobody, not even our staff.",
    (Message.REPAYMENT_SUCCEEDED, "zh"): "您已还款 ${amount}（${title}），剩余应还 ${left}。",
    (Message.REPAYMENT_SUCCEEDED, "en"): "We received your repayment of ${amount} (${title}). Still to repay: ${left}.",
    (Message.DUPLICATE_RETURNED, "zh"): "您重复支付的 ${amount}（${title}）已原路退回，最晚 ${by} 到账，无需操作。",
    (Message.DUPLICATE_RETURNED, "en"): (
        "You paid ${amount} twice (${title}). It is on its way back to you, by ${by} at the latest. Nothing to do."
    ),
    (Message.AUTO_DEBIT_SIGNED, "zh"): "已开通自动扣款（${title}，${account}），首次扣款 ${next}。可随时在订单页关闭。",
    (Message.AUTO_DEBIT_SIGNED, "en"): (
        "Auto-debit is on (${title}, ${account}). First debit: ${next}. Switch it off on the order's page at any time."
    ),
    (Message.AUTO_DEBIT_ENDED, "zh"): "自动扣款已关闭（${title}，${account}），不会再扣款。请记得在还款日前自己还。",
    (Message.AUTO_DEBIT_ENDED, "en"): (
        "Auto-debit is off (${title}, ${account}): nothing more is debited. Please repay by yourself by the due date."
    ),
    (Message.AUTO_DEBIT_FAILED, "zh"): (
        "自动扣款 ${amount}（${title}）未成功：${reason}，没有扣钱。${next} 会再试，也可现在自己还。"
    ),
    (Message.AUTO_DEBIT_FAILED, "en"): (
        "The auto-debit of ${amount} (${title}) failed: ${reason}. Nothing was charged. Next try: ${next}; or repay "
        "by yourself now."
    ),
    (Message.AUTO_DEBIT_GIVEN_UP, "zh"): (
        "自动扣款 ${amount}（${title}）未成功：${reason}，没有扣钱。不会再自动扣，请自己还款。"
    ),
    (Message.AUTO_DEBIT_GIVEN_UP, "en"): (
        "The auto-debit of ${amount} (${title}) failed: ${reason}. Nothing was charged, and it is not tried again: "
        "please repay by yourself."
    ),
    (Message.AUTO_DEBIT_ABOVE_LIMIT, "zh"): (
        "到期应还 ${amount}（${title}）超过您同意的单笔上限 ${limit}，不会自动扣，请自己还款。"
    ),
    (Message.AUTO_DEBIT_ABOVE_LIMIT, "en"): (
        "${amount} is due (${title}), above the ${limit} you agreed to, so it is not debited: please repay by yourself."
    ),
    (Message.RETRY_REMINDER, "zh"): "您要的提醒：${amount}（${title}）现在可以再还一次了。已还清请忽略。",
    (Message.RETRY_REMINDER, "en"): (
        "You asked to be reminded: you can try the repayment of ${amount} (${title}) again now. If you have paid, "
        "ignore this."
    ),
    (Message.CAPTURE_ANNOUNCED, "zh"): (
        "您有逾期款未还（${title}）。${at} 起将按约定用备用金抵扣 ${amount}；此前自己还了就不抵扣，有异议请联系客服。"
    ),
    (Message.CAPTURE_ANNOUNCED, "en"): (
        "${title} is overdue. As agreed, ${amount} will be taken from your reserve from ${at} on. What you repay by "
        "then is not taken; if you object, contact us."
    ),
    (Message.CAPTURE_DONE, "zh"): "已用备用金抵扣逾期款 ${amount}（${title}），备用金剩余 ${left}。",
    (Message.CAPTURE_DONE, "en"): (
        "${amount} of what was overdue was taken from your reserve (${title}). Still in the reserve: ${left}."
    ),
    (Message.PRICE_OFFERED, "zh"): "您买的「${title}」降价了，可退差价 ${amount}。请在 ${by} 前到订单页确认。",
    (Message.PRICE_OFFERED, "en"): (
        "The price of “${title}” has fallen: ${amount} is yours. Confirm it on the order's page by ${by}, in one step."
    ),
    (Message.CASE_RECEIVED, "zh"): "您的售后申请（${title}）已收到，单号 ${number}，我们会在 ${by} 前审核。",
    (Message.CASE_RECEIVED, "en"): (
        "We have your after-sales application (${title}), number ${number}, and review it by ${by}."
    ),
    (Message.CASE_EVIDENCE_ASKED, "zh"): "您的售后申请（${title}）需要补充：${note} 请在 ${by} 前到售后页补充。",
    (Message.CASE_EVIDENCE_ASKED, "en"): (
        "We need more for your after-sales application (${title}): ${note} Please add it on its page by ${by}."
    ),
    (Message.CASE_SEND_GOODS, "zh"): (
        "售后申请（${title}）已通过：请在 ${by} 前寄回商品并填写快递单号。收到后退款 ${amount}（${route}），"
        "最晚 ${latest} 到账。"
    ),
    (Message.CASE_SEND_GOODS, "en"): (
        "Your return (${title}) is approved: send the goods by ${by} and note the tracking number. Once they are here, "
        "${amount} goes back (${route}), by ${latest} at the latest."
    ),
    (Message.CASE_SEND_GOODS_TO_EXCHANGE, "zh"): (
        "换货申请（${title}）已通过：请在 ${by} 前寄回商品并填写快递单号，收到后寄出新商品，分期不变。"
    ),
    (Message.CASE_SEND_GOODS_TO_EXCHANGE, "en"): (
        "Your exchange (${title}) is approved: send the goods by ${by} and note the tracking number. The new ones are "
        "sent then; your plan stays as it is."
    ),
    (Message.CASE_REJECTED, "zh"): "售后申请（${title}）未通过：${note} ${next}。",
    (Message.CASE_REJECTED, "en"): "Your after-sales application (${title}) was refused: ${note} ${next}.",
    (Message.CASE_QUOTE_CHANGED, "zh"): (
        "售后（${title}）的退款明细有变化：应退 ${before} 变为 ${amount}。请到售后页确认，确认后才退款。"
    ),
    (Message.CASE_QUOTE_CHANGED, "en"): (
        "The refund of your return (${title}) has changed from ${before} to ${amount}. Please confirm it on the case's "
        "page: it goes back after that."
    ),
    (Message.CASE_REMINDED, "zh"): (
        "提醒：您的售后（${title}，单号 ${number}）在等您处理，${by} 后会自动关闭，关闭后仍可重新申请。"
    ),
    (Message.CASE_REMINDED, "en"): (
        "A reminder: your after-sales case (${title}, ${number}) waits for you. It closes after ${by}; you can apply "
        "again."
    ),
    (Message.CASE_EXPIRED, "zh"): "售后（${title}，单号 ${number}）因逾期未处理已关闭，分期照常。需要时可重新申请。",
    (Message.CASE_EXPIRED, "en"): (
        "Your after-sales case (${title}, ${number}) was closed since nothing came in time. Your plan goes on; you can "
        "apply again."
    ),
    (Message.CASE_REFUNDING, "zh"): "售后（${title}）退款 ${amount} 已发出：${route}，最晚 ${latest} 到账。",
    (Message.CASE_REFUNDING, "en"): (
        "Your refund of ${amount} (${title}) is on its way: ${route}, by ${latest} at the latest."
    ),
    (Message.CASE_OFF_PLAN, "zh"): "售后（${title}）已办理：分期少还 ${amount}，剩余应还 ${left}。",
    (Message.CASE_OFF_PLAN, "en"): (
        "Your return (${title}) is done: ${amount} comes off your plan, ${left} is left to repay."
    ),
    (Message.CASE_TO_LENDER, "zh"): (
        "售后（${title}）已办理：${amount} 退给${lender}，由其按规则调整您的分期，不会直接收到现金。"
    ),
    (Message.CASE_TO_LENDER, "en"): (
        "Your return (${title}) is done: ${amount} goes to ${lender}, which changes your plan by its rules. No cash "
        "comes to you directly."
    ),
    (Message.CASE_REPLACEMENT_SENT, "zh"): "换货（${title}）的新商品已寄出，快递单号 ${tracking}，分期不变。",
    (Message.CASE_REPLACEMENT_SENT, "en"): (
        "The replacement (${title}) is on its way, tracking number ${tracking}. Your plan stays as it is."
    ),
    (Message.CASE_REFUND_INSTEAD, "zh"): (
        "抱歉，换货（${title}）的新商品无法寄出，可改为退款 ${amount}。请到售后页查看原因并确认，确认后才退款。"
    ),
    (Message.CASE_REFUND_INSTEAD, "en"): (
        "Sorry, the replacement (${title}) cannot be sent: you can have ${amount} refunded instead. Please see why and "
        "confirm it on the case's page: it goes back after that."
    ),
    (Message.CASE_ARRIVED, "zh"): "售后（${title}）退款 ${amount} 应已到账：${route}。请核对账户，没有收到请联系我们。",
    (Message.CASE_ARRIVED, "en"): (
        "Your refund of ${amount} (${title}) should be there now: ${route}. Please look, and tell us if it is not."
    ),
    (Message.CASE_LATE, "zh"): "售后（${title}）退款 ${amount} 超过预计时间，我们已向渠道追查，您无需操作。",
    (Message.CASE_LATE, "en"): (
        "Your refund of ${amount} (${title}) is late. We are tracing it; you need not do anything."
    ),
    (
        Message.ACCOUNT_CODE,
        "zh",
    ): "验证码 ${code}，用于${what}，10 分钟内有效。不是您本人操作请勿告诉任何人，并联系客服。",
    (Message.ACCOUNT_CODE, "en"): (
        "Your code ${what} is ${code}, valid for 10 minutes. If it was not you, tell nobody and contact us."
    ),
    (Message.PHONE_CHANGED, "zh"): "您的账户已改绑这个手机号，以后请用它登录。不是您本人操作请立即联系客服。",
    (Message.PHONE_CHANGED, "en"): (
        "Your account is now bound to this phone: sign in with it from now on. If it was not you, contact us at once."
    ),
    (Message.PHONE_CHANGE_ANNOUNCED, "zh"): (
        "有人申请把您账户的手机号换成 ${phone}，将于 ${at} 生效。不是您本人请在此之前登录“我的”停止，或联系客服。"
    ),
    (Message.PHONE_CHANGE_ANNOUNCED, "en"): (
        "Your account is to be bound to the phone ${phone} from ${at} on. If it was not you, sign in before that "
        "and stop it on the page Me, or contact us."
    ),
    (Message.CLOSING_ASKED, "zh"): "您申请了注销账户，将于 ${at} 删除个人信息。在此之前登录“我的”可以撤回。",
    (Message.CLOSING_ASKED, "en"): (
        "You asked us to close your account: your personal data will be erased on ${at}. Until then you can sign in "
        "and take it back on the page Me."
    ),
    (Message.CLOSING_STOPPED, "zh"): "您的账户没有注销：又有未结束的事项。登录“我的”可查看，处理后可重新申请。",
    (Message.CLOSING_STOPPED, "en"): (
        "Your account was not closed: something is open again. Sign in to see what; ask again once it has ended."
    ),
    (Message.CASE_CAME_BACK, "zh"): "售后（${title}）退款 ${amount} 被您的银行退回，我们会换一种方式退给您。",
    (Message.CASE_CAME_BACK, "en"): (
        "Your bank sent the refund of ${amount} (${title}) back to us: we return it another way."
    ),
}
"""(message, language) -> text with `${variable}`; variables hold no addresses (P1102)."""


def language_of(tag: str) -> str:
    """`zh` for every kind of Chinese, `en` for all else."""
    return "zh" if tag.lower().startswith("zh") else "en"


def template_code(message: Message, language: str) -> str:
    """The number of the approved template, for any language tag."""
    return os.environ.get(f"FENQI_SMS_TEMPLATE_{_name(message, language)}") or f"SMS_{_name(message, language)}"


def _name(message: Message, language: str) -> str:
    return f"{message}_{language_of(language)}".upper()


def templates() -> dict[str, str]:
    """Template number to text, as a message service is told of them."""
    return {template_code(message, language): text for (message, language), text in TEXTS.items()}

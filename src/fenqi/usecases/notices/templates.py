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
    CAPTURE_ANNOUNCED = "capture_announced"
    CAPTURE_DONE = "capture_done"


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

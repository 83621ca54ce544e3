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


TEXTS: Mapping[tuple[Message, str], str] = {
    (Message.SIGN_IN_CODE, "zh"): "您的登录验证码是 ${code}，5 分钟内有效。请勿告诉任何人，包括自称客服的人。",
    (Message.SIGN_IN_CODE, "en"): "Your sign-in code is ${code}, valid for 5 minutes. Tell nobody, not even our staff.",
    (Message.REPAYMENT_SUCCEEDED, "zh"): "您已还款 ${amount}（${title}），剩余应还 ${left}。",
    (Message.REPAYMENT_SUCCEEDED, "en"): "We received your repayment of ${amount} (${title}). Still to repay: ${left}.",
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

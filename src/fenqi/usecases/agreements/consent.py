"""What the customer agrees to, by version: the words are evidence, so a version is never changed, only followed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fenqi.domain.money import Money
from fenqi.domain.payments.auto_debit import DebitRules

VERSION = "2026-11"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One version in one language, with the figures of one plan; `digest` names exactly these words."""

    version: str
    language: str
    paragraphs: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join((self.version, self.language, *self.paragraphs)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The customer agreed to the words with this digest."""

    digest: str
    language: str
    ip: str

    def evidence(self, text: ConsentText, *, at: datetime) -> dict[str, Any]:
        """What is kept for as long as the agreement is."""
        return {
            "version": text.version,
            "language": text.language,
            "text": list(text.paragraphs),
            "digest": text.digest,
            "at": at.isoformat(),
            "ip": self.ip,
        }


def consent_text(*, limit: Money, order_no: str, rules: DebitRules, language: str) -> ConsentText:
    """The words of the current version; `zh` or, for every other language, English."""
    facts = {
        "order": order_no,
        "hours": _hours(rules, language),
        "tries": rules.most_tries_a_day,
        "days": rules.days_after,
        "limit": f"{limit.currency} {limit.as_decimal():,f}" if language != "zh" else _yuan(limit),
        "notice": rules.notice_days,
    }
    words = _ZH if language == "zh" else _EN
    notice = _NOTICE_ZH if language == "zh" else _NOTICE_EN
    told = (*words[:3], *([notice] if rules.notice_days else []), *words[3:])
    return ConsentText(
        version=VERSION,
        language="zh" if language == "zh" else "en",
        paragraphs=tuple(paragraph.format_map(facts) for paragraph in told),
    )


def _hours(rules: DebitRules, language: str) -> str:
    slots = [f"{slot:%H:%M}" for slot in rules.slots]
    return "、".join(slots) if language == "zh" else ", ".join(slots)


def _yuan(limit: Money) -> str:
    figures = f"{limit.as_decimal():,f}"
    return f"{figures} 元" if limit.currency == "CNY" else f"{limit.currency} {figures}"


_ZH = (
    "我同意商城在订单 {order} 的每个还款日，从我选的账户扣划当天到期和已经到期未还的款项，不多扣。",
    "扣款时间为还款日 {hours}（北京时间）；没有扣成时，按原因再试，每天最多 {tries} 次，到还款日后第 {days} 天为止。",
    "单笔最多 {limit}：最大一期的金额，加上可能产生的逾期费用。超过这个数不会自动扣。",
    "我自己先还了，就不再扣；结果不明时不会再扣；每次没扣成，都会用短信告诉我原因和下次时间。",
    "我可以随时在这里关闭，关闭后立即不再发起扣款，不收费用，也不影响分期。",
)
_NOTICE_ZH = "每次扣款前 {notice} 天，支付渠道会先通知我金额和日期；没有通知就不扣。"

_EN = (
    (
        "I agree that on each due day of order {order} the mall debits, from the account I chose, what is due that day "
        "and what is past due, and no more."
    ),
    (
        "A debit is made on the due day at {hours} (Beijing time). One that fails is tried again as its reason allows, "
        "at most {tries} times a day, until day {days} after the due day."
    ),
    (
        "One debit is at most {limit}: the largest installment, and the late fee that may come to it. More than that "
        "is never debited automatically."
    ),
    (
        "What I have repaid myself is not debited. While an outcome is unknown nothing is debited. When a debit fails, "
        "a text message tells me why and when the next one is."
    ),
    (
        "I can switch this off here at any time. From then on no debit is begun; it costs nothing and leaves the plan "
        "as it is."
    ),
)
_NOTICE_EN = (
    "The payment channel tells me the amount and the day {notice} days before each debit; without that notice there is "
    "none."
)

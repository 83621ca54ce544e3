"""Send a notice by e-mail: text and HTML, under a Message-ID of ours that stays when it is sent again."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import escape

from fenqi.channels.email import Mail, MailOutcome
from fenqi.domain.notices import Way
from fenqi.records.models import DeliveryState, Notice, NoticeDelivery
from fenqi.usecases.notices import subjects
from fenqi.usecases.notices.moves import ACCEPTED, Done, claim, claim_again, deliveries_of, put_on_record, settle
from fenqi.usecases.notices.wording import MAIL, Wording, filled, wording
from fenqi.usecases.rails import mail as mailer

LEASE = timedelta(seconds=60)
MOST_TRIES = 5
PAUSE = timedelta(minutes=4)
"""Between two tries, however often the text message beside it is tried: a short outage does not use them all up."""
_SAY = {
    "zh": ("查看详情", "这是服务通知，请勿直接回复。", "通知设置", "商城"),
    "en": ("See the details", "This is a service message; please do not reply.", "Settings of notices", "the mall"),
}
_STATES = {
    MailOutcome.ACCEPTED: DeliveryState.ACCEPTED,
    MailOutcome.REFUSED: DeliveryState.REFUSED,
    MailOutcome.UNREACHED: DeliveryState.UNREACHED,
    MailOutcome.UNKNOWN: DeliveryState.UNKNOWN,
}


def send(address: str, notice: Notice, *, is_told: bool, now: datetime) -> Done:
    """`is_told`: another way has carried it already, so that a doubt is left a doubt rather than sent twice."""
    service = mailer()
    if service is None:
        return Done.NOT
    words = wording(notice.message, notice.language, MAIL, at=now)
    earlier = next(iter(deliveries_of(notice, Way.EMAIL)), None)
    known = _known(earlier, is_told=is_told, now=now) if earlier else None
    if known is not None:
        return known
    delivery = earlier or claim(notice, Way.EMAIL, service.name, version=words.version, now=now)
    if delivery is None or (earlier is not None and not claim_again(earlier, now=now)):
        return Done.UNANSWERED
    receipt = service.send(composed(address, notice, delivery, words))
    settle(delivery, _STATES[receipt.outcome], code=receipt.code, now=now)
    if receipt.outcome in (MailOutcome.UNREACHED, MailOutcome.UNKNOWN):
        return Done.UNANSWERED
    put_on_record(notice, delivery, now=now)
    return Done.NOW if receipt.outcome is MailOutcome.ACCEPTED else Done.NOT


def _known(earlier: NoticeDelivery, *, is_told: bool, now: datetime) -> Done | None:
    """What an earlier try says already; None when it is to be tried again."""
    if earlier.state in ACCEPTED:
        return Done.BEFORE
    is_in_doubt = earlier.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN)
    if earlier.state == DeliveryState.SENDING and now - earlier.sent_at < LEASE:
        return Done.UNANSWERED
    if earlier.state == DeliveryState.UNREACHED and now - earlier.sent_at < PAUSE:
        return Done.UNANSWERED
    is_over = earlier.state == DeliveryState.REFUSED or earlier.tries >= MOST_TRIES
    return Done.NOT if is_over or (is_in_doubt and is_told) else None


def composed(address: str, notice: Notice, delivery: NoticeDelivery, words: Wording) -> Mail:
    text = filled(words.text, notice.params)
    path = subjects.path_of(notice)
    link = settings.FENQI_PUBLIC_URL + path if path else ""
    return Mail(
        to=address,
        subject=" ".join(filled(words.title, notice.params).split())[:120],
        text=_as_text(text, link, notice.language),
        html=_as_html(words.title, text, link, notice.language),
        message_id=f"<{delivery.number}@{urlsplit(settings.FENQI_PUBLIC_URL).hostname}>",
        language=notice.language,
    )


def _as_text(text: str, link: str, language: str) -> str:
    more, service, wishes, mall = _SAY[language]
    name = settings.FENQI_MALL_NAME or mall
    parts = [text, f"{more}: {link}" if link else "", f"-- \n{name}\n{service}", f"{wishes}: {_wishes_page()}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _as_html(title: str, text: str, link: str, language: str) -> str:
    more, service, wishes, mall = _SAY[language]
    lang = "zh-Hans" if language == "zh" else "en"
    button = (
        f'<p style="margin:24px 0"><a href="{escape(link)}" style="display:inline-block;padding:12px 20px;'
        f'border-radius:8px;background:#1f5fd0;color:#ffffff;text-decoration:none">{more}</a></p>'
        if link
        else ""
    )
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title></head>'
        '<body style="margin:0;padding:24px;background:#f4f5f7;color:#1c1f24;'
        "font:16px/1.6 system-ui,-apple-system,'PingFang SC','Noto Sans CJK SC',sans-serif\">"
        '<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:12px">'
        f'<h1 style="margin:0 0 12px;font-size:20px">{escape(title)}</h1>'
        f'<p style="margin:0">{escape(text)}</p>{button}'
        f'<p style="margin:24px 0 0;font-size:13px;color:#5a6270">'
        f"{escape(settings.FENQI_MALL_NAME or mall)} · {service}"
        f' <a href="{escape(_wishes_page())}" style="color:#5a6270">{wishes}</a></p></div></body></html>'
    )


def _wishes_page() -> str:
    return f"{settings.FENQI_PUBLIC_URL}/me/notices"

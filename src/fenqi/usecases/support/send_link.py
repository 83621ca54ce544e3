"""Send a customer the address where a plan is repaid, again, into their conversation (R170, R171)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fenqi.domain.errors import FenqiError
from fenqi.records.models import SupportEvent, TicketEventKind
from fenqi.usecases import clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.entries.links import repayment_link
from fenqi.usecases.notices.sending import written_amount
from fenqi.usecases.notices.templates import language_of
from fenqi.usecases.repayment.queries import plan_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.conversation import answer, open_thread
from fenqi.usecases.support.notes import add_note
from fenqi.usecases.support.story import Place
from fenqi.usecases.support.threads import note_words

MOST_IN_A_DAY: Final = 3
_A_DAY: Final = timedelta(days=1)
_MARK: Final = "link:"
_WORDS: Final = {
    "zh": "「{title}」还剩 {left}要还。在这里还款：{address} 打开后请先登录，我们不会要你的验证码。",
    "en": "{left} is left to repay for {title}. Repay here: {address} Sign in first; we never ask for your code.",
}


class EnoughLinks(FenqiError):
    """The customer got the address often enough today. Details: `most`."""

    code = "enough_links"
    status = 409
    zh = "24 小时内已经发过 {most} 次还款链接，先等客户处理，或打电话联系。"
    en = "The link was sent {most} times within 24 hours: wait for the customer, or call."


class NothingLeftToRepay(FenqiError):
    """There is nothing to send an address for."""

    code = "nothing_left_to_repay"
    status = 409
    zh = "这个分期没有要还的，不用发链接。"
    en = "Nothing is left to repay on this plan, so no link is sent."


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """What would be sent, word for word, and how often it was within a day."""

    text: str
    phone_masked: str
    sent_before: int


def simulate(staff: Staff, customer_id: UUID, plan_id: UUID, *, now: datetime) -> LinkPlan:
    """Nothing is sent. Raises NotFound, NotPermitted, EnoughLinks, NothingLeftToRepay."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    customer = customer_view(customer_id)
    plan = plan_view(customer_id, plan_id, today=clock.business_date(now))
    left = plan.state.totals.outstanding.total
    if left == 0:
        raise NothingLeftToRepay
    sent = _sent_before(customer_id, now=now)
    if sent >= MOST_IN_A_DAY:
        raise EnoughLinks(most=MOST_IN_A_DAY)
    language = language_of(customer.language)
    amount = written_amount(left, plan.terms.currency, language)
    text = _WORDS[language].format(title=plan.title, left=amount, address=repayment_link(customer_id, plan_id, now=now))
    return LinkPlan(text=text, phone_masked=customer.phone_masked, sent_before=sent)


def send_link(staff: Staff, customer_id: UUID, plan_id: UUID, *, reason: str, request_key: str, now: datetime) -> UUID:
    """Write it into the conversation about the plan; one who does not read it soon is told by message. The ticket's id.

    Raises NotFound, NotPermitted, NoteMissing, EnoughLinks, NothingLeftToRepay, TakenByAnother, TooManyRequests.
    """
    words = note_words(reason)
    if (earlier := _sent_with(customer_id, request_key)) is not None:
        return earlier
    planned = simulate(staff, customer_id, plan_id, now=now)
    language = customer_view(customer_id).language
    thread_id = open_thread(customer_id, plan_id=plan_id, place=Place.TELEPHONE, language=language, now=now)
    answer(staff, customer_id, thread_id, planned.text, request_key=_MARK + request_key, now=now)
    add_note(staff, customer_id, thread_id, words, request_key=_MARK + request_key, now=now)
    return thread_id


def _sent_before(customer_id: UUID, *, now: datetime) -> int:
    return SupportEvent.objects.filter(
        customer_id=customer_id, kind=TicketEventKind.NOTE, request_key__startswith=_MARK, at__gt=now - _A_DAY
    ).count()


def _sent_with(customer_id: UUID, request_key: str) -> UUID | None:
    sent = SupportEvent.objects.filter(customer_id=customer_id, request_key=_MARK + request_key)
    return sent.values_list("thread_id", flat=True).first()

"""What comes after handing in, before it is handed in: who does what, and by when."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.policies import ReturnPolicy
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.workdays import add_workdays
from fenqi.interfaces.portal.aftersales.progress import Step
from fenqi.interfaces.portal.aftersales.terms_told import freight_told
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock


def steps_ahead(policy: ReturnPolicy, kind: str, reason: str, reader: Reader) -> tuple[Step, ...]:
    """First to last."""
    return tuple(_steps(policy, kind, reason, reader))


def _steps(policy: ReturnPolicy, kind: str, reason: str, reader: Reader) -> Iterator[Step]:
    sends_goods = kind in (WishKind.RETURN, WishKind.EXCHANGE)
    reviewed_by = clock.business_date(clock.now() + timedelta(hours=policy.review_hours))
    yield Step(title=_("You apply"), tone="due", when=_("today"), is_now=True)
    yield Step(
        title=_("Review"),
        caption=_("By our customer service"),
        tone="future",
        when=_("by %(day)s") % {"day": formats.plain_day(reviewed_by, reader.language, today=reader.today)},
    )
    if sends_goods:
        yield Step(
            title=_("You send the goods"),
            caption=freight_told(policy, reason),
            tone="future",
            when=_("within %(days)s days of the approval") % {"days": policy.goods_due_days},
        )
    if kind == WishKind.EXCHANGE:
        yield Step(title=_("We inspect them and send the new goods"), tone="future")
        return
    latest = add_workdays(reader.today, policy.promise_working_days).on
    yield Step(
        title=_("We inspect them and send the refund") if sends_goods else _("We send the refund"),
        caption=_("At the latest %(days)s days after the goods came") % {"days": policy.refund_after_received_days}
        if sends_goods
        else "",
        tone="future",
    )
    yield Step(
        title=_("It arrives"),
        tone="future",
        when=_("by %(day)s") % {"day": formats.plain_day(latest, reader.language, today=reader.today)},
    )

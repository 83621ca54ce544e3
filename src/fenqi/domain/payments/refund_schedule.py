"""When a refund is asked about or sent again, and how far apart two refunds of one payment keep."""

from collections.abc import Mapping
from datetime import timedelta

from fenqi.domain.payments.failures import RetryMark

_ASK_AGAIN = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=1),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=20),
    timedelta(minutes=30),
    timedelta(hours=1),
)
"""Each counted from the last time: Alipay wants ten seconds first, WeChat Pay a minute, then ever longer."""
_ON_AND_ON = timedelta(hours=6)
A_WEEK_OF_QUESTIONS = len(_ASK_AGAIN) + 7 * 4
"""After so many a person must look, too: WeChat Pay, the most patient, gives up after seven days itself."""

_LATER = timedelta(hours=1)
"""The mall's money at the channel is short, or it is asked too often: somebody must see to it first."""

_PAUSE: Mapping[str, timedelta] = {"alipay": timedelta(seconds=3)}
_LONGEST_PAUSE = timedelta(minutes=1)


def ask_refund_after(asked: int, retry: RetryMark | None) -> timedelta:
    """How long to wait before the next question, having asked `asked` times; a refund is never left alone."""
    planned = _ASK_AGAIN[asked] if asked < len(_ASK_AGAIN) else _ON_AND_ON
    if retry is RetryMark.NEVER:
        return _ON_AND_ON
    return max(planned, _LATER) if retry is RetryMark.LATER else planned


def pause_between_refunds(channel: str) -> timedelta:
    """How long after one refund of a payment the channel takes the next."""
    return _PAUSE.get(channel, _LONGEST_PAUSE)

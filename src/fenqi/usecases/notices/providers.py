"""Which text-message service is asked first: one that just failed rests for a minute, unless all of them do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from fenqi.channels.sms import SmsGateway, SmsOutcome, SmsReceipt
from fenqi.usecases.rails import text_messages

REST = timedelta(minutes=1)

_resting: dict[str, datetime] = {}
_lock = Lock()


def in_order(gateways: Sequence[SmsGateway], *, now: datetime) -> tuple[SmsGateway, ...]:
    """Those that work first. What one process saw is enough: another finds out by itself."""
    with _lock:
        tired = {name for name, since in _resting.items() if abs(now - since) < REST}
    return tuple(sorted(gateways, key=lambda gateway: gateway.name in tired))


def heard_of(name: str, outcome: SmsOutcome, *, now: datetime) -> None:
    with _lock:
        if outcome in (SmsOutcome.UNREACHED, SmsOutcome.UNKNOWN):
            _resting[name] = now
        else:
            _resting.pop(name, None)


def forget() -> None:
    """All of them are thought well of again."""
    with _lock:
        _resting.clear()


def send_code(*, phone: str, template_code: str, params: dict[str, str], out_id: str, now: datetime) -> SmsReceipt:
    """A message that somebody waits for, such as a code: by the first service that is there. Kept nowhere.

    Raises ChannelMisconfigured.
    """
    for gateway in in_order(text_messages(), now=now):
        receipt = gateway.send(phone=phone, template_code=template_code, params=params, out_id=out_id)
        heard_of(gateway.name, receipt.outcome, now=now)
        if receipt.outcome is not SmsOutcome.UNREACHED:
            break
    return receipt

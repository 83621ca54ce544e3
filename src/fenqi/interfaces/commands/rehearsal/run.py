"""One rehearsal from the first repayment to the verdict."""

import random
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import chain, repeat
from typing import Any, Final

from django.db import connection

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.commands.rehearsal.consumers import Bought, Consumer
from fenqi.interfaces.commands.rehearsal.house import PARTS, House, NotAnswered, until
from fenqi.interfaces.commands.rehearsal.seeding import seed_consumers
from fenqi.interfaces.commands.rehearsal.verdict import verdict
from fenqi.records.models import RefundLeg
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.run import reconcile as reconcile_bill

CHANNELS: Final = ("alipay", "wechat_pay", "bank_card")
AT_ONCE: Final = 16
DAY: Final = 86_400
DAYS: Final = 3
"""What one day leaves open, the bill of the next decides; what that sends back is in the bill after."""
QUIET_SECONDS: Final = 300.0
KILL_AFTER_SECONDS: Final = (3.0, 5.0)
"""The first kills, so that a short storm has some, too."""

KILL_EVERY_SECONDS: Final = 20.0
"""And then: rarely enough that the supervisor thinks well of each part again before it dies once more."""

SKEW_SECONDS: Final = 900
"""More than any channel forgives."""

RATES: Final[Mapping[str, float]] = {
    "charge.reset": 0.02,
    "charge.hang": 0.002,
    "charge.http_500": 0.02,
    "query.reset": 0.03,
    "query.hang": 0.003,
    "query.http_500": 0.03,
    "query.wrong_signature": 0.03,
    "query.unsigned": 0.02,
    "query.not_found": 0.03,
    "query.slow:1": 0.02,
    "close.reset": 0.05,
    "close.http_500": 0.03,
    "close.wrong_signature": 0.03,
    "refund.reset": 0.08,
    "refund.hang": 0.01,
    "refund.http_500": 0.08,
    "refund.wrong_signature": 0.05,
    "refund.processing": 0.05,
    "query_refund.http_500": 0.05,
    "notify.drop": 0.15,
    "notify.twice": 0.12,
    "notify.hold": 0.10,
    "notify.slow:3": 0.10,
    "notify.wrong_signature": 0.08,
}
"""Of every channel; how often a call of this operation suffers this."""

CODES: Final[Mapping[str, float]] = {
    "alipay.query.code:ACQ.SYSTEM_ERROR": 0.02,
    "alipay.close.code_after:ACQ.SYSTEM_ERROR": 0.03,
    "alipay.refund.code_after:ACQ.SYSTEM_ERROR": 0.05,
    "alipay.refund.no_fund_change": 0.05,
    "wechat_pay.charge.code_after:SYSTEM_ERROR": 0.02,
    "wechat_pay.query.code:SYSTEM_ERROR": 0.02,
    "wechat_pay.refund.code:FREQUENCY_LIMITED": 0.03,
    "wechat_pay.refund.code_after:SYSTEM_ERROR": 0.05,
    "bank_card.charge.code:64": 0.06,
    "bank_card.charge.code:06": 0.03,
    "bank_card.charge.code_after:03": 0.05,
    "bank_card.query.code:05": 0.03,
    "bank_card.refund.code_after:04": 0.05,
}
"""And what the channels answer in their own words, before or after they have done it."""


class RehearsalFailed(Exception):
    """Money is not where it should be."""


def rehearse(house: House, *, consumers: int, seed: int) -> dict[str, float]:
    """Figures. Raises RehearsalFailed with every complaint."""
    bought = seed_consumers(house, consumers, seed=seed)
    kills = storm(house, bought, seed=seed)
    forget_connections()
    wait_until_quiet(house)
    for day in range(1, DAYS + 1):
        house.start_later(ahead_of(day))
        forget_connections()
        let_refunds_end(house)
        wait_until_quiet(house)
        reconcile(house)
        wait_until_quiet(house)
    found = verdict(house)
    if found.complaints:
        raise RehearsalFailed("\n".join([f"seed {seed}", *found.complaints[:50]]))
    return {**found.figures, "kills": kills, "complaints": 0}


def storm(house: House, bought: Sequence[Bought], *, seed: int) -> int:
    """All consumers at once, while the town misbehaves and processes are killed; how many were."""
    rates = {f"{channel}.{name}": rate for channel in CHANNELS for name, rate in RATES.items()}
    rates |= CODES
    house.tell_town("chaos", seed=seed, rates=rates)
    over = threading.Event()
    killer = Killer(house, seed=seed, over=over)
    killer.start()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            acts = [pool.submit(Consumer(house, one, seed).act) for one in bought]
            for act in acts:
                act.result()
    finally:
        over.set()
        killer.join()
    house.tell_town("clock")
    house.tell_town("chaos")
    house.tell_town("faults/forget")
    until(house.is_ready, seconds=QUIET_SECONDS, otherwise="the house did not come back")
    return killer.kills


class Killer(threading.Thread):
    """Kills one part after the other, and now and then sets the town's clock apart from ours."""

    def __init__(self, house: House, *, seed: int, over: threading.Event) -> None:
        super().__init__(name="killer", daemon=True)
        self._house = house
        self._over = over
        self._choose = random.Random(f"kill:{seed}")  # noqa: S311 - a rehearsal, not a secret
        self.kills = 0

    def run(self) -> None:
        for pause in chain(KILL_AFTER_SECONDS, repeat(KILL_EVERY_SECONDS)):
            if self._over.wait(pause):
                return
            part = self._choose.choice([*PARTS, "clock"])
            if part == "clock":
                self._skew()
            else:
                self.kills += self._house.kill(part)

    def _skew(self) -> None:
        with suppress(NotAnswered):
            self._house.tell_town("clock", skew_seconds=self._choose.choice([-1, 1]) * SKEW_SECONDS)
            self._over.wait(1.0)
            self._house.tell_town("clock")


def ahead_of(day: int) -> int:
    """So many days and a little: after the hour at which bills are ready."""
    return day * DAY + 60


def reconcile(house: House) -> None:
    """Yesterday's bill of every channel, at the house's time. Raises RehearsalFailed when one is refused."""
    yesterday = clock.business_date(clock.now()) + timedelta(days=house.ahead // DAY - 1)
    for channel in CHANNELS:
        with clock.simulated(clock.now() + timedelta(seconds=house.ahead)):
            try:
                reconcile_bill(channel, yesterday, now=clock.now())
            except FenqiError as refused:
                raise RehearsalFailed(f"{channel} {yesterday}: {refused.text('en')}") from refused


def let_refunds_end(house: House) -> None:
    """The town ends the refunds that it was told to keep in process."""
    with across_customers():
        numbers = list(RefundLeg.objects.exclude(state="succeeded").values_list("out_refund_no", flat=True))
    for number in numbers:
        house.tell_town(f"refunds/{number}/settle")


def forget_connections() -> None:
    """The server may have been killed and started anew under them."""
    server: Any = connection  # its type does not know the pool
    server.close()
    server.close_pool()


def wait_until_quiet(house: House) -> None:
    """Until nothing is due that has not been done. Raises NotAnswered."""
    until(lambda: not waiting(house.ahead), seconds=QUIET_SECONDS, otherwise="work is left undone")


_WAITING: Final = """
SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL AND not_before <= now() + %s * interval '1 second')
     + (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
        AND (scheduled_at IS NULL OR scheduled_at <= now() + interval '20 seconds'))
"""


def waiting(ahead: int) -> int:
    """Messages and jobs whose time has come."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_WAITING, [ahead])
        (count,) = cursor.fetchone()
    return int(count)

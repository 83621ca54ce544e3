"""The one town of this process: its folder, its store, its keys, its clock and its pace."""

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fenqi.sandbox import alipay, bank_card, partner, wechat_pay
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Store

STATE_VARIABLE = "FENQI_SANDBOX_STATE"
PACE_VARIABLE = "FENQI_SANDBOX_PACE"
SCHEMAS: Final = (alipay.SCHEMA, wechat_pay.SCHEMA, bank_card.SCHEMA, partner.SCHEMA)
"""The tables of each counterparty."""


@dataclass(frozen=True, slots=True)
class Town:
    store: Store
    alipay_key: SigningKey
    wechat_key: SigningKey
    wechat_platform_key: SigningKey
    """Of the platform certificate; `wechat_key` is the one of the public-key mode."""
    unionpay_key: SigningKey
    partner_key: SigningKey
    stranger_key: SigningKey
    """Nobody's key: what forged messages are signed with."""
    pace: float
    """How many seconds of the real protocols pass here in one."""

    def now(self) -> float:
        """The town's calendar, in seconds since 1970: what its books are dated by, and its windows end by."""
        return time.time() + self.store.number("clock.offset_seconds")

    def wall_clock(self) -> float:
        """What times in signed messages are compared with and made from: the machine's, and the skew control set.

        Apart from the calendar, so that the town can be in tomorrow and still be spoken to.
        """
        return time.time() + self.store.number("clock.skew_seconds")

    def set_clock(self, *, offset_seconds: float, skew_seconds: float) -> None:
        """Set the calendar and the wall clock apart from the machine's; kept over restarts."""
        self.store.set_numbers({"clock.offset_seconds": offset_seconds, "clock.skew_seconds": skew_seconds})


@cache
def town() -> Town:
    """Opened at first use from the folder and the pace that `python -m fenqi.sandbox` was given."""
    folder = Path(os.environ[STATE_VARIABLE])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Town(
        store=Store(folder / "town.sqlite3", schemas=SCHEMAS),
        alipay_key=SigningKey(folder / "alipay.pem"),
        wechat_key=SigningKey(folder / "wechat.pem"),
        wechat_platform_key=SigningKey(folder / "wechat-platform.pem"),
        unionpay_key=SigningKey(folder / "unionpay.pem"),
        partner_key=SigningKey(folder / "partner.pem"),
        stranger_key=SigningKey(folder / "stranger.pem"),
        pace=float(os.environ[PACE_VARIABLE]),
    )

"""The one town of this process: its folder, its store, its keys, its clock and its pace."""

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fenqi.sandbox import alipay
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Store

STATE_VARIABLE = "FENQI_SANDBOX_STATE"
PACE_VARIABLE = "FENQI_SANDBOX_PACE"
SCHEMAS: Final = (alipay.SCHEMA,)
"""The tables of each counterparty."""


@dataclass(frozen=True, slots=True)
class Town:
    store: Store
    alipay_key: SigningKey
    wechat_key: SigningKey
    unionpay_key: SigningKey
    stranger_key: SigningKey
    """Nobody's key: what forged messages are signed with."""
    pace: float
    """How many seconds of the real protocols pass here in one."""

    def now(self) -> float:
        """The town's clock, in seconds since 1970: the machine's, and what control set it off by."""
        return time.time() + float(self.store.setting("clock.offset_seconds") or 0)

    def set_clock(self, offset_seconds: float) -> None:
        """Set the town's clock apart from the machine's, in all its processes and over restarts."""
        self.store.set("clock.offset_seconds", str(offset_seconds))


@cache
def town() -> Town:
    """Opened at first use from the folder and the pace that `python -m fenqi.sandbox` was given."""
    folder = Path(os.environ[STATE_VARIABLE])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Town(
        store=Store(folder / "town.sqlite3", schemas=SCHEMAS),
        alipay_key=SigningKey(folder / "alipay.pem"),
        wechat_key=SigningKey(folder / "wechat.pem"),
        unionpay_key=SigningKey(folder / "unionpay.pem"),
        stranger_key=SigningKey(folder / "stranger.pem"),
        pace=float(os.environ[PACE_VARIABLE]),
    )

"""The one town of this process: its folder, its store, its keys and its pace."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Store

STATE_VARIABLE = "FENQI_SANDBOX_STATE"
PACE_VARIABLE = "FENQI_SANDBOX_PACE"


@dataclass(frozen=True, slots=True)
class Town:
    store: Store
    alipay_key: SigningKey
    stranger_key: SigningKey
    """Nobody's key: what forged messages are signed with."""
    pace: float
    """How many seconds of the real protocols pass here in one."""


@cache
def town() -> Town:
    """Opened at first use from the folder and the pace that `python -m fenqi.sandbox` was given."""
    folder = Path(os.environ[STATE_VARIABLE])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Town(
        store=Store(folder / "town.sqlite3"),
        alipay_key=SigningKey(folder / "alipay.pem"),
        stranger_key=SigningKey(folder / "stranger.pem"),
        pace=float(os.environ[PACE_VARIABLE]),
    )

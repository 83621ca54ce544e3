"""Thousands of consumers against every fault that the sandbox knows, processes killed among them; then time passes.

In the end every consumer was charged exactly what their plan says, every duplicate has gone back, every clearing
account stands at zero and `fenqi check` finds nothing: anything else fails the run. The seed decides what each consumer
does, what is killed, and what every call about a payment suffers; it is told first, and given again it replays them.
How processes interleave, and which call that starts a payment is hit, is the machine's.
"""

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fenqi.config import environment, place
from fenqi.interfaces.commands.counterparties import introduce
from fenqi.interfaces.commands.rehearsal.house import House

FEW = 100
"""For so many consumers one process of the web server is enough; starting another costs more than it brings."""


def bench_faults(consumers: int = 2000, seed: int | None = None) -> dict[str, float]:
    """Figures of one rehearsal. Raises RehearsalFailed with every complaint."""
    chosen = secrets.randbelow(10**9) if seed is None else seed
    print(f"seed {chosen}", file=sys.stderr, flush=True)  # noqa: T201 - whoever watches needs it to replay
    started = time.monotonic()
    with rehearsal_house(web_workers=1 if consumers <= FEW else 2) as house:
        from fenqi.interfaces.commands.rehearsal.run import rehearse  # noqa: PLC0415 - needs Django set up

        figures = rehearse(house, consumers=consumers, seed=chosen)
    return {"seed": chosen, "consumers": consumers, **figures, "seconds": time.monotonic() - started}


@contextmanager
def rehearsal_house(*, web_workers: int) -> Iterator[House]:
    """A house in a folder that is thrown away, running, with this process looking into its database."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=_made(environment.data_folder())))
    house = House(folder / "house", web_workers)
    try:
        house.start()
        os.environ.pop("DATABASE_URL", None)
        os.environ["FENQI_DATA"] = str(house.folder)
        os.environ |= introduce(house.town, web=house.address) | {"FENQI_TLS": "no", "FENQI_PUBLIC_URL": house.address}
        with place.ready():
            yield house
    finally:
        house.stop()
        place.throw_away(house.folder)
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

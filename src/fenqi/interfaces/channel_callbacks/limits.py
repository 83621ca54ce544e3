"""How many refused callbacks one address may send: enough for a channel in trouble, too few to fill the records."""

import time
from collections import OrderedDict, deque
from threading import Lock

MOST_REFUSED = 30
WITHIN_SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class RefusedCallers:
    """Counts refusals by address within this process. The oldest address is forgotten when there are too many."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def note(self, address: str) -> None:
        """One more refusal."""
        with self._lock:
            moments = self._refused.setdefault(address, deque(maxlen=MOST_REFUSED))
            moments.append(time.monotonic())
            self._refused.move_to_end(address)
            if len(self._refused) > _MOST_ADDRESSES:
                self._refused.popitem(last=False)

    def is_over(self, address: str) -> bool:
        """Whether the address has used up its refusals for now."""
        with self._lock:
            moments = self._refused.get(address)
            return (
                moments is not None and len(moments) == MOST_REFUSED and moments[0] > time.monotonic() - WITHIN_SECONDS
            )

    def forget(self) -> None:
        with self._lock:
            self._refused.clear()

"""How often one network address may ask. Generous: a phone operator puts thousands of customers behind one address.

The phone's own limits (cool-down, throttling of wrong codes) are the second factor library's.
"""

import hashlib
from datetime import datetime, timedelta

from django.core.cache import cache

from fenqi.domain.errors import FenqiError

WINDOW = timedelta(minutes=10)
MOST_IN_WINDOW = {"request_code": 60, "check_code": 120}


class TooManyRequests(FenqiError):
    """The address asked too often. Details: `minutes`."""

    code = "too_many_requests"
    status = 429
    zh = "操作太频繁，请 {minutes} 分钟后再试。"
    en = "Too many requests. Try again in {minutes} minutes."


def count(operation: str, *, remote_address: str, now: datetime) -> None:
    """Count one more in the present window. Raises TooManyRequests."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    address = hashlib.sha256(remote_address.encode()).hexdigest()[:32]
    key = f"signing_in:{operation}:{address}:{window}"
    cache.add(key, 0, timeout=WINDOW.total_seconds())
    if cache.incr(key) > MOST_IN_WINDOW[operation]:
        raise TooManyRequests(minutes=int(WINDOW.total_seconds() // 60))

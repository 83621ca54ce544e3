"""How often one network address may do a thing. Counted in each process by itself, so a server's bound is a multiple.

Generous for people: a phone operator puts thousands of customers behind one address. The phone's own limits (cool-down,
throttling of wrong codes) are the second-factor library's.
"""

from enum import Enum

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from fenqi.domain.errors import FenqiError


class Rate(Enum):
    """What is counted, and how often an address may do it."""

    REQUEST_CODE = "60 per 10 minutes"
    CHECK_CODE = "120 per 10 minutes"
    REFUSED_CALLBACK = "30 per minute"  # enough for a channel in trouble, too few to fill the records

    @property
    def limit(self) -> RateLimitItem:
        return parse(self.value)


class TooManyRequests(FenqiError):
    """The address asked too often. Details: `minutes`."""

    code = "too_many_requests"
    status = 429
    zh = "操作太频繁，请 {minutes} 分钟后再试。"
    en = "Too many requests. Try again in {minutes} minutes."


_limiter = FixedWindowRateLimiter(MemoryStorage())


def count(rate: Rate, remote_address: str) -> None:
    """Count one more. Raises TooManyRequests when the address had used up its turns."""
    if not _limiter.hit(rate.limit, rate.name, remote_address):
        raise TooManyRequests(minutes=max(1, rate.limit.get_expiry() // 60))


def is_used_up(rate: Rate, remote_address: str) -> bool:
    return not _limiter.test(rate.limit, rate.name, remote_address)


def forget() -> None:
    """Every address has all its turns again."""
    _limiter.storage.reset()

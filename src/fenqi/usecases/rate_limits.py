"""How often one network address, or one customer, may do a thing. Counted in each process by itself.

Generous for people: a phone operator puts thousands of customers behind one address. The phone's own limits (cool-down,
throttling of wrong codes) are the second-factor library's.
"""

from enum import Enum

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from fenqi.domain.errors import FenqiError


class Rate(Enum):
    """What is counted, and how often; by network address where nothing else is said."""

    REQUEST_CODE = "60 per 10 minutes"
    CHECK_CODE = "120 per 10 minutes"
    REFUSED_CALLBACK = "30 per minute"  # enough for a channel in trouble, too few to fill the records
    CARD_CODE = "6 per 10 minutes"  # of one customer
    CARD_CODE_TO_PHONE = "4 per 10 minutes"  # nobody's phone is flooded through us
    CARD_TRY = "5 per 10 minutes"  # at the code of one binding
    EVIDENCE = "80 per 10 minutes"  # files of one customer
    LENDER_BALANCE = "20 per 10 minutes"  # questions to a lender, of one customer
    RECORDS = "40 per 10 minutes"  # vouchers and statements drawn for one customer
    RECORDS_PAGE = "100 per 10 minutes"  # the page that leads to them: all of an order is read for it
    CHECK_PAPER = "36 per 10 minutes"
    CHECK_ONE_PAPER = "12 per hour"  # of one code, so that nobody tries sums
    ACCOUNT_CODE = "8 per 10 minutes"  # of one customer
    ACCOUNT_CODE_TO_PHONE = "3 per 10 minutes"  # nobody's phone is flooded through us
    MADE_FILE = "20 per hour"  # files made for one customer
    SUPPORT_MESSAGE = "30 per 10 minutes"  # of one customer
    SUPPORT_THREAD = "10 per hour"  # of one customer
    VERIFY_LINK = "50 per 10 minutes"
    APP_CODE = "600 per 10 minutes"  # asked for by one app
    APP_CODE_TO_PHONE = "4 per 600 seconds"  # nobody's phone is flooded through an app
    APP_PROOF = "20 per 60 minutes"  # at the account of one phone

    @property
    def limit(self) -> RateLimitItem:
        return parse(self.value)


class TooManyRequests(FenqiError):
    """Asked too often. Details: `minutes`."""

    code = "too_many_requests"
    status = 429
    zh = "操作太频繁，请 {minutes} 分钟后再试。"
    en = "Too many requests. Try again in {minutes} minutes."


_limiter = FixedWindowRateLimiter(MemoryStorage())


def count(rate: Rate, who: str) -> None:
    """Count one more. Raises TooManyRequests when the address, or whoever it is, had used up all turns."""
    if not _limiter.hit(rate.limit, rate.name, who):
        raise TooManyRequests(minutes=max(1, rate.limit.get_expiry() // 60))


def is_used_up(rate: Rate, who: str) -> bool:
    return not _limiter.test(rate.limit, rate.name, who)


def forget() -> None:
    """Every address has all its turns again."""
    _limiter.storage.reset()

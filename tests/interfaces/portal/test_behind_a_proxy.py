"""Behind a proxy each customer has turns of their own, and nobody gets more by naming another address."""

from collections.abc import Iterator

import pytest
from django.test import Client

from fenqi.usecases import rate_limits
from fenqi.usecases.rate_limits import Rate
from proxies import behind

pytestmark = pytest.mark.django_db
FIRST, SECOND, LIE = "203.0.113.7", "203.0.113.8", "198.51.100.1"


@pytest.fixture(autouse=True)
def _all_turns() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


def checks(client: Client, forwarded_for: str) -> int:
    """One look at a paper that is nobody's."""
    sent = {"code": "ABCDE-FGHJK-MNPQR-STVWX", "amount": "1.00", "day": "2026-01-01"}
    return client.post("/verify", sent, headers={"X-Forwarded-For": forwarded_for}).status_code


def is_used_up(client: Client, forwarded_for: str) -> bool:
    return checks(client, forwarded_for) == 429


@pytest.mark.requirement("R182")
def test_customers_behind_our_proxy_are_counted_one_by_one() -> None:
    client = behind(["127.0.0.1"])
    for n in range(Rate.CHECK_PAPER.limit.amount):
        rate_limits.count(Rate.CHECK_PAPER, FIRST) if n else checks(client, FIRST)
    assert is_used_up(client, FIRST)
    assert is_used_up(client, f"{LIE}, {FIRST}"), "what the caller says before it opens nothing"
    assert not is_used_up(client, SECOND)


@pytest.mark.requirement("R182")
@pytest.mark.parametrize("proxies", [(), ("10.0.0.0/8",)])
def test_from_anybody_else_the_header_is_ignored(proxies: tuple[str, ...]) -> None:
    client = behind(proxies)
    for _ in range(Rate.CHECK_PAPER.limit.amount):
        rate_limits.count(Rate.CHECK_PAPER, "127.0.0.1")
    assert is_used_up(client, FIRST)
    assert is_used_up(client, SECOND)

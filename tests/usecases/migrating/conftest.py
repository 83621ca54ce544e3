"""A mall with two lenders that plans can move between."""

from datetime import UTC, datetime

import pytest

from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.permissions import Staff
from lenders import PLATFORM
from malls import noon
from moving import ANXIN
from staff_members import finance
from town import Town


@pytest.fixture
def maker() -> Staff:
    return finance("maker")


@pytest.fixture
def second() -> Staff:
    return finance("second")


@pytest.fixture
def lenders(town: Town, second: Staff) -> Town:
    for said in (PLATFORM, ANXIN):
        edit_provider(second, said, now=noon("2026-01-01"))
    return town


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)

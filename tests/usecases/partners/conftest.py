"""A mall whose goods lenders finance."""

import secrets
from collections.abc import Callable
from datetime import datetime

import pytest

from fenqi.records.models import Account, Role
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import Staff, staff_member
from lenders import CARD, PLATFORM, buy_financed
from malls import Bought, noon
from town import Town


@pytest.fixture
def staff() -> Callable[[str, str], Staff]:
    def make(name: str, role: str) -> Staff:
        account = Account.objects.filter(username=name).first()
        if account is None:
            password = secrets.token_urlsafe(18)
            account = create_staff(username=name, password=password, role=role, actor="test", now=noon("2026-01-01"))
        member = staff_member(account)
        assert member
        return member

    return make


@pytest.fixture
def admin(staff: Callable[[str, str], Staff]) -> Staff:
    return staff("admin", Role.ADMIN)


@pytest.fixture
def lenders(town: Town, admin: Staff) -> Town:
    for said in (PLATFORM, CARD):
        edit_provider(admin, said, now=noon("2026-01-01"))
    return town


@pytest.fixture
def financed(lenders: Town) -> Callable[..., Bought]:
    """Buys for 1,200.00 on twelve installments that a lender finances; at the platform the plan is opened, too."""
    return buy_financed


@pytest.fixture
def now() -> datetime:
    return noon("2026-06-15")

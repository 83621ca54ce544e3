"""Lenders, as the tests of partners have them."""

import pytest

from fenqi.records.models import Role
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import staff_member
from lenders import CARD, PLATFORM
from malls import noon
from town import Town


@pytest.fixture
def lenders(town: Town) -> Town:
    now = noon("2026-01-01")
    account = create_staff(username="admin", password="nine-green-lamps-1987", role=Role.ADMIN, actor="test", now=now)
    admin = staff_member(account)
    assert admin
    for said in (PLATFORM, CARD):
        edit_provider(admin, said, now=now)
    return town

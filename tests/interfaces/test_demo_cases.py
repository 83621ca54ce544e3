"""The sample mall has after-sales in every kind of state, once, and only where somebody can review them."""

from collections.abc import Iterator

import pytest

from fenqi.interfaces.commands.demo_cases import REVIEWER, TALES, add_cases
from fenqi.records.models import Account, AftersalesCase, CaseEvidence, Role
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.reconciliation.check import check_books
from sample_mall import SampleMall
from town import Town


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.mark.django_db(transaction=True)
def test_cases_are_told_once_and_stand_in_many_states(town: Town, sample_mall: SampleMall) -> None:
    sample_mall.load()
    add_cases(now=clock.now())
    with across_customers():
        assert not AftersalesCase.objects.exists()
    Account.objects.create_staff(username=REVIEWER, password="x" * 16, role=Role.AGENT)
    add_cases(now=clock.now())
    add_cases(now=clock.now())
    with across_customers():
        states = list(AftersalesCase.objects.values_list("state", flat=True))
        assert CaseEvidence.objects.count() == 1
    assert len(states) == len(TALES)
    assert set(states) >= {
        "submitted", "evidence_asked", "goods_awaited", "in_review", "refunding", "rejected", "replacing", "completed",
    }  # fmt: skip
    assert list(check_books()) == []

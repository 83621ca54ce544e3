"""The route of a plan as it is on record."""

import pytest
from django.test.utils import override_settings

from fenqi.domain.entries import EntryKind, EntryState
from fenqi.domain.errors import NotFound
from fenqi.records.identifiers import new_id
from fenqi.usecases.entries.routing import route
from malls import Bought, a_customer, bought, noon

NOW = noon("2026-03-10")


@pytest.fixture
def plan(db: None) -> Bought:
    return bought()


def test_a_plan_is_repaid_on_the_malls_page_unless_something_is_closed(plan: Bought) -> None:
    found = route(plan.customer_id, plan.plan_id, now=NOW)
    assert (found.best.kind, found.best.state) == (EntryKind.MALL_PAGE, EntryState.OPEN)
    assert [way.code for way in found.working] == ["mall_page", "message_link", "agent"]
    assert found.owes
    assert (found.outstanding_minor, found.currency) == (120_000, "CNY")


@override_settings(FENQI_HOTLINE="400-100-5678", FENQI_FINANCE_APP_URL="https://app.example/")
def test_an_app_and_a_hotline_are_offered_where_they_exist(plan: Bought) -> None:
    found = route(plan.customer_id, plan.plan_id, now=NOW)
    assert {way.code: way.entry.address for way in found.ways if way.entry.address} == {
        "finance_app": "https://app.example/",
        "hotline": "400-100-5678",
    }


def test_somebody_elses_plan_is_not_found(plan: Bought) -> None:
    for stranger in (a_customer("c-2"), new_id()):
        with pytest.raises(NotFound):
            route(stranger, plan.plan_id, now=NOW)

"""The first page of the console: what waits for somebody, each number with its list, for each role its part."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenqi.records.models import PaymentAttempt
from fenqi.records.scope import across_customers

Desk = Callable[..., Client]
Person = Callable[[str], UUID]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_morning_names_what_waits_and_leads_to_it(person: Person, desk: Desk, language: str) -> None:
    lin = person("lin")
    page = desk("admin", language).get("/console/")
    with across_customers():
        unknown = PaymentAttempt.objects.filter(state="unknown")
        assert [one.customer_id for one in unknown] == [lin]
    assert page.context["unknown"].count == 1
    assert page.context["unknown"].sums == {"CNY": unknown[0].amount_minor}
    assert page.context["to_do"] >= 1
    text = page.content.decode()
    for address in ("repayments?which=unknown", "refunds/all?which=late", "after-sales?pile=late", "reconciliation"):
        assert f"/console/{address}" in text
        assert desk("admin", language).get(f"/console/{address}").status_code == 200
    assert page.context["repaid_sum"] == sum(bar.money.repaid_minor for bar in page.context["bars"])
    assert len(page.context["bars"]) == 30
    untranslated = re.findall(r">[^<]*(?:Outcome unknown|Not reconciled)[^<]*<", text)
    assert bool(untranslated) == (language == "en")


def test_each_role_sees_its_part(person: Person, desk: Desk) -> None:
    person("chen")
    of_agent = desk("agent").get("/console/").context
    of_finance = desk("finance").get("/console/").context
    assert "desk" in of_agent
    assert "differences" not in of_agent
    assert "differences" in of_finance


def test_the_page_asks_the_database_as_often_whatever_there_is(person: Person, desk: Desk) -> None:
    admin = desk("admin")
    with CaptureQueriesContext(connection) as empty:
        admin.get("/console/")
    person("chen")
    with CaptureQueriesContext(connection) as full:
        admin.get("/console/")
    assert len(full) <= len(empty) + 12

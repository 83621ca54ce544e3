"""The pages that explain: who has the money of an order, and where an amount comes from; for customer and staff."""

from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from fenqi.records.models import Account, AuditRecord, Role
from fenqi.usecases.staff.create import create_staff
from malls import bought, noon

pytestmark = pytest.mark.django_db

PASSWORD = "three-blue-teapots-1987"
TERMS = {"method": "flat_fee", "fee_rate": "0.6", "rounding": "half_up"}
LANGUAGES = [
    ("zh-hans", "其中 ¥107.20 用于这一期", "你有 ¥107.20 在别处"),
    ("en", "¥107.20 of it went here", "¥107.20 of yours"),
]


def portal(customer_id: UUID, language: str) -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(("language", "sentence", "answer"), LANGUAGES)
@pytest.mark.requirement("R079")
def test_a_customer_reads_where_an_amount_comes_from_and_who_has_the_money(
    language: str, sentence: str, answer: str
) -> None:
    plan = bought(**TERMS)
    plan.record(10_720, on=date(2026, 2, 1), now=noon("2026-02-01"), key="k")
    client = portal(plan.customer_id, language)
    page = client.get(f"/plans/{plan.plan_id}/installments/1").content.decode()
    assert sentence in page
    assert "0.6" in page
    assert answer in client.get(f"/orders/{plan.order_id}/money").content.decode()
    for missing in (f"/plans/{plan.plan_id}/installments/13", f"/plans/{plan.order_id}/installments/1"):
        assert client.get(missing).status_code == 404
    stranger = portal(bought().customer_id, language)
    assert stranger.get(f"/plans/{plan.plan_id}/installments/1").status_code == 404
    assert stranger.get(f"/orders/{plan.order_id}/money").status_code == 404


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "账本分录"), ("en", "Entries in the books")])
def test_staff_read_the_same_with_the_entries_and_it_is_written_down(language: str, words: str) -> None:
    plan = bought(**TERMS)
    plan.record(10_720, on=date(2026, 2, 1), now=noon("2026-02-01"), key="k")
    create_staff(username="finance", password=PASSWORD, role=Role.FINANCE, actor="test", now=noon("2026-01-01"))
    client = Client(headers={"accept-language": language})
    client.post("/console/sign-in", {"username": "finance", "password": PASSWORD})
    page = client.get(f"/console/customers/{plan.customer_id}/plans/{plan.plan_id}/installments/1").content.decode()
    assert words in page
    assert "clearing.mall" not in page
    assert "msgid" not in page
    money = client.get(f"/console/customers/{plan.customer_id}/orders/{plan.order_id}/money").content.decode()
    assert "¥107.20" in money or "107.20" in money
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="customer_seen").count() == 2

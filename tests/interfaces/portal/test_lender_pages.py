"""An order that a lender finances: the customer reads who it is, and is not asked to repay here (R050, R051, R071)."""

import pytest
from django.test import Client

from fenqi.records.models import Account, Role
from fenqi.usecases import clock
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import staff_member
from lenders import PLATFORM, buy_financed
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

TOLD = [
    ("zh-hans", ("由轻融分期出资", "400-000-0000", "余额可在轻融消费"), "付第"),
    ("en", ("Qingrong finances this order", "400-000-0000", "withdrawn to your own bank card"), "Pay installment"),
]


@pytest.mark.requirement("R051", "R056", "R071")
@pytest.mark.parametrize(("language", "words", "pay"), TOLD)
def test_the_order_names_the_lender_its_number_and_rules(
    town: Town, language: str, words: tuple[str, ...], pay: str
) -> None:
    account = create_staff(
        username="admin", password="nine-green-lamps-1987", role=Role.ADMIN, actor="test", now=clock.now()
    )
    admin = staff_member(account)
    assert admin
    edit_provider(admin, PLATFORM, now=clock.now())
    plan = buy_financed()
    client = Client(headers={"accept-language": language})
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = client.get(f"/orders/{plan.order_id}").content.decode()
    for word in words:
        assert word in page
    assert pay not in page
    assert f"/plans/{plan.plan_id}/repay/confirm" not in page
    bills = client.get("/bills").content.decode()
    assert f"/plans/{plan.plan_id}/repay/confirm" not in bills
    refusal = client.get(f"/plans/{plan.plan_id}/repay/confirm?choice=1")
    assert refusal.status_code == 409

"""The mall's product page asks which rules hold for a product (R019), and tells what the buyer confirmed."""

from datetime import timedelta
from typing import Any

import pytest

from fenqi.domain.aftersales.policies import Subject
from fenqi.records.identifiers import new_id
from fenqi.records.models import OrderLine, Role
from fenqi.usecases import clock
from fenqi.usecases.aftersales.policies import PolicyDraft, publish
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.staff.permissions import MAY, Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(caller_with: Any) -> Any:
    return caller_with(*Scope)


@pytest.mark.requirement("R019", "R164")
def test_the_rules_of_a_product_come_in_sentences_of_both_languages_and_in_numbers(shop: Any) -> None:
    said = shop.get("/policies?sku=X2&category=phone").json()
    assert (said["returns"]["code"], said["returns"]["version"]) == ("return.default", 1)
    assert said["returns"]["rules"]["window_days"] == 7
    assert len(said["returns"]["sentences_zh"]) == len(said["returns"]["sentences_en"]) == 8
    assert said["price_protection"]["rules"]["window_days"] == 7
    assert said["exclusion"] is None
    assert said["on"] == clock.business_date(clock.now()).isoformat()


@pytest.mark.requirement("R023", "R024")
def test_a_policy_of_the_category_holds_from_its_day_on(shop: Any) -> None:
    now = clock.now()
    tomorrow = clock.business_date(now) + timedelta(days=1)
    finance = Staff(account_id=new_id(), username="f", role=Role.FINANCE, permissions=MAY[Role.FINANCE])
    publish(
        finance,
        PolicyDraft(subject=Subject.RETURN, category="phone", valid_from=tomorrow, body={"window_days": 15}),
        now=now,
    )
    assert shop.get("/policies?category=phone").json()["returns"]["code"] == "return.default"
    later = shop.get(f"/policies?category=phone&on={tomorrow}").json()["returns"]
    assert (later["code"], later["rules"]["window_days"]) == ("return.category.phone", 15)


def test_tags_tell_what_is_excluded_and_what_needs_the_buyers_confirmation(shop: Any) -> None:
    custom = shop.get("/policies?sku=C1&tags=custom,gift").json()["exclusion"]
    assert (custom["rule"], custom["needs_confirmation"]) == ("made_to_order", False)
    assert "「C1」是定制商品" in custom["zh"]
    sealed = shop.get("/policies?tags=sealed").json()["exclusion"]
    assert (sealed["rule"], sealed["needs_confirmation"]) == ("confirmed_sealed", True)
    assert shop.get("/policies?tags=flash_sale").json()["exclusion"] is None


@pytest.mark.requirement("R027", "R028")
def test_a_partners_platform_answers_with_its_procedure(shop: Any) -> None:
    said = shop.get("/policies?sales_channel=PARTNER").json()
    assert said["returns"]["code"] == "return.channel.PARTNER"
    assert "平台" in said["returns"]["sentences_zh"][0]


@pytest.mark.parametrize(
    "asked",
    ["sales_channel=MOON", "on=2026-02-30", "skus=X2", f"sku={'x' * 65}", "tags=" + ",".join(map(str, range(30)))],
)
def test_what_cannot_be_asked_is_refused(shop: Any, asked: str) -> None:
    answer = shop.get(f"/policies?{asked}")
    assert answer.status_code == 422
    assert answer.json()["detail_zh"]


def test_an_order_is_registered_with_the_confirmation_of_a_line(shop: Any) -> None:
    shop.put("/customers/c-1", {"name": "陈小云"})
    line = {
        "sku": "E1",
        "name": "入耳式耳机",
        "unit_price_minor": 59_900,
        "tags": ["sealed"],
        "no_return_confirmed_at": "2026-05-25T11:59:00+08:00",
        "no_return_text_version": "opened-goods-2026-01",
    }
    order = {
        "customer_ref": "c-1",
        "currency": "CNY",
        "placed_at": "2026-05-25T12:00:00+08:00",
        "status": "delivered",
        "lines": [line],
        "payments": [{"method": "alipay", "amount_minor": 59_900}],
    }
    answer = shop.put("/orders/o-1", order)
    assert answer.status_code == 201, answer.json()
    (kept,) = OrderLine.objects.filter(customer_id=answer.json()["customer_id"])
    assert kept.no_return_text_version == "opened-goods-2026-01"
    half = shop.put("/orders/o-2", {**order, "lines": [{**line, "no_return_text_version": ""}]})
    assert (half.status_code, half.json()["where"]) == (422, "lines[0].no_return_confirmed_at")

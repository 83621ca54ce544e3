"""An order's page tells the rules that hold for it: until when, what is excluded and why, freight, fees (R019)."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from fenqi.records.models import Account
from fenqi.usecases import clock
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.orders.register import register_order
from malls import a_customer, an_order
from town import Town

pytestmark = pytest.mark.django_db

PHONE = LineInput(sku="X2", name="青屿 X2 手机", category="phone", unit_price_minor=120_000)
SHELL = LineInput(sku="C1", name="刻字外壳", category="case", unit_price_minor=9_900, tags=("custom",))


def page_of(*lines: LineInput, language: str = "zh-hans", received_ago: int | None = 1, **more: Any) -> str:
    """What the customer reads on the order's page."""
    now = clock.now()
    customer_id = a_customer("c-rules")
    bought = lines or (PHONE,)
    placed_at = now - timedelta(days=(received_ago or 0) + 2)
    plan = an_order(placed=clock.business_date(placed_at).isoformat())
    order = replace(
        plan,
        customer_ref="c-rules",
        placed_at=placed_at,
        lines=bought,
        status=more.pop("status", "delivered"),
        delivered_at=None if received_ago is None else now - timedelta(days=received_ago),
        **more,
    )
    taken = register_order(order, now=placed_at)
    return read(customer_id, taken.order_id, language=language)


def read(customer_id: UUID, order_id: UUID, *, language: str) -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(f"/orders/{order_id}")
    assert answer.status_code == 200
    rules = answer.content.decode().partition('id="rules"')[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rules)))


@pytest.mark.requirement("R019", "R022", "R023", "R026")
def test_it_tells_until_when_what_is_excluded_and_why_and_who_pays(town: Town) -> None:
    page = page_of(PHONE, SHELL)
    for words in (
        "收货次日起 7 天内可以无理由退换",
        "「刻字外壳」是定制商品，依法不适用无理由退货",
        "请改选质量问题并附上照片",
        "寄回运费：商品有问题的由我们承担",
        "分期手续费和利息",
        "商品及配件、说明书须完好",
        "付款次日起 7 天内降价",
        "第 1 版",
    ):
        assert words in page


@pytest.mark.requirement("R019", "R084", "R089")
def test_it_tells_the_same_in_english(town: Town) -> None:
    page = page_of(PHONE, SHELL, language="en")
    for words in (
        "Within 7 days of the day after receipt no reason is needed",
        "was made to order: by law it cannot be returned without a reason",
        "Sending goods back: we pay if they are at fault",
        "price protection does not cover",
        "version 1",
    ):
        assert words in page
    assert "退货" not in page


def test_after_the_window_the_page_says_so_with_the_next_step(town: Town) -> None:
    page = page_of(received_ago=40)
    assert "无理由退换期已于" in page
    assert "请改选质量问题并附上照片" in page


def test_an_order_on_its_way_says_from_when_it_can_go_back_and_what_never_can(town: Town) -> None:
    page = page_of(PHONE, SHELL, received_ago=None, status="shipped")
    assert "订单还没有签收，暂时不能申请退换。收到商品后再申请" in page
    assert "「刻字外壳」是定制商品，依法不适用无理由退货。如果商品有质量问题" in page


@pytest.mark.requirement("R027", "R028")
@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "在合作购物平台购买"), ("en", "partner's shopping platform")]
)
def test_what_was_bought_elsewhere_shows_that_platforms_procedure_instead(
    town: Town, language: str, words: str
) -> None:
    page = page_of(language=language, sales_channel="PARTNER")
    assert words in page
    assert "寄回运费" not in page


def test_many_goods_of_which_the_same_holds_share_a_line(town: Town) -> None:
    page = page_of(*(replace(PHONE, sku=f"S{n}", name=f"配件 {n}") for n in range(5)))
    assert "配件 0 · 配件 1 · 配件 2，另有 2 种商品" in page
    assert page.count("收货次日起 7 天内可以无理由退换，") == 1


def test_an_order_of_unknown_goods_shows_no_rules(town: Town) -> None:
    customer_id = a_customer("c-none")
    taken = register_order(
        replace(an_order(), customer_ref="c-none", lines=(), payments=(), plan=None), now=clock.now()
    )
    assert read(customer_id, taken.order_id, language="zh-hans") == ""

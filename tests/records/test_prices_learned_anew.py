"""Prices that were known by day only are taken from their orders once more, with instant and seller."""

from dataclasses import replace
from importlib import import_module

import pytest
from django.db import connection

from fenqi.records.models import PriceObservation
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.orders.register import register_order
from malls import a_customer, an_order, noon


@pytest.mark.django_db
def test_what_orders_taught_is_learned_anew_and_the_feed_is_left_alone() -> None:
    a_customer()
    lines = tuple(
        LineInput(sku=sku, name="货", unit_price_minor=price, seller="s1")
        for sku, price in (("a", 100), ("a", 100), ("b", 90))
    )
    for number, status in (("o-1", "delivered"), ("o-2", "cancelled")):
        order = replace(an_order(number), lines=lines, payments=(), plan=None, status=status)
        register_order(order, now=noon("2026-06-01"))
    columns = ("sku", "price_minor", "currency", "sales_channel", "observed_on", "observed_at", "seller", "source")
    before = set(PriceObservation.objects.values_list(*columns))
    PriceObservation.objects.filter(sku="b").update(source="feed")
    PriceObservation.objects.filter(sku="a").update(observed_at=noon("2025-01-01"), seller="")
    import_module("fenqi.records.migrations.0009_prices").learn_anew(None, connection.schema_editor())
    learned = set(PriceObservation.objects.filter(source="order").values_list(*columns))
    assert learned == before
    assert PriceObservation.objects.filter(source="feed").count() == 1

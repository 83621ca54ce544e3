"""Alipay's addresses in the town."""

from django.urls import path

from fenqi.sandbox.alipay import cashier
from fenqi.sandbox.alipay.gateway import gateway

urlpatterns = [
    path("gateway.do", gateway),
    path("alipay/cashier/<str:token>", cashier.cashier, name="cashier"),
    path("alipay/cashier/<str:token>/confirm", cashier.confirm, name="confirm"),
    path("alipay/cashier/<str:token>/refuse", cashier.refuse, name="refuse"),
    path("alipay/cashier/<str:token>/leave", cashier.leave, name="leave"),
]

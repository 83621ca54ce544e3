"""Alipay's addresses in the town."""

from django.urls import path

from fenqi.sandbox.alipay import bills, pages
from fenqi.sandbox.alipay.gateway import gateway

urlpatterns = [
    path("gateway.do", gateway),
    path("alipay/bill/<str:token>", bills.download),
    path("alipay/cashier/<str:token>", pages.cashier, name="cashier"),
    path("alipay/cashier/<str:token>/confirm", pages.confirm, name="confirm"),
    path("alipay/cashier/<str:token>/refuse", pages.refuse, name="refuse"),
    path("alipay/cashier/<str:token>/leave", pages.leave, name="leave"),
    path("alipay/agreement/<str:token>", pages.agreement, name="agreement"),
    path("alipay/agreement/<str:token>/sign", pages.sign, name="sign_agreement"),
    path("alipay/agreement/<str:token>/decline", pages.decline, name="decline_agreement"),
    path("alipay/agreement/<str:token>/end", pages.end_agreement, name="end_agreement"),
    path("alipay/freeze/<str:token>", pages.freeze, name="freeze"),
    path("alipay/freeze/<str:token>/allow", pages.allow_freeze, name="allow_freeze"),
]

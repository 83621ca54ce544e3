"""The consumer's addresses."""

from django.conf import settings
from django.urls import path

from fenqi.interfaces.portal import bills, me, orders, repay, results, sign_in
from fenqi.interfaces.shared import parts

app_name = "portal"

urlpatterns = [
    path("", bills.home, name="home"),
    path("sign-in", sign_in.ask_phone, name="sign_in"),
    path("sign-in/code", sign_in.ask_code, name="sign_in_code"),
    path("sign-in/resend", sign_in.resend, name="resend_code"),
    path("sign-out", sign_in.leave, name="sign_out"),
    path("bills", bills.overview, name="bills"),
    path("orders", orders.overview, name="orders"),
    path("orders/<uuid:order_id>", orders.detail, name="order"),
    path("plans/<uuid:plan_id>/repay", repay.choose, name="repay"),
    path("plans/<uuid:plan_id>/repay/confirm", repay.confirm, name="confirm"),
    path("plans/<uuid:plan_id>/repay/start", repay.start, name="start"),
    path("repayments/<uuid:payment_id>", results.show, name="result"),
    path("repayments/<uuid:payment_id>/return", results.come_back, name="come_back"),
    path("repayments/<uuid:payment_id>/ask", results.ask, name="ask"),
    path("repayments/<uuid:payment_id>/close", results.close, name="close"),
    path("me", me.overview, name="me"),
    path("me/text-size", me.text_size, name="text_size"),
]

if settings.DEBUG:
    urlpatterns.append(path("parts", parts.show, name="parts"))

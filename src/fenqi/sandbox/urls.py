"""The town's addresses."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import control
from fenqi.sandbox.alipay import cashier
from fenqi.sandbox.alipay.gateway import gateway
from fenqi.sandbox.sms import send_sms


@csrf_exempt
def root(request: HttpRequest) -> HttpResponse:
    """The front page; and, since the SMS service has no path of its own, SendSms."""
    if request.method == "POST":
        return send_sms(request)
    return render(request, "sandbox/home.html")


def is_alive(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"sandbox": "fenqi"})


urlpatterns = [
    path("", root, name="home"),
    path("healthz", is_alive),
    path("gateway.do", gateway),
    path("alipay/cashier/<str:token>", cashier.cashier, name="cashier"),
    path("alipay/cashier/<str:token>/confirm", cashier.confirm, name="confirm"),
    path("alipay/cashier/<str:token>/refuse", cashier.refuse, name="refuse"),
    path("alipay/cashier/<str:token>/leave", cashier.leave, name="leave"),
    path("sms", control.phone, name="phone"),
    path("control", control.page, name="control"),
    path("control/order", control.order_fault_from_page, name="order_fault"),
    path("control/forget", control.forget_faults_from_page, name="forget_faults"),
    path("control/act", control.act_from_page, name="act_on_trade"),
    path("control/api/apps", control.register_app),
    path("control/api/sms-keys", control.register_sms),
    path("control/api/faults", control.order_fault),
    path("control/api/faults/forget", control.forget_faults),
    path("control/api/trades/<str:out_trade_no>", control.show_trade),
    path("control/api/trades/<str:out_trade_no>/<str:action>", control.act_on_trade),
    path("control/api/sms", control.show_sms),
]

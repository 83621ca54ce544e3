"""The town's addresses."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import control, control_page, sms


@csrf_exempt
def root(request: HttpRequest) -> HttpResponse:
    """The front page; and, since the SMS service has no path of its own, SendSms."""
    if request.method == "POST":
        return sms.call(request)
    return render(request, "sandbox/home.html")


def is_alive(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"sandbox": "fenqi"})


urlpatterns = [
    path("", root, name="home"),
    path("healthz", is_alive),
    path("", include("fenqi.sandbox.alipay.urls")),
    path("", include("fenqi.sandbox.wechat_pay.urls")),
    path("", include("fenqi.sandbox.bank_card.urls")),
    path("", include("fenqi.sandbox.partner.urls")),
    path("", include("fenqi.sandbox.finance_app.urls")),
    path("sms", control_page.phone, name="phone"),
    path("mail", control_page.mailbox, name="mailbox"),
    path("control", control_page.page, name="control"),
    path("control/order", control_page.order_fault, name="order_fault"),
    path("control/forget", control_page.forget_faults, name="forget_faults"),
    path("control/act", control_page.act, name="act"),
    path("control/api/sms-keys", control.register_sms),
    path("control/api/faults", control.order_fault),
    path("control/api/faults/forget", control.forget_faults),
    path("control/api/chaos", control.set_chaos),
    path("control/api/chaos/name", control.name_in_chaos),
    path("control/api/moved", control.show_moved),
    path("control/api/clock", control.set_clock),
    path("control/api/trades/<str:number>", control.show),
    path("control/api/trades/<str:number>/<str:action>", control.act),
    path("control/api/refunds/<str:number>", control.show_refund),
    path("control/api/refunds/<str:number>/<str:action>", control.act_on_refund),
    path("control/api/sms", control.show_sms),
    path("control/api/mail", control.show_mail),
    path("control/api/mail/server", control.mail_server),
    path("control/api/<str:channel>/register", control.register),
]

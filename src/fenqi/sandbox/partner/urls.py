"""The platform's addresses in the town."""

from django.urls import path

from fenqi.sandbox.partner import api, pages

urlpatterns = [
    path("partner/v1/plans/<str:plan_no>", api.plan),
    path("partner/v1/plans/<str:plan_no>/refund-quotes", api.quote),
    path("partner/v1/refunds/<str:number>", api.refund),
    path("partner/v1/transfer-quotes", api.transfer_quote),
    path("partner/v1/transfers/<str:number>", api.transfer),
    path("partner/v1/transfers/<str:number>/<str:step>", api.transfer_end),
    path("partner/v1/passed-on/<str:number>", api.passed_on),
    path("partner/v1/settlements/<str:day>", api.settlement_file),
    path("partner/account/<str:token>", pages.account, name="partner_account"),
    path("partner/account/<str:token>/repay", pages.repay, name="partner_repay"),
    path("partner/account/<str:token>/withdraw", pages.withdraw, name="partner_withdraw"),
]

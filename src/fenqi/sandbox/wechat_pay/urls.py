"""WeChat Pay's addresses in the town: the interface at its real paths, and the payer's pages."""

from django.urls import path

from fenqi.sandbox.wechat_pay import api, pages

CONTRACT = "v3/papay/sign/contracts/plan-id/<int:plan_id>/out-contract-code/<str:number>"

urlpatterns = [
    path("v3/pay/transactions/h5", api.order_h5),
    path("v3/pay/transactions/native", api.order_native),
    path("v3/pay/transactions/out-trade-no/<str:out_trade_no>", api.query),
    path("v3/pay/transactions/out-trade-no/<str:out_trade_no>/close", api.close),
    path("v3/pay/transactions/id/<str:transaction_id>", api.query_by_id),
    path("v3/refund/domestic/refunds", api.refund),
    path("v3/refund/domestic/refunds/<str:out_refund_no>", api.query_refund),
    path("v3/certificates", api.certificates),
    path("v3/bill/tradebill", api.trade_bill),
    path("v3/billdownload/file", api.download),
    path("v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5", api.prepare_contract),
    path(CONTRACT, api.query_contract),
    path(f"{CONTRACT}/terminate", api.end_contract),
    path("v3/papay/contracts/<str:contract_id>/notify", api.announce),
    path("v3/papay/pay/transactions/apply", api.debit),
    path("wechat/h5", pages.h5),
    path("wechat/scan", pages.scan, name="wechat_scan"),
    path("wechat/cashier/<str:token>", pages.cashier, name="wechat_cashier"),
    path("wechat/cashier/<str:token>/confirm", pages.confirm, name="wechat_confirm"),
    path("wechat/cashier/<str:token>/refuse", pages.refuse, name="wechat_refuse"),
    path("wechat/cashier/<str:token>/leave", pages.leave, name="wechat_leave"),
    path("wechat/contract/<str:page>", pages.contract, name="wechat_contract"),
    path("wechat/contract/<str:page>/sign", pages.sign, name="wechat_sign"),
    path("wechat/contract/<str:page>/decline", pages.decline, name="wechat_decline"),
    path("wechat/contract/<str:page>/end", pages.end, name="wechat_end"),
]

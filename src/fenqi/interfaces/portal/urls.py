"""The consumer's addresses."""

from django.conf import settings
from django.urls import path

from fenqi.interfaces.portal import (
    auto_debit,
    bills,
    cards,
    evidence,
    explain,
    going_on,
    me,
    orders,
    price_drops,
    recovery,
    refunds,
    repay,
    reserve,
    results,
    sign_in,
    support,
)
from fenqi.interfaces.portal.aftersales import applying, case, listing
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
    path("orders/<uuid:order_id>/money", explain.money, name="money"),
    path("plans/<uuid:plan_id>/installments/<int:n>", explain.installment, name="explain"),
    path("plans/<uuid:plan_id>/repay", repay.choose, name="repay"),
    path("plans/<uuid:plan_id>/repay/confirm", repay.confirm, name="confirm"),
    path("plans/<uuid:plan_id>/repay/start", repay.start, name="start"),
    path("repayments/<uuid:payment_id>", results.show, name="result"),
    path("repayments/<uuid:payment_id>/return", results.come_back, name="come_back"),
    path("repayments/<uuid:payment_id>/ask", results.ask, name="ask"),
    path("repayments/<uuid:payment_id>/close", results.close, name="close"),
    path("repayments/<uuid:payment_id>/remind", recovery.remind, name="remind"),
    path("plans/<uuid:plan_id>/auto-debit", auto_debit.show, name="auto_debit"),
    path("plans/<uuid:plan_id>/auto-debit/agree", auto_debit.agree, name="agree_auto_debit"),
    path("plans/<uuid:plan_id>/auto-debit/start", auto_debit.start, name="start_auto_debit"),
    path("auto-debits/<uuid:agreement_id>/return", auto_debit.come_back, name="auto_debit_return"),
    path("auto-debits/<uuid:agreement_id>/end", auto_debit.end, name="end_auto_debit"),
    path("repayments/<uuid:payment_id>/scan", going_on.scan, name="scan"),
    path("repayments/<uuid:payment_id>/cashier", going_on.back_to_cashier, name="back_to_cashier"),
    path("refunds/<uuid:refund_id>", refunds.show, name="refund"),
    path("reserves/<uuid:hold_id>", reserve.show, name="reserve"),
    path("reserves/<uuid:hold_id>/start", reserve.start, name="start_reserve"),
    path("reserves/<uuid:hold_id>/ask", reserve.ask, name="ask_reserve"),
    path("after-sales", listing.overview, name="after_sales"),
    path("after-sales/<uuid:case_id>", case.show, name="after_sales_case"),
    path("after-sales/<uuid:case_id>/answer", case.add_evidence, name="answer_case"),
    path("after-sales/<uuid:case_id>/sent", case.sent, name="sent_goods"),
    path("after-sales/<uuid:case_id>/withdraw", case.take_back, name="withdraw_case"),
    path("after-sales/<uuid:case_id>/confirm", case.confirm, name="confirm_case_quote"),
    path("orders/<uuid:order_id>/after-sales", applying.choose, name="apply_after_sales"),
    path("orders/<uuid:order_id>/after-sales/reason", applying.give_reason, name="after_sales_reason"),
    path("orders/<uuid:order_id>/after-sales/quote", applying.show_quote, name="refund_quote"),
    path("orders/<uuid:order_id>/after-sales/apply", applying.submit, name="submit_after_sales"),
    path("orders/<uuid:order_id>/price-difference", price_drops.price_difference, name="price_difference"),
    path("price-offers/<uuid:offer_id>/accept", price_drops.accept, name="accept_price_offer"),
    path("orders/<uuid:order_id>/evidence", evidence.upload, name="upload_evidence"),
    path("evidence/<uuid:evidence_id>", evidence.show, name="evidence"),
    path("evidence/<uuid:evidence_id>/thumbnail", evidence.thumbnail, name="evidence_thumbnail"),
    path("evidence/<uuid:evidence_id>/remove", evidence.remove, name="remove_evidence"),
    path("me", me.overview, name="me"),
    path("me/cards", cards.overview, name="cards"),
    path("me/cards/add", cards.add, name="bind_card"),
    path("me/cards/recognise", cards.recognise, name="recognise_card"),
    path("me/cards/<uuid:card_id>/remove", cards.remove, name="remove_card"),
    path("support", support.overview, name="support"),
    path("support/open", support.start, name="open_support"),
    path("support/<uuid:thread_id>", support.conversation, name="support_thread"),
    path("me/text-size", me.text_size, name="text_size"),
]

if settings.DEBUG:
    urlpatterns.append(path("parts", parts.show, name="parts"))

"""The addresses of staff."""

from django.urls import path

from fenqi.interfaces.console import (
    agreements,
    attempts,
    audit_pages,
    channels,
    customers,
    explain,
    partners,
    price_drops,
    reconciliation,
    recovery,
    refunds,
    refused,
    reserves,
    search,
    sign_in,
    support,
)
from fenqi.interfaces.console.after_sales import acts, applying, case, desk, evidence
from fenqi.interfaces.console.entries import pages as entries
from fenqi.interfaces.console.notices import customer as customer_notices
from fenqi.interfaces.console.notices import day as notice_day
from fenqi.interfaces.console.notices import words as notice_words
from fenqi.interfaces.console.policies import pages as policies

app_name = "console"

urlpatterns = [
    path("", search.home, name="home"),
    path("sign-in", sign_in.enter, name="sign_in"),
    path("sign-out", sign_in.leave, name="sign_out"),
    path("search", search.find, name="search"),
    path("customers/<uuid:customer_id>", customers.show, name="customer"),
    path("customers/<uuid:customer_id>/reveal", customers.reveal, name="reveal"),
    path("customers/<uuid:customer_id>/audit", audit_pages.of_customer, name="customer_audit"),
    path("customers/<uuid:customer_id>/attempts/<uuid:attempt_id>/ask", attempts.ask, name="ask_channel"),
    path("customers/<uuid:customer_id>/agreements/<uuid:agreement_id>/end", agreements.end, name="end_agreement"),
    path(
        "customers/<uuid:customer_id>/orders/<uuid:order_id>/after-sales", applying.fill_in, name="apply_for_customer"
    ),
    path(
        "customers/<uuid:customer_id>/orders/<uuid:order_id>/after-sales/apply",
        applying.submit,
        name="submit_for_customer",
    ),
    path("customers/<uuid:customer_id>/notices", customer_notices.show, name="customer_notices"),
    path("notices", notice_day.overview, name="notices"),
    path("notices/messages", notice_words.overview, name="notice_messages"),
    path("notices/messages/<slug:name>", notice_words.message, name="notice_words"),
    path("notices/messages/<slug:name>/try", notice_words.try_out, name="try_notice"),
    path("notices/messages/<slug:name>/<uuid:template_id>/publish", notice_words.publish, name="publish_notice_words"),
    path(
        "notices/messages/<slug:name>/<uuid:template_id>/withdraw", notice_words.withdraw, name="withdraw_notice_words"
    ),
    path("after-sales", desk.overview, name="after_sales"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>", case.show, name="after_sales_case"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/take", acts.take, name="take_case"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/ask", acts.ask_for_more, name="ask_for_evidence"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/approve", acts.approve, name="approve_case"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/reject", acts.reject, name="reject_case"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/receive", acts.receive, name="receive_goods"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/replace", acts.send_replacement, name="send_replacement"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/refund-instead", acts.refund_instead, name="refund_instead"),
    path("after-sales/<uuid:customer_id>/<uuid:case_id>/withdraw", acts.take_back, name="withdraw_case"),
    path(
        "after-sales/<uuid:customer_id>/<uuid:case_id>/evidence/<uuid:evidence_id>", evidence.show, name="case_evidence"
    ),
    path(
        "after-sales/<uuid:customer_id>/<uuid:case_id>/evidence/<uuid:evidence_id>/thumbnail",
        evidence.thumbnail,
        name="case_evidence_thumbnail",
    ),
    path("price-drops", price_drops.overview, name="price_drops"),
    path(
        "customers/<uuid:customer_id>/orders/<uuid:order_id>/price-difference",
        price_drops.of_order,
        name="price_difference",
    ),
    path("after-sales/policies", policies.overview, name="policies"),
    path("after-sales/policies/withdraw", policies.take_back, name="withdraw_policy"),
    path("after-sales/policies/<slug:subject>/draft", policies.draft, name="draft_policy"),
    path("refunds", refunds.queue, name="refunds"),
    path("customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/ask", refunds.ask, name="ask_refund"),
    path("customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/propose", refunds.propose, name="propose_transfer"),
    path("customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/approve", refunds.approve, name="approve_transfer"),
    path("customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/record", refunds.record, name="record_transfer"),
    path(
        "customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/returned", refunds.record_return, name="record_return"
    ),
    path(
        "customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/outcome",
        refunds.propose_outcome,
        name="propose_outcome",
    ),
    path(
        "customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/outcome/approve",
        refunds.approve_outcome,
        name="approve_outcome",
    ),
    path("customers/<uuid:customer_id>/refund-legs/<uuid:leg_id>/give-up", refunds.give_up, name="give_up_route"),
    path("reserves", reserves.queue, name="reserves"),
    path("customers/<uuid:customer_id>/reserves/<uuid:hold_id>/check", reserves.check, name="check_reserve"),
    path("customers/<uuid:customer_id>/reserves/<uuid:hold_id>/release", reserves.release, name="release_reserve"),
    path("customers/<uuid:customer_id>/reserves/<uuid:hold_id>/capture", reserves.propose, name="propose_capture"),
    path("customers/<uuid:customer_id>/reserve-moves/<uuid:move_id>/approve", reserves.approve, name="approve_capture"),
    path(
        "customers/<uuid:customer_id>/reserve-moves/<uuid:move_id>/withdraw",
        reserves.withdraw,
        name="withdraw_capture",
    ),
    path("reconciliation", reconciliation.overview, name="reconciliation"),
    path("reconciliation/<slug:channel>/<str:day>", reconciliation.bill, name="reconciliation_bill"),
    path("findings/<uuid:owner_id>/<uuid:finding_id>/repair", reconciliation.repair, name="repair_finding"),
    path("channels", channels.overview, name="channels"),
    path("channels/<uuid:condition_id>/withdraw", channels.withdraw, name="withdraw_condition"),
    path("entries", entries.overview, name="entries"),
    path("entries/closings/new", entries.plan, name="plan_closing"),
    path("entries/closings/<uuid:closing_id>", entries.show, name="closing"),
    *(
        path(
            f"entries/closings/<uuid:closing_id>/{verb}",
            entries.act,
            {"verb": verb},
            name=f"closing_{verb}",
        )
        for verb in ("approve", "reject", "cancel", "end", "extend")
    ),
    path("recovery", recovery.overview, name="recovery"),
    path("customers/<uuid:customer_id>/orders/<uuid:order_id>/money", explain.money, name="money"),
    path("customers/<uuid:customer_id>/plans/<uuid:plan_id>/installments/<int:n>", explain.installment, name="explain"),
    path("lenders", partners.overview, name="partners"),
    path("lenders/add", partners.edit, name="add_partner"),
    path("lenders/<slug:code>", partners.edit, name="edit_partner"),
    path(
        "customers/<uuid:customer_id>/lender-refunds/<uuid:refund_id>/propose",
        partners.propose,
        name="propose_partner_refund",
    ),
    path(
        "customers/<uuid:customer_id>/lender-refunds/<uuid:refund_id>/approve",
        partners.approve,
        name="approve_partner_refund",
    ),
    path(
        "customers/<uuid:customer_id>/lender-refunds/<uuid:refund_id>/send",
        partners.send_again,
        name="send_partner_refund",
    ),
    path("customers/<uuid:customer_id>/lender-refunds/<uuid:refund_id>/ask", partners.ask, name="ask_partner_refund"),
    path("refused-callbacks", refused.overview, name="refused_callbacks"),
    path("support", support.overview, name="support"),
    path("support/<uuid:customer_id>/<uuid:thread_id>", support.conversation, name="support_thread"),
    path("support/<uuid:customer_id>/<uuid:thread_id>/take", support.take_over, name="support_take"),
    path("support/<uuid:customer_id>/<uuid:thread_id>/close", support.end, name="support_close"),
    path("audit", audit_pages.of_house, name="audit"),
]

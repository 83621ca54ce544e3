"""The app's addresses."""

from django.urls import path

from fenqi.sandbox.finance_app import pages

urlpatterns = [
    path("finance_app", pages.home, name="finance_app"),
    path("finance_app/code", pages.code, name="finance_app_code"),
    path("finance_app/back", pages.back, name="finance_app_back"),
    path("finance_app/leave", pages.leave, name="finance_app_leave"),
    path("finance_app/plans/<str:plan_id>", pages.plan, name="finance_app_plan"),
    path("finance_app/plans/<str:plan_id>/confirm", pages.confirm, name="finance_app_confirm"),
    path("finance_app/plans/<str:plan_id>/start", pages.start, name="finance_app_start"),
    path("finance_app/result/<str:payment_id>", pages.result, name="finance_app_result"),
    path("control/api/finance_app/register", pages.register),
]

"""The addresses of staff."""

from django.urls import path

from fenqi.interfaces.console import attempts, audit_pages, customers, refused, search, sign_in

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
    path("refused-callbacks", refused.overview, name="refused_callbacks"),
    path("audit", audit_pages.of_house, name="audit"),
]

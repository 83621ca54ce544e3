"""The consumer's own page: language, size of text, when to reach us, signing out."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.pages import TEXT_SIZE_COOKIE, TEXT_SIZES, render_page
from fenqi.usecases import clock
from fenqi.usecases.accounts.closing import closing_under_way
from fenqi.usecases.accounts.lost_phone import open_change
from fenqi.usecases.customers import customer_view
from fenqi.usecases.hardship.credit_marks import live_marks
from fenqi.usecases.support.conversation import unread
from fenqi.usecases.support.service_desk import service_desk


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    names = (_("Normal"), _("Large"), _("Very large"))
    context = {
        "tab": "me",
        "customer": customer_view(customer_id),
        "credit_marks": live_marks(customer_id),
        "phone_change": open_change(customer_id),
        "closing": closing_under_way(customer_id),
        "desk": service_desk(clock.now()),
        "unread_answers": unread(customer_id).total(),
        "text_sizes": tuple(zip(TEXT_SIZES, names, strict=True)),
    }
    return render_page(request, "me.html", context)


@require_POST
@customer_page
def text_size(request: HttpRequest, _customer_id: UUID) -> HttpResponse:
    """Kept in the browser, where it is needed; an unknown size changes nothing."""
    response = redirect("portal:me")
    if (size := request.POST.get("size")) in TEXT_SIZES:
        response.set_cookie(
            TEXT_SIZE_COOKIE,
            size,
            max_age=timedelta(days=365),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response

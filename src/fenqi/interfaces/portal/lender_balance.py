"""What a customer has at the lender of a plan, asked while the page is opened (R054, R055)."""

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.channels.partner import PartnerPlan
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.lenders import LenderTold, told
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.partners.balance import LenderBalance, lender_balance
from fenqi.usecases.partners.queries import ProviderView


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """A lender that gives no answer is said to have given none: 503, with whom to ask there."""
    found = lender_balance(customer_id, plan_id, now=clock.now())
    lender = told(found.provider)
    context = {
        "found": found,
        "lender": lender,
        "answer": _answer(found, lender),
        "ways": tuple(_ways(found.provider, lender, found.there)),
    }
    return render_page(request, "lender_balance.html", context, status=200 if found.there else 503)


def _answer(found: LenderBalance, lender: LenderTold) -> str:
    if found.there is None:
        return _("%(name)s does not answer now, your balance there is safe") % {"name": lender.name}
    if not found.there.balance:
        return _("You have no balance at %(name)s") % {"name": lender.name}
    amount = formats.money(found.there.balance, found.currency)
    return _("%(amount)s of yours is at %(name)s") % {"amount": amount, "name": lender.name}


def _ways(provider: ProviderView, lender: LenderTold, there: PartnerPlan | None) -> Iterator[tuple[str, str, bool]]:
    """Name of a way to use the balance, how it is done, and whether it is open by the lender's rules."""
    name = {"name": lender.name}
    yield (
        _("Spend it"),
        _("Choose the balance when you pay at %(name)s.") % name
        if provider.balance_spendable
        else _("%(name)s does not let it be spent.") % name,
        provider.balance_spendable,
    )
    nothing = provider.balance_withdrawable and there is not None and not there.withdrawable
    how = (
        _("Withdraw it at %(name)s to a bank card in your own name.")
        if not nothing
        else _("Nothing can be withdrawn at %(name)s now.")
    )
    yield (
        _("Withdraw it"),
        how % name if provider.balance_withdrawable else _("%(name)s does not let it be withdrawn.") % name,
        provider.balance_withdrawable and not nothing,
    )

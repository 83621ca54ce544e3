"""What the policy of a case says about the customer's own part in it."""

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.policies import Payer, Policy, ReturnPolicy
from fenqi.domain.aftersales.reasons import Reason


def freight_told(policy: Policy, reason: str) -> str:
    """Who pays for sending the goods back (P109)."""
    if not isinstance(policy, ReturnPolicy):
        return ""
    if policy.return_freight_paid_by(Reason(reason)) is Payer.SELLER:
        return _("We pay for sending them back: keep the receipt, it is refunded.")
    return _("You pay for sending them back.")

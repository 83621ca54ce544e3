"""All counterparties of the town. A new one is one more line here, its schema in `town`, its addresses in `urls`."""

from collections.abc import Mapping
from typing import Final

from fenqi.sandbox.alipay.counterparty import ALIPAY
from fenqi.sandbox.bank_card.counterparty import BANK_CARD
from fenqi.sandbox.counterparty import Counterparty
from fenqi.sandbox.partner.counterparty import PARTNER
from fenqi.sandbox.wechat_pay.counterparty import WECHAT_PAY

COUNTERPARTIES: Final[Mapping[str, Counterparty]] = {
    one.channel: one for one in (ALIPAY, WECHAT_PAY, BANK_CARD, PARTNER)
}
"""By channel, in the order in which control shows them."""


def knowing(number: str) -> Counterparty | None:
    """Whose number this is."""
    return next((one for one in COUNTERPARTIES.values() if one.described(number) is not None), None)


def knowing_refund(number: str) -> Counterparty | None:
    return next((one for one in COUNTERPARTIES.values() if one.described_refund(number) is not None), None)

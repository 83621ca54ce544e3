"""Ways to pay and parts of an amount, as the consumer calls them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fenqi.usecases.repayment.start import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """One way to pay; one that cannot be used stays in sight with its reason (R112)."""

    channel: str
    name: str
    icon: str
    caption: str
    is_available: bool
    is_chosen: bool


def channel_name(channel: str) -> str:
    """A rail without a name of its own here is shown under its code, so that a new one is never hidden (R111)."""
    names = {
        "alipay": _("Alipay"),
        "wechat_pay": _("WeChat Pay"),
        "bank_card": _("Bank card"),
        "mall": _("The mall's counter or transfer"),
        "cash": _("Cash"),
    }
    return names.get(channel, channel)


def method_rows(methods: Iterable[Method]) -> tuple[MethodRow, ...]:
    """In the order they are offered; the first that can be used is chosen."""
    found = tuple(methods)
    first = next((method.channel for method in found if method.available), None)
    return tuple(
        MethodRow(
            channel=method.channel,
            name=channel_name(method.channel),
            icon="credit-card" if method.channel == "bank_card" else "wallet",
            caption=_caption(method),
            is_available=method.available,
            is_chosen=method.channel == first,
        )
        for method in found
    )


def _caption(method: Method) -> str:
    if not method.available:
        return _("Cannot carry this currency") if method.reason == "currency" else _("Cannot be used now")
    captions = {"alipay": _("Balance, Yu'ebao, or a debit card kept in Alipay")}
    return captions.get(method.channel, "")


def component_names() -> tuple[str, ...]:
    """What an amount can be owed for, in the order of `Components`."""
    return _("Principal"), _("Interest"), _("Fee"), _("Late fee")

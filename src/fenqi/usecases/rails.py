"""The rails this mall has set up, as the environment says."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from fenqi.channels import ChannelSettings, bill_source, channel, channel_names, finance_partner, mailer, sms_gateways
from fenqi.channels.email import Mailer
from fenqi.channels.interface import PaymentChannel
from fenqi.channels.partner import FinancePartner
from fenqi.channels.sms import SmsGateway

if TYPE_CHECKING:
    from fenqi.channels.bills import BillSource


@lru_cache(maxsize=1)
def _settings() -> ChannelSettings:
    return ChannelSettings.from_environ(os.environ)


def rail(name: str) -> PaymentChannel:
    """Raises UnknownChannel."""
    return channel(name, _settings())


def rails() -> tuple[PaymentChannel, ...]:
    """All that are open, in the order they are offered."""
    return tuple(rail(name) for name in channel_names(_settings()))


def rail_names() -> tuple[str, ...]:
    """The names of all that are open."""
    return channel_names(_settings())


def bills_of(name: str) -> "BillSource":
    """Where the rail's daily bills come from. Raises UnknownChannel."""
    return bill_source(name, _settings())


def partner(code: str) -> FinancePartner:
    """Raises UnknownPartner."""
    return finance_partner(code, _settings())


def text_messages() -> tuple[SmsGateway, ...]:
    """The services in the order they are asked. Raises ChannelMisconfigured."""
    return sms_gateways(_settings())


def mail() -> Mailer | None:
    """Who sends e-mail, if anybody does."""
    return mailer(_settings())


def forget_rails() -> None:
    """Read the environment again at the next use."""
    _settings.cache_clear()

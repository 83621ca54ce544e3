"""The rails this mall has set up, as the environment says."""

import os
from functools import lru_cache

from fenqi.channels import ChannelSettings, channel, channel_names, sms_gateway
from fenqi.channels.interface import PaymentChannel
from fenqi.channels.sms import SmsGateway


@lru_cache(maxsize=1)
def _settings() -> ChannelSettings:
    return ChannelSettings.from_environ(os.environ)


def rail(name: str) -> PaymentChannel:
    """Raises UnknownChannel."""
    return channel(name, _settings())


def rails() -> tuple[PaymentChannel, ...]:
    """All that are open, in the order they are offered."""
    return tuple(rail(name) for name in channel_names(_settings()))


def text_messages() -> SmsGateway:
    """Raises ChannelMisconfigured."""
    return sms_gateway(_settings())


def forget_rails() -> None:
    """Read the environment again at the next use."""
    _settings.cache_clear()

"""Alipay (支付宝), gateway version 2 with RSA2."""

from fenqi.channels.alipay.channel import AlipayChannel
from fenqi.channels.alipay.config import AlipayConfig

__all__ = ["AlipayChannel", "AlipayConfig"]

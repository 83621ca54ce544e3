"""WeChat Pay (微信支付), version 3: H5 and Native payments, and contracts for later debits."""

from fenqi.channels.wechat_pay.channel import WechatPayChannel
from fenqi.channels.wechat_pay.config import WechatPayConfig

__all__ = ["WechatPayChannel", "WechatPayConfig"]

"""The outside: one adapter per protocol, all behind the interface of `fenqi.channels.interface`.

Whoever needs a rail asks here by its name; nobody imports an adapter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.email import EmailConfig, Mailer
from fenqi.channels.interface import ChannelMisconfigured, PaymentChannel, UnknownChannel, UnknownPartner
from fenqi.channels.partner import FinancePartner, PartnerChannel, PartnerConfig
from fenqi.channels.sms import AliyunSms, AliyunSmsConfig, SmsGateway
from fenqi.channels.wechat_pay import WechatPayChannel, WechatPayConfig

if TYPE_CHECKING:
    from fenqi.channels.bills import BillSource

__all__ = ["ChannelSettings", "bill_source", "channel", "channel_names", "finance_partner", "mailer", "sms_gateways"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """The counterparties this mall has a contract with; None for those it has not."""

    alipay: AlipayConfig | None = None
    wechat_pay: WechatPayConfig | None = None
    bank_card: BankCardConfig | None = None
    partner: PartnerConfig | None = None
    other_partners: tuple[PartnerConfig, ...] = ()
    sms: AliyunSmsConfig | None = None
    sms2: AliyunSmsConfig | None = None
    """Takes over when the first is down."""
    email: EmailConfig | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Raises ChannelMisconfigured for a rail that is named but not fully set up."""
        return cls(
            alipay=AlipayConfig.from_environ(environ),
            wechat_pay=WechatPayConfig.from_environ(environ),
            bank_card=BankCardConfig.from_environ(environ),
            partner=PartnerConfig.from_environ(environ),
            other_partners=PartnerConfig.others_from_environ(environ),
            sms=AliyunSmsConfig.from_environ(environ),
            sms2=AliyunSmsConfig.from_environ(environ, name="sms2"),
            email=EmailConfig.from_environ(environ),
        )


def channel_names(settings: ChannelSettings) -> tuple[str, ...]:
    """The rails that are open, in the order they are offered."""
    rails = {"alipay": settings.alipay, "wechat_pay": settings.wechat_pay, "bank_card": settings.bank_card}
    return tuple(name for name, config in rails.items() if config)


@cache
def channel(name: str, settings: ChannelSettings) -> PaymentChannel:
    """The rail of that name, made once for each process. Raises UnknownChannel."""
    if name == "alipay" and settings.alipay:
        return AlipayChannel(settings.alipay)
    if name == "wechat_pay" and settings.wechat_pay:
        return WechatPayChannel(settings.wechat_pay)
    if name == "bank_card" and settings.bank_card:
        return BankCardChannel(settings.bank_card)
    raise UnknownChannel(channel=name)


def bill_source(name: str, settings: ChannelSettings) -> "BillSource":
    """Where the rail's daily bills come from. Raises UnknownChannel. What reads them is loaded here, at first use."""
    if name == "alipay" and settings.alipay:
        from fenqi.channels.alipay.bills import AlipayBills  # noqa: PLC0415 - as the docstring says

        return AlipayBills(settings.alipay)
    if name == "wechat_pay" and settings.wechat_pay:
        from fenqi.channels.wechat_pay.bills import WechatPayBills  # noqa: PLC0415 - as above

        return WechatPayBills(settings.wechat_pay)
    if name == "bank_card" and settings.bank_card:
        from fenqi.channels.bank_card.bills import BankCardBills  # noqa: PLC0415 - as above

        return BankCardBills(settings.bank_card)
    raise UnknownChannel(channel=name)


@cache
def finance_partner(code: str, settings: ChannelSettings) -> FinancePartner:
    """The partner of that code, made once for each process. Raises UnknownPartner."""
    for config in (settings.partner, *settings.other_partners):
        if config is not None and config.code == code:
            return PartnerChannel(config)
    raise UnknownPartner(partner=code)


@cache
def sms_gateways(settings: ChannelSettings) -> tuple[SmsGateway, ...]:
    """The text-message services in the order they are asked, made once for each process.

    Raises ChannelMisconfigured when there is none.
    """
    if settings.sms is None:
        raise ChannelMisconfigured(
            channel="sms", name="FENQI_SMS_ACCESS_KEY_ID", problem="it is not set", problem_zh="未设置"
        )
    return tuple(AliyunSms(config) for config in (settings.sms, settings.sms2) if config)


@cache
def mailer(settings: ChannelSettings) -> Mailer | None:
    """Who sends e-mail; None where none is set up."""
    return Mailer(settings.email) if settings.email else None

"""A finance partner: a platform that pays the mall at once and collects the installments itself.

Its protocol is described in `docs/partner-protocol.md`. A mall whose partner speaks another one writes another
adapter behind `FinancePartner`.
"""

from fenqi.channels.partner.channel import PartnerChannel
from fenqi.channels.partner.config import PartnerConfig
from fenqi.channels.partner.interface import (
    FinancePartner,
    NewPartnerPlan,
    PartnerEffect,
    PartnerPlan,
    PartnerPlanReply,
    PartnerPlanState,
    PartnerQuoteReply,
    PartnerRefundReply,
    PartnerRefundRequest,
    PassedOn,
    Transfer,
    TransferDirection,
    TransferReply,
    TransferRequest,
    TransferRow,
    TransferState,
)

__all__ = [
    "FinancePartner",
    "NewPartnerPlan",
    "PartnerChannel",
    "PartnerConfig",
    "PartnerEffect",
    "PartnerPlan",
    "PartnerPlanReply",
    "PartnerPlanState",
    "PartnerQuoteReply",
    "PartnerRefundReply",
    "PartnerRefundRequest",
    "PassedOn",
    "Transfer",
    "TransferDirection",
    "TransferReply",
    "TransferRequest",
    "TransferRow",
    "TransferState",
]

"""Text messages: what a service is asked, and Alibaba Cloud's."""

from fenqi.channels.sms.aliyun import AliyunSms, AliyunSmsConfig, reports_in
from fenqi.channels.sms.interface import (
    SmsFate,
    SmsGateway,
    SmsOutcome,
    SmsProblem,
    SmsReceipt,
    SmsReport,
    SmsUnavailable,
)

__all__ = [
    "AliyunSms",
    "AliyunSmsConfig",
    "SmsFate",
    "SmsGateway",
    "SmsOutcome",
    "SmsProblem",
    "SmsReceipt",
    "SmsReport",
    "SmsUnavailable",
    "reports_in",
]

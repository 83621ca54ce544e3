"""Text messages: one small interface, and Alibaba Cloud's service behind it."""

from fenqi.channels.sms.aliyun import AliyunSms, AliyunSmsConfig
from fenqi.channels.sms.interface import SmsGateway, SmsOutcome, SmsProblem, SmsReceipt

__all__ = ["AliyunSms", "AliyunSmsConfig", "SmsGateway", "SmsOutcome", "SmsProblem", "SmsReceipt"]

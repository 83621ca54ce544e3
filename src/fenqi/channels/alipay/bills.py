"""Alipay's daily bill."""

"""A counterparty that speaks Alipay's gateway version 2: gateway, cashier and notifications."""

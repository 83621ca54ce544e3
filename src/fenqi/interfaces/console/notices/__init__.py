"""Notices in the console: a day over all customers, and the words of each message."""

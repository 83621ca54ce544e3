"""A town of counterparties for the demo and the tests: they speak the real protocols over HTTP, with their own keys.

It is a separate process (`python -m fenqi.sandbox`), shares no memory and no database with the mall, and nobody
imports it. No money moves here.
"""

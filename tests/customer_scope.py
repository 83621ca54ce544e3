"""A plugin of the tests: a statement on spread tables that does not name its customer is refused (scale rule 8).

It hangs on every database connection that the tests open, in whatever thread, so that all product code runs under it.
Code that means all customers says so with `across_customers()`.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from fenqi.records.kinds import SPREAD_TABLES
from fenqi.records.scope import means_all_customers

_TABLE = re.compile(r'\b(?:FROM|JOIN|UPDATE|INTO)\s+"?(\w+)"?', re.IGNORECASE)
_NAMES_CUSTOMER = re.compile(r'\bcustomer_id"?\s*(?:=\s*(?:%s|%\(|\$\d|\')|IN\s*\(|=\s*ANY\s*\(\s*%)', re.IGNORECASE)
_NAMES_CUSTOMER_ROW = re.compile(r'\bid"?\s*(?:=|IN\b)', re.IGNORECASE)


class CustomerNotNamed(AssertionError):
    """A statement ranges over customers without saying so."""


def check(statement: str) -> None:
    """Raises CustomerNotNamed."""
    if means_all_customers() or not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", statement, re.IGNORECASE):
        return
    named = {table.lower() for table in _TABLE.findall(statement)} & set(SPREAD_TABLES)
    if re.match(r"\s*INSERT", statement, re.IGNORECASE):
        if named - {"customer"} and "customer_id" not in statement:
            raise CustomerNotNamed(statement)
        return
    if "customer" in named and not _NAMES_CUSTOMER_ROW.search(statement):
        raise CustomerNotNamed(statement)
    if len(_NAMES_CUSTOMER.findall(statement)) < len(named - {"customer"}):
        raise CustomerNotNamed(statement)


def _guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's signature
    check(str(sql))
    return execute(sql, params, many, context)


def _watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    if _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)


@pytest.fixture(autouse=True, scope="session")
def _every_statement_names_its_customer() -> Any:
    connection_created.connect(_watch, dispatch_uid="customer_scope")
    yield
    connection_created.disconnect(_watch, dispatch_uid="customer_scope")

"""`fenqi api-client`: keys are made, listed and revoked at the command line."""

import pytest
from click.testing import CliRunner, Result

from fenqi.domain.errors import NotFound
from fenqi.interfaces.commands.api_client import api_client
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord
from fenqi.usecases.api_clients import Scope, find_by_key

pytestmark = pytest.mark.django_db


def run(*words: str) -> Result:
    return CliRunner().invoke(api_client, list(words))


def test_a_key_is_printed_once_and_opens_its_scopes() -> None:
    made = run("create", "shop", "--scope", "orders:write", "--scope", "plans:read")
    assert made.exit_code == 0
    key = made.stdout.strip()
    client = find_by_key(key)
    assert client is not None
    assert client.name == "shop"
    assert client.scopes == frozenset({Scope.ORDERS_WRITE, Scope.PLANS_READ})
    listed = run("list").stdout
    assert "shop\tgood\torders:write plans:read" in listed
    assert key not in listed


def test_a_revoked_key_opens_nothing() -> None:
    key = run("create", "shop", "--scope", "all").stdout.strip()
    assert "within 30 seconds" in run("revoke", "shop").stdout
    assert find_by_key(key) is None
    assert "revoked" in run("list").stdout
    assert isinstance(run("revoke", "shop").exception, NotFound)
    acts = AuditRecord.objects.filter(customer_id=HOUSE_ID, subject="shop").order_by("at")
    assert list(acts.values_list("actor", "action")) == [
        ("system", "api_client_made"),
        ("system", "api_client_revoked"),
    ]


@pytest.mark.parametrize("words", [("create", "shop"), ("create", "shop", "--scope", "everything"), ("create",)])
def test_a_key_needs_a_name_and_known_scopes(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


@pytest.mark.parametrize("name", ["Shop", "shop 1", "-shop", "店", "x" * 49])
def test_names_are_plain(name: str) -> None:
    assert run("create", "--scope", "all", "--", name).exit_code == 1

"""The guard itself: it sees a call that is made inside a transaction."""

import httpx
import pytest
from django.db import transaction


@pytest.mark.django_db(transaction=True)
def test_a_call_inside_a_transaction_is_noticed() -> None:
    with transaction.atomic(), pytest.raises(AssertionError, match="inside a transaction"):
        httpx.Client(trust_env=False).get("http://127.0.0.1:9/")


@pytest.mark.django_db
def test_the_transaction_of_a_test_does_not_count() -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.Client(trust_env=False).get("http://127.0.0.1:9/")

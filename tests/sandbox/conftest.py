"""The town, and a merchant who signs for itself, so that the gateway is asked what no adapter would ask."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from sandbox_town import Merchant, Receiver, Sandbox, running_receiver, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("town")) as running:
        yield running


@pytest.fixture(scope="session")
def merchants_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def merchant(sandbox: Sandbox, merchants_key: RSAPrivateKey) -> Merchant:
    return Merchant(sandbox, merchants_key).register()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running

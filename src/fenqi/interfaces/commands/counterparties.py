"""The sandbox that `fenqi run` starts, and how the mall is made known to it."""

import json
import os
import secrets
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fenqi.config import environment, postgres
from fenqi.config.processes import Child
from fenqi.usecases.notices.templates import templates

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000001"
SIGN_NAME = "木棉商城"
ANSWER_SECONDS = 10


def start_sandbox(*, port: int, logs: Path) -> Child:
    command = [sys.executable, "-P", "-m", "fenqi.sandbox", "--port", str(port)]
    state = str(environment.data_folder() / "sandbox")
    return Child("sandbox", [*command, "--state", state], log=logs / "sandbox.log", environ=os.environ)


def introduce(sandbox: str) -> dict[str, str]:
    """Register the mall's keys with the sandbox; the variables by which the mall then finds its counterparties.

    A counterparty that the environment names already is left as it is.
    """
    keys = sample_secrets()
    variables: dict[str, str] = {}
    if not environment.text("FENQI_ALIPAY_APP_ID"):
        variables |= introduce_to_alipay(sandbox, private_key=keys["alipay_private_key"])
    if not environment.text("FENQI_SMS_ACCESS_KEY_ID"):
        variables |= introduce_to_sms(sandbox, secret=keys["sms_secret"])
    return variables


def introduce_to_alipay(sandbox: str, *, private_key: str) -> dict[str, str]:
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    public_key = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    answer = tell(sandbox, "apps", {"app_id": APP_ID, "seller_id": SELLER_ID, "public_key": public_key.decode()})
    return {
        "FENQI_ALIPAY_APP_ID": APP_ID,
        "FENQI_ALIPAY_SELLER_ID": SELLER_ID,
        "FENQI_ALIPAY_PRIVATE_KEY": private_key,
        "FENQI_ALIPAY_PUBLIC_KEY": answer["alipay_public_key"],
        "FENQI_ALIPAY_GATEWAY": answer["gateway"],
        "FENQI_CASHIER_ORIGINS": sandbox,
    }


def introduce_to_sms(sandbox: str, *, secret: str) -> dict[str, str]:
    body = {"access_key_id": APP_ID, "access_key_secret": secret, "templates": templates()}
    answer = tell(sandbox, "sms-keys", body)
    return {
        "FENQI_SMS_ACCESS_KEY_ID": APP_ID,
        "FENQI_SMS_ACCESS_KEY_SECRET": secret,
        "FENQI_SMS_SIGN_NAME": SIGN_NAME,
        "FENQI_SMS_ENDPOINT": answer["endpoint"],
        "FENQI_SANDBOX_URL": sandbox,  # the sign-in page says where its messages are read
    }


def sample_secrets() -> Mapping[str, str]:
    """The mall's keys towards the sandbox and the password of the sample staff, made once for each data folder."""
    path = environment.data_folder() / "sample.json"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made = {"alipay_private_key": pem.decode(), "sms_secret": secrets.token_urlsafe(24)}
        postgres.write_private(path, json.dumps({**made, "staff_password": f"sample-{secrets.token_hex(6)}"}))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def tell(sandbox: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Call the sandbox's control API. Raises OSError."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox we have just started
        f"{sandbox}/control/api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=ANSWER_SECONDS) as answer:
        read: dict[str, Any] = json.load(answer)
    return read

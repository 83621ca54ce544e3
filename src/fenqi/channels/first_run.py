"""Settings for a first run against the sandbox: keys made once on this machine, and made known to the sandbox.

In production nothing here is used: keys come from the environment alone.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.channels.transport import is_loopback

APP_ID: Final = "9021000000000001"
SELLER_ID: Final = "2088000000000001"
MER_ID: Final = "898000000000001"
MCHID: Final = "1900000001"
WECHAT_APPID: Final = "wx9021000000000001"
PARTNER_CODE: Final = "qingrong"
PARTNER_KEY_ID: Final = "fenqi-demo-mall"
OTHER_PARTNER_CODE: Final = "anxin"
"""A second lender, so that plans have somewhere to move to."""
WECHAT_SERIAL_NO: Final = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
SIGN_NAME: Final = "分期演示商城"
KEY_BITS: Final = 2048


def sandbox_environ(
    *,
    sandbox_url: str,
    folder: Path,
    sms_templates: Mapping[str, str],
    sign_name: str = SIGN_NAME,
    sms_report_url: str = "",
) -> dict[str, str]:
    """The variables of a mall that deals with the sandbox at `sandbox_url`: `FENQI_ALIPAY_*`, `FENQI_WECHAT_PAY_*`,
    `FENQI_BANK_CARD_*`, `FENQI_PARTNER_*`, `FENQI_SMS_*`, `FENQI_SMS2_*`, `FENQI_EMAIL_*`, and
    `FENQI_CASHIER_ORIGINS`, where its pages may send a payer.

    Keys are made at the first call and kept in `folder` (private, mode 0700, files 0600); registering them again is
    harmless, so this may run at every start. `sms_templates` are code -> text with `${name}` for the variables.
    Raises ChannelMisconfigured when the address is not this machine or the sandbox does not answer as one.
    """
    if not is_loopback(sandbox_url):
        raise _not_a_sandbox("it must be on this machine", "必须在本机")
    private_key = _kept(folder, "alipay-app.pem", _new_private_key)
    alipay = _registered(
        sandbox_url,
        "alipay/register",
        {"app_id": APP_ID, "seller_id": SELLER_ID, "public_key": _public_key(private_key)},
    )
    return {
        **_wechat_pay(sandbox_url, folder),
        **_messages(sandbox_url, folder, templates=sms_templates, sign_name=sign_name, report_url=sms_report_url),
        **_bank_card(sandbox_url, folder),
        **_partner(sandbox_url, folder),
        "FENQI_ALIPAY_APP_ID": APP_ID,
        "FENQI_ALIPAY_SELLER_ID": SELLER_ID,
        "FENQI_ALIPAY_PRIVATE_KEY": private_key,
        "FENQI_ALIPAY_PUBLIC_KEY": alipay["alipay_public_key"],
        "FENQI_ALIPAY_GATEWAY": alipay["gateway"],
        "FENQI_CASHIER_ORIGINS": sandbox_url.rstrip("/"),
    }


def _messages(
    sandbox_url: str, folder: Path, *, templates: Mapping[str, str], sign_name: str, report_url: str
) -> dict[str, str]:
    """Two text-message services and a mail server."""
    variables: dict[str, str] = {}
    for service in ("sms", "sms2"):
        known_as = {
            "access_key_id": _kept(folder, f"{service}-access-key-id", lambda: f"sandbox{secrets.token_hex(8)}"),
            "access_key_secret": _kept(folder, f"{service}-access-key-secret", lambda: secrets.token_urlsafe(32)),
        }
        told = {
            **known_as,
            "templates": dict(templates),
            "service": service,
            "report_url": report_url.replace("{service}", service),
        }
        endpoint = _registered(sandbox_url, "sms-keys", told)["endpoint"]
        variables |= {f"FENQI_{service.upper()}_{name.upper()}": value for name, value in known_as.items()}
        variables |= {f"FENQI_{service.upper()}_SIGN_NAME": sign_name, f"FENQI_{service.upper()}_ENDPOINT": endpoint}
    server = _answered(sandbox_url, "mail/server")
    return {
        **variables,
        "FENQI_EMAIL_FROM": "service@sandbox.fenqi.example",
        "FENQI_EMAIL_HOST": server["host"],
        "FENQI_EMAIL_PORT": server["port"],
        "FENQI_EMAIL_SECURITY": "none",
    }


def _wechat_pay(sandbox_url: str, folder: Path) -> dict[str, str]:
    private_key = _kept(folder, "wechat-pay.pem", _new_private_key)
    apiv3_key = _kept(folder, "wechat-pay-apiv3-key", lambda: secrets.token_hex(16))
    merchant = {"mchid": MCHID, "appid": WECHAT_APPID, "serial_no": WECHAT_SERIAL_NO, "apiv3_key": apiv3_key}
    gateway = _registered(sandbox_url, "wechat_pay/register", {**merchant, "public_key": _public_key(private_key)})
    return {
        "FENQI_WECHAT_PAY_MCHID": MCHID,
        "FENQI_WECHAT_PAY_APPID": WECHAT_APPID,
        "FENQI_WECHAT_PAY_SERIAL_NO": WECHAT_SERIAL_NO,
        "FENQI_WECHAT_PAY_PRIVATE_KEY": private_key,
        "FENQI_WECHAT_PAY_APIV3_KEY": apiv3_key,
        "FENQI_WECHAT_PAY_PUBLIC_KEY_ID": gateway["public_key_id"],
        "FENQI_WECHAT_PAY_PUBLIC_KEY": gateway["public_key"],
        "FENQI_WECHAT_PAY_PLAN_ID": gateway["plan_id"],
        "FENQI_WECHAT_PAY_GATEWAY": gateway["gateway"],
    }


def _bank_card(sandbox_url: str, folder: Path) -> dict[str, str]:
    private_key = _kept(folder, "bank-card.pem", _new_private_key)
    gateway = _registered(sandbox_url, "bank_card/register", {"mer_id": MER_ID, "public_key": _public_key(private_key)})
    return {
        "FENQI_BANK_CARD_MER_ID": MER_ID,
        "FENQI_BANK_CARD_TOKEN_REQUESTOR": gateway["token_requestor"],
        "FENQI_BANK_CARD_CERT_ID": gateway["cert_id"],
        "FENQI_BANK_CARD_PRIVATE_KEY": private_key,
        "FENQI_BANK_CARD_ROOT_CERT": gateway["root_cert"],
        "FENQI_BANK_CARD_ENCRYPTION_CERT": gateway["encryption_cert"],
        "FENQI_BANK_CARD_SIGNER": gateway["signer"],
        "FENQI_BANK_CARD_GATEWAY": gateway["gateway"],
        "FENQI_BANK_CARD_FILES": gateway["files"],
    }


def _partner(sandbox_url: str, folder: Path) -> dict[str, str]:
    """Two lenders of the same platform: it keeps what belongs to one key apart from what belongs to the other."""
    found: dict[str, str] = {}
    for prefix, code in (("FENQI_PARTNER", PARTNER_CODE), ("FENQI_PARTNER_2", OTHER_PARTNER_CODE)):
        name, key_id = ("", PARTNER_KEY_ID) if code == PARTNER_CODE else (f"-{code}", f"{PARTNER_KEY_ID}-{code}")
        private_key = _kept(folder, f"partner{name}.pem", _new_private_key)
        merchant = {"key_id": key_id, "public_key": _public_key(private_key)}
        platform = _registered(sandbox_url, "partner/register", merchant)
        found |= {
            f"{prefix}_CODE": code,
            f"{prefix}_KEY_ID": key_id,
            f"{prefix}_PRIVATE_KEY": private_key,
            f"{prefix}_PUBLIC_KEY": platform["public_key"],
            f"{prefix}_GATEWAY": platform["gateway"],
        }
    return found


def _registered(sandbox_url: str, what: str, body: Mapping[str, object]) -> dict[str, str]:
    return _answered(sandbox_url, what, body)


def _answered(sandbox_url: str, what: str, body: Mapping[str, object] | None = None) -> dict[str, str]:
    """What the sandbox's control says: to a question, or to what it is told."""
    address = f"{sandbox_url.rstrip('/')}/control/api/{what}"
    try:
        with httpx.Client(trust_env=False, timeout=10) as client:
            said = client.get(address) if body is None else client.post(address, json=body)
            answer = said.raise_for_status().json()
    except (httpx.HTTPError, json.JSONDecodeError):
        raise _not_a_sandbox("nothing there answers as a sandbox", "该地址没有沙箱应答") from None
    return {name: str(value) for name, value in answer.items()}


def _not_a_sandbox(problem: str, problem_zh: str) -> ChannelMisconfigured:
    return ChannelMisconfigured(channel="sandbox", name="sandbox_url", problem=problem, problem_zh=problem_zh)


def _kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    """The secret in that file, made at the first call; a start that is killed half-way leaves no half secret."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        part = path.with_suffix(f".{secrets.token_hex(4)}")
        part.touch(mode=0o600)
        part.write_text(make())
        part.rename(path)
    return path.read_text()


def _new_private_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_key(private_pem: str) -> str:
    key = load_pem_private_key(private_pem.encode(), password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

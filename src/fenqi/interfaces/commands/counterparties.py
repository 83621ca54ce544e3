"""The sandbox that `fenqi run` starts, and how the mall is made known to it."""

import json
import os
import secrets
import sys
from pathlib import Path

from fenqi.channels.first_run import sandbox_environ
from fenqi.config import environment, postgres
from fenqi.config.processes import Child
from fenqi.usecases.notices.templates import templates

SIGN_NAME = "木棉商城"
NAMED_BY = {
    "FENQI_ALIPAY_": "FENQI_ALIPAY_APP_ID",
    "FENQI_WECHAT_PAY_": "FENQI_WECHAT_PAY_MCHID",
    "FENQI_BANK_CARD_": "FENQI_BANK_CARD_MER_ID",
    "FENQI_SMS": "FENQI_SMS_ACCESS_KEY_ID",
    "FENQI_EMAIL_": "FENQI_EMAIL_FROM",
}
"""The beginning of a counterparty's variables, and the one that says it is set up."""


def start_sandbox(*, port: int, logs: Path) -> Child:
    command = [sys.executable, "-P", "-m", "fenqi.sandbox", "--port", str(port)]
    state = str(environment.data_folder() / "sandbox")
    return Child("sandbox", [*command, "--state", state], log=logs / "sandbox.log", environ=os.environ)


def introduce(sandbox: str, *, web: str) -> dict[str, str]:
    """Register the mall with the sandbox; the variables by which the mall then finds its counterparties.

    A counterparty that the environment names already is left as it is. Raises ChannelMisconfigured.
    """
    token = environment.text("FENQI_SMS_REPORT_TOKEN") or secrets.token_hex(16)
    made = sandbox_environ(
        sandbox_url=sandbox,
        folder=environment.data_folder() / "sandbox-keys",
        sms_templates=templates(portal=environment.text("FENQI_PUBLIC_URL", web).rstrip("/")),
        sign_name=SIGN_NAME,
        sms_report_url=f"{web}/messages/{{service}}/reports/{token}",
    )
    ours = [prefix for prefix, name in NAMED_BY.items() if environment.text(name)]
    variables = {name: value for name, value in made.items() if not name.startswith(tuple(ours))}
    return {
        **variables,
        "FENQI_SMS_REPORT_TOKEN": token,
        "FENQI_SANDBOX_URL": sandbox,  # the sign-in page says where its messages are read
        "FENQI_MALL_NAME": environment.text("FENQI_MALL_NAME", SIGN_NAME),
    }


def staff_password() -> str:
    """The password of the sample staff, made once for each data folder."""
    path = environment.data_folder() / "sample.json"
    if not path.exists():
        postgres.write_private(path, json.dumps({"staff_password": f"sample-{secrets.token_hex(6)}"}))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept["staff_password"]

"""The registry, the settings out of the environment, and the keys of a first run."""

import stat
from pathlib import Path

import pytest

from fenqi.channels import ChannelSettings, channel, channel_names, sms_gateways
from fenqi.channels.first_run import sandbox_environ
from fenqi.channels.interface import ChannelMisconfigured, UnknownChannel
from sandbox_town import Sandbox


@pytest.fixture(scope="module")
def environ(sandbox: Sandbox, keys_folder: Path) -> dict[str, str]:
    return sandbox_environ(sandbox_url=sandbox.url, folder=keys_folder, sms_templates={})


def test_a_rail_is_asked_for_by_name_and_made_once(environ: dict[str, str]) -> None:
    settings = ChannelSettings.from_environ(environ)
    assert channel_names(settings) == ("alipay", "wechat_pay", "bank_card")
    for name in channel_names(settings):
        assert channel(name, settings) is channel(name, settings)
        assert channel(name, settings).name == name
    assert sms_gateways(settings) is sms_gateways(settings)


@pytest.mark.parametrize("name", ["alipay", "wechat_pay", "bank_card", ""])
def test_a_rail_that_is_not_open_is_refused(name: str) -> None:
    with pytest.raises(UnknownChannel):
        channel(name, ChannelSettings())


def test_without_settings_no_rail_is_open() -> None:
    settings = ChannelSettings.from_environ({})
    assert (settings, channel_names(settings)) == (ChannelSettings(), ())
    with pytest.raises(ChannelMisconfigured):
        sms_gateways(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FENQI_ALIPAY_SELLER_ID", ""),
        ("FENQI_ALIPAY_PRIVATE_KEY", "topsecret"),
        ("FENQI_ALIPAY_PUBLIC_KEY", ""),
        ("FENQI_ALIPAY_GATEWAY", "http://openapi.alipay.com/gateway.do"),
        ("FENQI_ALIPAY_GATEWAY", "ftp://127.0.0.1/"),
        ("FENQI_WECHAT_PAY_APPID", ""),
        ("FENQI_WECHAT_PAY_PRIVATE_KEY", "topsecret"),
        ("FENQI_WECHAT_PAY_APIV3_KEY", "topsecret"),
        ("FENQI_WECHAT_PAY_PUBLIC_KEY", ""),
        ("FENQI_WECHAT_PAY_PUBLIC_KEY_ID", "topsecret"),
        ("FENQI_WECHAT_PAY_CERTIFICATES", "topsecret"),
        ("FENQI_WECHAT_PAY_PLAN_ID", "topsecret"),
        ("FENQI_WECHAT_PAY_GATEWAY", "http://api.mch.weixin.qq.com"),
        ("FENQI_BANK_CARD_TOKEN_REQUESTOR", ""),
        ("FENQI_BANK_CARD_CERT_ID", "topsecret"),
        ("FENQI_BANK_CARD_PRIVATE_KEY", "topsecret"),
        ("FENQI_BANK_CARD_ROOT_CERT", "topsecret"),
        ("FENQI_BANK_CARD_ENCRYPTION_CERT", ""),
        ("FENQI_BANK_CARD_GATEWAY", "http://gateway.95516.com"),
        ("FENQI_BANK_CARD_FILES", "ftp://127.0.0.1/"),
        ("FENQI_SMS_ACCESS_KEY_SECRET", " "),
        ("FENQI_SMS_ENDPOINT", "http://sms.example.com"),
    ],
)
def test_a_wrong_setting_is_named_and_never_quoted(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(ChannelMisconfigured) as refusal:
        ChannelSettings.from_environ({**environ, name: value})
    for language in ("zh", "en"):
        assert name in refusal.value.text(language)
        assert "topsecret" not in refusal.value.text(language)


def test_a_certificate_that_is_no_root_vouches_for_nobody(environ: dict[str, str]) -> None:
    leaf = environ["FENQI_BANK_CARD_ENCRYPTION_CERT"]
    with pytest.raises(ChannelMisconfigured):
        ChannelSettings.from_environ({**environ, "FENQI_BANK_CARD_ROOT_CERT": leaf})


def test_settings_show_no_secret(environ: dict[str, str]) -> None:
    shown = repr(ChannelSettings.from_environ(environ))
    assert environ["FENQI_SMS_ACCESS_KEY_SECRET"] not in shown
    assert "RSAPrivateKey" not in shown


def test_keys_are_made_once_and_are_private(environ: dict[str, str], sandbox: Sandbox, keys_folder: Path) -> None:
    again = sandbox_environ(sandbox_url=sandbox.url, folder=keys_folder, sms_templates={})
    assert again == environ
    assert stat.S_IMODE(keys_folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys_folder.iterdir()} == {0o600}


@pytest.mark.parametrize("url", ["https://pay.example.com", "http://127.0.0.1:9"])
def test_keys_are_registered_only_with_a_sandbox_on_this_machine(url: str, tmp_path: Path) -> None:
    with pytest.raises(ChannelMisconfigured):
        sandbox_environ(sandbox_url=url, folder=tmp_path / "keys", sms_templates={})

"""Reading a channel's settings out of the environment, with a complaint that names the variable and never its value."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.channels.transport import is_private_enough

Value = TypeVar("Value")


def required(channel: str, environ: Mapping[str, str], name: str) -> str:
    """The variable's text. Raises ChannelMisconfigured when it is absent or empty."""
    value = environ.get(name, "").strip()
    if not value:
        raise ChannelMisconfigured(channel=channel, name=name, problem="it is not set", problem_zh="未设置")
    return value


def readable(channel: str, environ: Mapping[str, str], name: str, read: Callable[[str], Value]) -> Value:
    """The variable as `read` understands it. Raises ChannelMisconfigured when it is absent or `read` a ValueError."""
    text = required(channel, environ, name)
    try:
        return read(text)
    except ValueError as refused:
        raise ChannelMisconfigured(channel=channel, name=name, problem=str(refused), problem_zh="无法读取") from None


def address(channel: str, environ: Mapping[str, str], name: str, *, default: str) -> str:
    """The counterparty's address: https, or plain http to this very machine. Raises ChannelMisconfigured."""
    url = environ.get(name, "").strip() or default
    if not is_private_enough(url):
        raise ChannelMisconfigured(
            channel=channel,
            name=name,
            problem="it must be https; plain http only to this machine",
            problem_zh="须为 https 地址，只有本机可用 http",
        )
    return url

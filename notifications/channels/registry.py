"""The providers of this installation, by channel, made once by what the settings say."""

from collections.abc import Callable, Sequence
from functools import cache

from notifications.channels.base import Channel, Provider
from notifications.channels.http import HttpMail, HttpSms
from notifications.settings import NotificationSettings
from runtime.settings import load

_used: dict[Channel, list[Provider]] = {}


def providers(channel: str) -> list[Provider]:
    """The providers of a channel; none when the settings name none."""
    known = Channel(channel)
    return _used[known] if known in _used else _of_settings(known)


def provider(name: str | None) -> Provider | None:
    """The provider of this name, if there is one."""
    found = (each for channel in Channel for each in providers(channel))
    return next((each for each in found if each.name == name), None)


def use(channel: str, given: Sequence[Provider] | None) -> None:
    """Name what this process sends by on a channel; None for what the settings say."""
    _used.pop(Channel(channel), None)
    if given is not None:
        _used[Channel(channel)] = list(given)


@cache
def _of_settings(channel: Channel) -> list[Provider]:
    made = _made.get(channel)
    return made() if made else []


def _sms() -> list[Provider]:
    return [HttpSms(load(NotificationSettings))]


def _mail() -> list[Provider]:
    return [HttpMail(load(NotificationSettings))]


_made: dict[Channel, Callable[[], list[Provider]]] = {Channel.SMS: _sms, Channel.MAIL: _mail}

"""The providers of this installation, by channel, made once by what the settings say."""

from collections.abc import Callable, Sequence
from functools import cache

from notifications.channels.aliyun import Aliyun
from notifications.channels.base import Channel, Provider
from notifications.channels.smtp import Smtp
from notifications.channels.tencent import Tencent
from notifications.channels.voice import HttpVoice
from notifications.channels.web_push import WebPush
from notifications.channels.wechat_template import WeChatTemplate
from notifications.settings import (
    SmsSettings,
    SmtpSettings,
    VoiceSettings,
    WebPushSettings,
    WeChatSettings,
)
from notifications.wechat import ServiceAccount, SharedTokens
from runtime.jobs import database
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


def offers(channel: str) -> bool:
    """Whether anything can be sent on a channel; short messages always can."""
    return channel == Channel.SMS or bool(providers(channel))


@cache
def _of_settings(channel: Channel) -> list[Provider]:
    return _made[channel]()


def _sms() -> list[Provider]:
    settings = load(SmsSettings)
    made: list[Provider] = [Aliyun(settings)] if settings.aliyun_sms_key_id else []
    return [*made, Tencent(settings)] if settings.tencent_sms_secret_id else made


def _mail() -> list[Provider]:
    server = load(SmtpSettings)
    return [Smtp(server)] if server.smtp_host else []


def _wechat() -> list[Provider]:
    settings = load(WeChatSettings)
    if not settings.wechat_appid:
        return []
    return [WeChatTemplate(ServiceAccount(settings, SharedTokens(database())))]


def _push() -> list[Provider]:
    settings = load(WebPushSettings)
    return [WebPush(settings)] if settings.vapid_key.get_secret_value() else []


def _voice() -> list[Provider]:
    settings = load(VoiceSettings)
    return [HttpVoice(settings)] if settings.voice_url else []


_made: dict[Channel, Callable[[], list[Provider]]] = {
    Channel.SMS: _sms,
    Channel.MAIL: _mail,
    Channel.WECHAT: _wechat,
    Channel.PUSH: _push,
    Channel.VOICE: _voice,
}

"""The templates that come with Denghuo, as WeChat holds them."""

import re

from notifications.channels.wechat_cards import registrations
from notifications.channels.wechat_keys import type_of


def test_every_key_of_a_card_is_one_that_wechat_has() -> None:
    contents = registrations()
    assert contents["bill"].splitlines()[0] == "户号 {{thing1.DATA}}"
    for content in contents.values():
        keys = re.findall(r"\{\{(\w+)\.DATA\}\}", content)
        assert keys
        assert all(type_of(key) for key in keys)

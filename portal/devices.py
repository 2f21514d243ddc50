"""What a browser calls itself, in words that its owner recognises."""

from flask_babel import gettext as _

from service.people.devices import program_and_system


def device_name(user_agent: str) -> str:
    """`Chrome · Windows`; plain words when the browser is not known."""
    return program_and_system(user_agent) or _("不认识的浏览器")

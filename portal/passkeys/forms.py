"""The forms of passkeys and of proving oneself."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import Length

from portal.forms import Form, code_field, required
from service.people.passkeys import NAME_LENGTH


def _name_field() -> StringField:
    too_long = _l("名字最长 40 个字")
    return StringField(_l("给它起个名字"), [Length(max=NAME_LENGTH, message=too_long)])


class NewPasskeyForm(Form):
    name = _name_field()
    credential = HiddenField()


class PasskeyForm(Form):
    name = _name_field()


class ProveByPasswordForm(Form):
    refusals = {"password.": "password"}  # noqa: RUF012
    password = PasswordField(_l("密码"), [required(_l("请填密码"))])
    next = HiddenField()


class ProveByCodeForm(Form):
    refusals = {"code.": "code"}  # noqa: RUF012
    code = code_field()
    next = HiddenField()


class LimitForm(Form):
    refusals = {"limit.": "over"}  # noqa: RUF012
    over = StringField(_l("一次超过多少元要确认"))
